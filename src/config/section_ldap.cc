// [tenants.ldap], [recipients.ldap]: tenants and recipients of a directory server.
//
// Tested by ldap_test.cc and recipients_test.cc.
#include <chrono>
#include <string>

#include "base/text.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/whole_file.h"
#include "directory/ldap_client.h"
#include "directory/ldap_lookup.h"
#include "directory/ldap_recipients.h"

namespace exota::config {
namespace {

using directory::LdapSettings;

/// Keys of one section, "tenants.ldap".
struct Section {
    std::string operator[](std::string_view key) const { return name + '.' + std::string(key); }
    std::string name;
};

/// The first line of the file; nothing of it is ever in a message.
std::string read_password(Reader& in, const Section& section, const std::string& path) {
    auto password = read_password_file(path);
    if (!password) in.error(section["password_file"], password.error().detail);
    return password.value_or("");
}

/// @param decides  what whoever answers in the server's place decides.
void check_servers(Reader& in, const Section& section, const LdapSettings& settings, std::string_view decides) {
    const std::string servers_key = section["servers"];
    if (settings.servers.empty()) return in.error(servers_key, "names no server");
    bool good = true, clear = false;
    for (std::size_t i = 0; i < settings.servers.size(); ++i) {
        const auto url = directory::LdapUrl::parse(settings.servers[i]);
        if (!url) in.error(servers_key, i, url.error().detail);
        good = good && url;
        clear = clear || (url && url->scheme == directory::LdapUrl::Scheme::ldap && !settings.starttls);
    }
    if (!good) return;
    if (const auto servers = directory::read_servers(settings); !servers)
        in.error(section[settings.certificate_file.empty() ? "ca_file" : "certificate_file"], servers.error().detail);
    if (clear)
        in.warning(section["starttls"],
                   "is off: whoever is between us and the server reads the password, and says " + std::string(decides));
}

/// Only a reading confirms what is held: a server that is away at the time of the next one must not be the end of it at once, nor a reading
/// that takes its time.
constexpr int least_readings_within_max_stale = 2;

void check_ages(Reader& in, const LdapSettings& settings, std::chrono::seconds max_stale) {
    const std::chrono::seconds least = least_readings_within_max_stale * settings.refresh_interval,
                               most = max_stale / least_readings_within_max_stale;
    if (max_stale >= least) return;
    std::string text = "is " + std::to_string(max_stale.count()) + " s, less than twice tenants.ldap.refresh_interval (" +
                       std::to_string(settings.refresh_interval.count()) +
                       " s): tenants would be unavailable between two readings; set it to at least " + std::to_string(least.count()) + " s";
    if (most.count() > 0) text += ", or tenants.ldap.refresh_interval to at most " + std::to_string(most.count()) + " s";
    in.error("tenants.max_stale", std::move(text));
}

/// Which servers, who we are there, and where below them is searched.
LdapSettings read_server(Reader& in, const Section& section, const std::string& config_path) {
    LdapSettings settings;
    settings.servers = in.texts(section["servers"]);
    settings.bind_dn = in.text(section["bind_dn"]);
    settings.sasl = in.choice<LdapSettings::Sasl>(section["sasl"]);
    settings.starttls = in.boolean(section["starttls"]);
    for (const auto& [key, file] : {std::pair<std::string_view, std::string&>("ca_file", settings.ca_file),
                                    {"certificate_file", settings.certificate_file},
                                    {"key_file", settings.key_file}})
        if (const std::string& text = in.text(section[key]); !text.empty()) file = resolve_path(text, config_path);
    settings.base = in.text(section["base"]);
    settings.timeout = in.duration(section["timeout"]);
    if (settings.base.empty()) in.error(section["base"], "names no DN");

    const std::string& password_file = in.text(section["password_file"]);
    if (settings.sasl == LdapSettings::Sasl::external) {
        if (!settings.bind_dn.empty() || !password_file.empty())
            in.error(section["sasl"],
                     "\"external\" has neither bind_dn nor password_file: the certificate, or the socket, says who we are");
    } else if (settings.bind_dn.empty() != password_file.empty()) {
        in.error(section[settings.bind_dn.empty() ? "password_file" : "bind_dn"],
                 "bind_dn and password_file go together: without a password a server takes anybody for nobody");
    } else if (!password_file.empty()) {
        settings.password = read_password(in, section, resolve_path(password_file, config_path));
    }
    return settings;
}

}  // namespace

void read_ldap(Reader& in, Config& out, Origin origin) {
    if (origin == Origin::json) return in.error("tenants.source", "the tenants are given here: \"file\" is the only source");
    const Section section{"tenants.ldap"};
    LdapSettings settings = read_server(in, section, out.path);
    settings.mode = in.choice<LdapSettings::Mode>("tenants.ldap.mode");
    settings.filter = in.text("tenants.ldap.filter");
    settings.tenant_id_filter = in.text("tenants.ldap.tenant_id_filter");
    settings.organization_filter = in.text("tenants.ldap.organization_filter");
    settings.dkim_domain_filter = in.text("tenants.ldap.dkim_domain_filter");
    settings.wildcards = in.boolean("tenants.ldap.wildcards");
    settings.schema = static_cast<LdapSettings::Schema>(in.integer("tenants.ldap.schema") + 1);
    settings.cache_ttl = in.duration("tenants.ldap.cache_ttl");
    settings.negative_ttl = in.duration("tenants.ldap.negative_ttl");
    settings.cache_entries = in.size("tenants.ldap.cache_entries");
    settings.refresh_interval = in.duration("tenants.ldap.refresh_interval");
    settings.tenant_id_attribute = in.text("tenants.ldap.attributes.tenant_id");
    settings.dkim_enabled_attribute = in.text("tenants.ldap.attributes.dkim_enabled");
    settings.dkim_alignment_attribute = in.text("tenants.ldap.attributes.dkim_alignment_required");

    check_servers(in, section, settings, "who is a tenant");
    if (settings.mode == LdapSettings::Mode::snapshot && settings.schema != LdapSettings::Schema::own)
        in.error("tenants.ldap.mode", "\"snapshot\" needs schema = \"2\": an entry of schema 1 does not say whose domain it is");
    if (settings.mode == LdapSettings::Mode::snapshot) check_ages(in, settings, out.tenants.max_stale);
    for (directory::BadFilter& bad : directory::bad_filters(settings)) in.error("tenants.ldap." + bad.setting, std::move(bad.why));
    for (const std::string_view key : {"tenant_id", "dkim_enabled", "dkim_alignment_required"})
        if (const std::string name = "tenants.ldap.attributes." + std::string(key); in.text(name).empty())
            in.error(name, "names no attribute");
    out.tenants.ldap = std::move(settings);
}

directory::LdapSettings read_recipients_ldap(Reader& in, const Config& config) {
    const Section section{"recipients.ldap"};
    LdapSettings settings = read_server(in, section, config.path);
    settings.filter = in.text("recipients.ldap.filter");
    check_servers(in, section, settings, "who is a recipient");
    if (const auto filter = directory::LdapFilter::parse(settings.filter, directory::LdapRecipients::placeholder); !filter)
        in.error("recipients.ldap.filter", filter.error().detail);
    return settings;
}

}  // namespace exota::config
