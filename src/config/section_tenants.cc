// [tenants], [limits] and [server]: where tenants are kept, what a message may have, the daemon itself.
//
// Tested by config_test.cc.
#include "config/reader.h"
#include "config/sections.h"
#include "config/whole_file.h"

namespace exota::config {

void read_limits(Reader& in, Config& out) {
    out.limits.field_octets = in.size("limits.field_octets");
    out.limits.header_octets = in.size("limits.header_octets");
    out.limits.header_fields = in.size("limits.header_fields");
    out.limits.kept_fields = in.size("limits.kept_fields");
    out.threads = in.size("server.threads");
    out.drain_timeout = in.duration("server.drain_timeout");
}

void read_tenants(Reader& in, Config& out, Origin origin) {
    static constexpr std::string_view sources[] = {"file", "ldap", "postgresql"};
    out.tenants.source = sources[in.integer("tenants.source")];
    out.tenants.file = in.text("tenants.file");
    out.tenants.state_directory = resolve_path(in.text("tenants.state_directory"), out.path);
    out.tenants.watch_interval = in.duration("tenants.watch_interval");
    out.tenants.snapshot_file = resolve_path(in.text("tenants.snapshot_file"), out.path);
    out.tenants.max_stale = in.duration("tenants.max_stale");
    if (out.tenants.source == "ldap") return read_ldap(in, out, origin);
    if (out.tenants.file.empty())
        in.error("tenants.file", "names no file");
    else if (origin == Origin::json && !out.tenants.file.starts_with('/'))
        in.error("tenants.file", "must be an absolute path here");
    else
        out.tenants.file = resolve_path(out.tenants.file, out.path);
}

}  // namespace exota::config
