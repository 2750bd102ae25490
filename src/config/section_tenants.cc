// [tenants], [discovery], [limits] and [server]: where tenants are kept, who may become one, what a message may have, the daemon itself.
//
// Tested by config_test.cc, ldap_test.cc, postgresql_test.cc and discovery_test.cc.
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

/// @param decides  what whoever answers in the server's place decides.
directory::PostgresSettings read_database(Reader& in, const std::string& section, const Config& config, std::string_view decides) {
    directory::PostgresSettings settings;
    const std::string conninfo = section + ".conninfo";
    settings.conninfo = in.text(conninfo);
    settings.timeout = in.duration(section + ".timeout");
    if (const auto problem = directory::problem_of_conninfo(settings.conninfo))
        in.error(conninfo, *problem);
    else if (directory::is_open_to_others(settings.conninfo))
        in.warning(conninfo, "does not verify the server's certificate: whoever can answer in its place decides " + std::string(decides) +
                                 " (sslmode=verify-full)");
    if (const std::string& file = in.text(section + ".password_file"); !file.empty())
        settings.password_file = resolve_path(file, config.path);
    return settings;
}

void read_postgresql(Reader& in, Config& out, Origin origin) {
    if (origin == Origin::json) return in.error("tenants.source", "the tenants are given here: \"file\" is the only source");
    out.tenants.postgresql = read_database(in, "tenants.postgresql", out, "who may send");
    // Unlike a directory's, max_stale need not outlast it: a database confirms every few seconds that there is nothing new.
    out.tenants.postgresql->resync_interval = in.duration("tenants.postgresql.resync_interval");
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

void read_discovery(Reader& in, Config& out, Origin origin) {
    out.discovery.file = resolve_path(in.text("discovery.file"), out.path);
    out.discovery.max_candidates = in.size("discovery.max_candidates");
    if (!in.boolean("discovery.enabled")) return;
    if (origin == Origin::json) return in.error("discovery.enabled", "only a daemon discovers anybody");
    // Where mail is refused, whoever is missing among the tenants complains; and nobody reads a list that forgers help to write.
    if (out.rules.mode != tenant::Mode::monitor)
        return in.error("discovery.enabled", "is for the time before tenants are known: it needs authorisation.mode = \"monitor\"");
    if (in.text("discovery.file").empty()) return in.error("discovery.file", "names no file");
    out.rules.discovery = true;
}

directory::PostgresSettings read_recipients_postgresql(Reader& in, const Config& config) {
    return read_database(in, "recipients.postgresql", config, "who is a recipient");
}

}  // namespace exota::config
