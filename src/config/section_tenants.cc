// [tenants], [limits] and [server]: where tenants are kept, what a message may have, the daemon itself.
//
// Tested by config_test.cc, ldap_test.cc and postgresql_test.cc.
#include "config/reader.h"
#include "config/sections.h"
#include "config/whole_file.h"
#include "directory/postgres_conninfo.h"
#include "net/https_base.h"

namespace exota::config {

void read_limits(Reader& in, Config& out) {
    out.limits.field_octets = in.size("limits.field_octets");
    out.limits.header_octets = in.size("limits.header_octets");
    out.limits.header_fields = in.size("limits.header_fields");
    out.limits.kept_fields = in.size("limits.kept_fields");
    out.threads = in.size("server.threads");
    out.drain_timeout = in.duration("server.drain_timeout");
}

namespace {

void read_postgresql(Reader& in, Config& out, Origin origin) {
    if (origin == Origin::json) return in.error("tenants.source", "the tenants are given here: \"file\" is the only source");
    directory::PostgresSettings settings;
    settings.conninfo = in.text("tenants.postgresql.conninfo");
    settings.timeout = in.duration("tenants.postgresql.timeout");
    settings.resync_interval = in.duration("tenants.postgresql.resync_interval");
    if (const auto problem = directory::problem_of_conninfo(settings.conninfo))
        in.error("tenants.postgresql.conninfo", *problem);
    else if (directory::is_open_to_others(settings.conninfo))
        in.warning("tenants.postgresql.conninfo",
                   "does not verify the server's certificate: whoever can answer in its place decides who may send (sslmode=verify-full)");
    if (const std::string& file = in.text("tenants.postgresql.password_file"); !file.empty())
        settings.password_file = resolve_path(file, out.path);
    out.tenants.postgresql = std::move(settings);
}

}  // namespace

void read_tenants(Reader& in, Config& out, Origin origin) {
    static constexpr std::string_view sources[] = {"file", "ldap", "postgresql"};
    out.tenants.source = sources[in.integer("tenants.source")];
    out.tenants.file = in.text("tenants.file");
    out.tenants.state_directory = resolve_path(in.text("tenants.state_directory"), out.path);
    out.tenants.watch_interval = in.duration("tenants.watch_interval");
    out.tenants.snapshot_file = resolve_path(in.text("tenants.snapshot_file"), out.path);
    out.tenants.max_stale = in.duration("tenants.max_stale");
    out.tenants.openid_base = in.text("tenants.openid_base");
    if (const auto base = net::parse_https_base(out.tenants.openid_base); !base) in.error("tenants.openid_base", base.error().detail);
    if (out.tenants.source == "ldap") return read_ldap(in, out, origin);
    if (out.tenants.source == "postgresql") return read_postgresql(in, out, origin);
    if (out.tenants.file.empty())
        in.error("tenants.file", "names no file");
    else if (origin == Origin::json && !out.tenants.file.starts_with('/'))
        in.error("tenants.file", "must be an absolute path here");
    else
        out.tenants.file = resolve_path(out.tenants.file, out.path);
}

}  // namespace exota::config
