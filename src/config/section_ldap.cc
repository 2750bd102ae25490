// [tenants.ldap]: tenants of a directory server.
//
// Tested by ldap_test.cc.
#include "base/text.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/whole_file.h"
#include "directory/ldap_client.h"
#include "directory/ldap_lookup.h"

namespace exota::config {
namespace {

using directory::LdapSettings;

std::string read_password(Reader& in, const std::string& path) {
    auto password = read_password_file(path);
    if (!password) in.error("tenants.ldap.password_file", password.error().detail);
    return password.value_or("");
}

void check_servers(Reader& in, const LdapSettings& settings) {
    if (settings.servers.empty()) return in.error("tenants.ldap.servers", "names no server");
    bool good = true, clear = false;
    for (std::size_t i = 0; i < settings.servers.size(); ++i) {
        const auto url = directory::LdapUrl::parse(settings.servers[i]);
        if (!url) in.error("tenants.ldap.servers", i, url.error().detail);
        good = good && url;
        clear = clear || (url && url->scheme == directory::LdapUrl::Scheme::ldap && !settings.starttls);
    }
    if (!good) return;
    if (const auto servers = directory::read_servers(settings); !servers)
        in.error(settings.certificate_file.empty() ? "tenants.ldap.ca_file" : "tenants.ldap.certificate_file", servers.error().detail);
    if (clear)
        in.warning("tenants.ldap.starttls", "is off: whoever is between us and the server reads the password, and says who is a tenant");
}

}  // namespace

void read_ldap(Reader& in, Config& out, Origin origin) {
    if (origin == Origin::json) return in.error("tenants.source", "the tenants are given here: \"file\" is the only source");
    LdapSettings settings;
    settings.servers = in.texts("tenants.ldap.servers");
    settings.mode = in.choice<LdapSettings::Mode>("tenants.ldap.mode");
    settings.bind_dn = in.text("tenants.ldap.bind_dn");
    settings.sasl = in.choice<LdapSettings::Sasl>("tenants.ldap.sasl");
    settings.starttls = in.boolean("tenants.ldap.starttls");
    for (const auto& [key, file] : {std::pair<std::string_view, std::string&>("tenants.ldap.ca_file", settings.ca_file),
                                    {"tenants.ldap.certificate_file", settings.certificate_file},
                                    {"tenants.ldap.key_file", settings.key_file}})
        if (!in.text(key).empty()) file = resolve_path(in.text(key), out.path);
    settings.base = in.text("tenants.ldap.base");
    settings.filter = in.text("tenants.ldap.filter");
    settings.tenant_id_filter = in.text("tenants.ldap.tenant_id_filter");
    settings.organization_filter = in.text("tenants.ldap.organization_filter");
    settings.dkim_domain_filter = in.text("tenants.ldap.dkim_domain_filter");
    settings.wildcards = in.boolean("tenants.ldap.wildcards");
    settings.schema = static_cast<LdapSettings::Schema>(in.integer("tenants.ldap.schema") + 1);
    settings.timeout = in.duration("tenants.ldap.timeout");
    settings.cache_ttl = in.duration("tenants.ldap.cache_ttl");
    settings.negative_ttl = in.duration("tenants.ldap.negative_ttl");
    settings.cache_entries = in.size("tenants.ldap.cache_entries");
    settings.refresh_interval = in.duration("tenants.ldap.refresh_interval");
    settings.tenant_id_attribute = in.text("tenants.ldap.attributes.tenant_id");
    settings.dkim_enabled_attribute = in.text("tenants.ldap.attributes.dkim_enabled");
    settings.dkim_alignment_attribute = in.text("tenants.ldap.attributes.dkim_alignment_required");

    check_servers(in, settings);
    if (settings.base.empty()) in.error("tenants.ldap.base", "names no DN");
    if (const auto bad = directory::bad_filter(settings)) in.error("tenants.ldap." + bad->setting, bad->why);
    for (const std::string_view key : {"tenant_id", "dkim_enabled", "dkim_alignment_required"})
        if (const std::string name = "tenants.ldap.attributes." + std::string(key); in.text(name).empty())
            in.error(name, "names no attribute");

    const std::string& password_file = in.text("tenants.ldap.password_file");
    if (settings.sasl == LdapSettings::Sasl::external) {
        if (!settings.bind_dn.empty() || !password_file.empty())
            in.error("tenants.ldap.sasl",
                     "\"external\" has neither bind_dn nor password_file: the certificate, or the socket, says who we are");
    } else if (settings.bind_dn.empty() != password_file.empty()) {
        in.error(settings.bind_dn.empty() ? "tenants.ldap.password_file" : "tenants.ldap.bind_dn",
                 "bind_dn and password_file go together: without a password a server takes anybody for nobody");
    } else if (!password_file.empty()) {
        settings.password = read_password(in, resolve_path(password_file, out.path));
    }
    out.tenants.ldap = std::move(settings);
}

}  // namespace exota::config
