// Drop-in mode: the configuration that makes us behave as the Python ExOTA-Milter does, from its environment variables.
//
// "Set" means that the variable exists, whatever its value, as it did there; values that read as false are warned about. Variables are
// read in the predecessor's order and its error texts are kept, because operators match them; but all problems are reported, not just
// the first. docs/migration.md has the table of what differs.
//
// Tested by drop_in_test.cc.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "config/build.h"
#include "config/config.h"
#include "config/public_suffixes.h"
#include "config/values.h"
#include "directory/ldap_client.h"
#include "directory/ldap_lookup.h"
#include "net/endpoint.h"

namespace exota::config {
namespace {

constexpr auto variables = std::to_array<std::string_view>({
    "MILTER_NAME",
    "MILTER_SOCKET",
    "MILTER_REJECT_MESSAGE",
    "MILTER_TMPFAIL_MESSAGE",
    "MILTER_TENANT_ID_REQUIRED",
    "MILTER_DKIM_ENABLED",
    "MILTER_TRUSTED_AUTHSERVID",
    "MILTER_DKIM_ALIGNMENT_REQUIRED",
    "MILTER_X509_ENABLED",
    "MILTER_X509_TRUSTED_CN",
    "MILTER_X509_IP_WHITELIST",
    "MILTER_ADD_HEADER",
    "MILTER_AUTHSERVID",
    "MILTER_POLICY_SOURCE",
    "MILTER_POLICY_FILE",
    "MILTER_LDAP_SERVER_URI",
    "MILTER_LDAP_RECEIVE_TIMEOUT",
    "MILTER_LDAP_BINDDN",
    "MILTER_LDAP_BINDPW",
    "MILTER_LDAP_SEARCH_BASE",
    "MILTER_LDAP_QUERY",
    "MILTER_LDAP_TENANT_ID_ATTR",
    "MILTER_LDAP_DKIM_ENABLED_ATTR",
    "MILTER_LDAP_DKIM_ALIGNMENT_REQUIRED_ATTR",
});

std::optional<std::string> variable(const char* const* environment, std::string_view name) {
    for (; environment && *environment; ++environment) {
        const std::string_view entry(*environment);
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
            return std::string(entry.substr(name.size() + 1));
    }
    return std::nullopt;
}

bool reads_as_false(std::string_view value) {
    static constexpr std::string_view words[] = {"", "0", "false", "no", "off", "none", "n", "f", "disabled"};
    return std::ranges::any_of(words, [&](std::string_view word) { return base::iequals(base::trim(value), word); });
}

/// What white space is to the predecessor's deletion of it.
std::string without_white_space(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (!base::is_fws(c) && c != '\v' && c != '\f') out += c;
    return out;
}

class Environment {
public:
    Environment(const char* const* entries, std::vector<Problem>& problems) : entries_(entries), problems_(problems) {}

    std::optional<std::string> get(std::string_view name) const { return variable(entries_, name); }
    std::string get_or(std::string_view name, std::string_view fallback) const { return get(name).value_or(std::string(fallback)); }
    /// Set means on.
    bool is_on(std::string_view name) {
        const auto value = get(name);
        if (value && reads_as_false(*value))
            warning(name, "is set to \"" + *value + "\", which reads as off, but set means on, as before: unset it to switch it off");
        return value.has_value();
    }
    std::string mandatory(std::string_view name) {
        const auto value = get(name);
        if (!value) error(name, "ENV[" + std::string(name) + "] is mandatory!");
        return value.value_or("");
    }
    void error(std::string_view name, std::string text) { note(Problem::Severity::error, name, std::move(text)); }
    void warning(std::string_view name, std::string text) { note(Problem::Severity::warning, name, std::move(text)); }

private:
    void note(Problem::Severity severity, std::string_view name, std::string text) {
        problems_.push_back({severity, "environment", 0, 0, std::string(name), std::move(text)});
    }
    const char* const* entries_;
    std::vector<Problem>& problems_;
};

/// A misspelt switch is off, which nobody notices.
void warn_of_unknown(Environment& in, const char* const* entries) {
    for (; entries && *entries; ++entries) {
        std::string_view rest(*entries);
        const bool is_variable = rest.find('=') != std::string_view::npos;
        const std::string_view name = base::take_until(rest, '=');
        if (!is_variable || !name.starts_with("MILTER_") || std::ranges::find(variables, name) != variables.end()) continue;
        const std::string_view nearest = base::nearest_word(name, variables.data(), variables.size());
        in.warning(name, "is no variable of the ExOTA-Milter and does nothing" +
                             (nearest.empty() ? std::string() : "; did you mean " + std::string(nearest) + '?'));
    }
}

telemetry::LogLevel log_level(std::string_view value) {
    if (base::istarts_with(value, "warn")) return telemetry::LogLevel::warning;
    if (base::iequals(value, "error")) return telemetry::LogLevel::error;
    if (base::istarts_with(value, "debug")) return telemetry::LogLevel::debug;
    return telemetry::LogLevel::info;  // every other value too
}

/// The predecessor compared it as it stands, and so do we.
void warn_of_blank(Environment& in, std::string_view variable, std::string_view value) {
    if (std::ranges::any_of(value, base::is_fws))
        in.warning(variable, '"' + std::string(value) + "\" has a blank, which no such name has: it never matches");
}

void read_dkim(Environment& in, Config& out) {
    decision::DropIn& switches = *out.rules.drop_in;
    if (!(switches.dkim = in.is_on("MILTER_DKIM_ENABLED"))) return;
    out.rules.authres.authserv_ids = {base::lower(in.mandatory("MILTER_TRUSTED_AUTHSERVID"))};
    warn_of_blank(in, "MILTER_TRUSTED_AUTHSERVID", out.rules.authres.authserv_ids.front());
    const auto alignment = in.get("MILTER_DKIM_ALIGNMENT_REQUIRED");
    if (alignment && *alignment != "True" && *alignment != "False")
        in.error("MILTER_DKIM_ALIGNMENT_REQUIRED", "ENV[MILTER_DKIM_ALIGNMENT_REQUIRED] must be a boolean type: 'True' or 'False'!");
    switches.dkim_alignment_required = alignment == "True";
}

void read_x509(Environment& in, Config& out) {
    if (!(out.rules.drop_in->x509 = in.is_on("MILTER_X509_ENABLED"))) return;
    out.rules.certificate_names = {base::lower(in.get_or("MILTER_X509_TRUSTED_CN", "mail.protection.outlook.com"))};
    warn_of_blank(in, "MILTER_X509_TRUSTED_CN", out.rules.certificate_names.front());
    const std::string list = without_white_space(in.get_or("MILTER_X509_IP_WHITELIST", "127.0.0.1,::1"));
    for (std::string_view rest = list; !rest.empty();) {
        const std::string_view entry = base::take_until(rest, ',');
        if (entry.empty()) continue;
        const auto address = base::IpAddress::parse(entry);
        const auto prefix = address ? base::IpPrefix::parse(entry) : base::Result<base::IpPrefix>(std::unexpected(address.error()));
        if (prefix)
            out.rules.certificate_exempt.push_back(*prefix);
        else
            in.warning("MILTER_X509_IP_WHITELIST",
                       "the entry \"" + std::string(entry) +
                           "\" is no address and never matched: entries are single addresses, separated by commas");
    }
}

void read_header(Environment& in, Config& out) {
    out.rules.header.add = in.is_on("MILTER_ADD_HEADER");
    if (!out.rules.header.add) return;
    const auto id = in.get("MILTER_AUTHSERVID");
    if (!id) {
        in.error("MILTER_AUTHSERVID", "ENV[MILTER_AUTHSERVID] is mandatory!");
        return;
    }
    out.rules.header.authserv_id = *id;
    if (!authserv_id(*id)) in.warning("MILTER_AUTHSERVID", "ENV[MILTER_AUTHSERVID] is invalid: " + *id);
}

/// One search for each author domain, as there; but its filter is one (the domain is escaped), and TLS to ldaps:// is looked at.
void read_ldap(Environment& in, Config& out) {
    directory::LdapSettings settings;
    settings.schema = directory::LdapSettings::Schema::predecessors;
    settings.starttls = false;
    std::string uri = in.mandatory("MILTER_LDAP_SERVER_URI");
    if (!uri.empty() && uri.find("://") == std::string::npos) uri = "ldap://" + uri;
    settings.servers = {uri};
    const std::string timeout = in.get_or("MILTER_LDAP_RECEIVE_TIMEOUT", "5");
    int seconds = 0;
    const auto [end, error] = std::from_chars(timeout.data(), timeout.data() + timeout.size(), seconds);
    if (error != std::errc() || end != timeout.data() + timeout.size())
        in.error("MILTER_LDAP_RECEIVE_TIMEOUT", "ENV[MILTER_LDAP_RECEIVE_TIMEOUT] must be an integer!");
    else if (seconds < 1 || seconds > 60)
        in.error("MILTER_LDAP_RECEIVE_TIMEOUT", "must be 1 to 60 seconds, not " + timeout);
    settings.timeout = std::chrono::seconds(seconds);
    settings.bind_dn = in.get_or("MILTER_LDAP_BINDDN", "");
    settings.password = in.get_or("MILTER_LDAP_BINDPW", "");
    if (settings.bind_dn.empty() != settings.password.empty())
        in.error(settings.bind_dn.empty() ? "MILTER_LDAP_BINDPW" : "MILTER_LDAP_BINDDN",
                 "MILTER_LDAP_BINDDN and MILTER_LDAP_BINDPW go together: without a password a server takes anybody for nobody");
    settings.base = in.mandatory("MILTER_LDAP_SEARCH_BASE");
    settings.filter = in.mandatory("MILTER_LDAP_QUERY");
    const auto read_attribute = [&in](std::string_view name, std::string& attribute) {
        attribute = in.get_or(name, attribute);
        if (attribute.empty()) in.error(name, "names no attribute");
    };
    read_attribute("MILTER_LDAP_TENANT_ID_ATTR", settings.tenant_id_attribute);
    read_attribute("MILTER_LDAP_DKIM_ENABLED_ATTR", settings.dkim_enabled_attribute);
    read_attribute("MILTER_LDAP_DKIM_ALIGNMENT_REQUIRED_ATTR", settings.dkim_alignment_attribute);
    // What is set and empty is told of: with an empty query nobody would be asked for, and everybody refused for good.
    if (const auto url = directory::LdapUrl::parse(uri); in.get("MILTER_LDAP_SERVER_URI") && !url)
        in.error("MILTER_LDAP_SERVER_URI", url.error().detail);
    else if (const auto servers = directory::read_servers(settings); url && !servers)
        in.error("MILTER_LDAP_SERVER_URI", servers.error().detail);
    if (in.get("MILTER_LDAP_QUERY"))
        for (const directory::BadFilter& bad : directory::bad_filters(settings)) in.error("MILTER_LDAP_QUERY", bad.why);
    out.tenants.ldap = std::move(settings);
}

void read_policy(Environment& in, Config& out) {
    const std::string source = in.get_or("MILTER_POLICY_SOURCE", "file");
    out.tenants.source = source;
    if (source == "file")
        out.tenants.file = in.mandatory("MILTER_POLICY_FILE");
    else if (source == "ldap")
        read_ldap(in, out);
    else
        in.error("MILTER_POLICY_SOURCE", "must be \"file\" or \"ldap\", not \"" + source + '"');
}

/// The one proof of a domain, from the switches and the entry's own flags.
std::vector<tenant::Proof> proofs_of_entry(const decision::DropIn& switches, bool dkim_enabled, bool dkim_alignment_required) {
    std::vector<tenant::Factor> factors;
    if (switches.x509) factors.push_back(tenant::Factor::client_cert);
    if (switches.tenant_id_required) factors.push_back(tenant::Factor::tenant_id);
    if (switches.dkim && dkim_enabled)
        factors.push_back(switches.dkim_alignment_required && dkim_alignment_required ? tenant::Factor::dkim_aligned
                                                                                      : tenant::Factor::dkim_any);
    if (factors.empty()) factors.push_back(tenant::Factor::listed);
    std::vector<tenant::Proof> proofs;
    proofs.push_back(tenant::Proof::of(std::move(factors)));
    return proofs;
}

}  // namespace

bool drop_in_requested(const char* const* environment) {
    return std::ranges::any_of(variables, [&](std::string_view name) { return variable(environment, name).has_value(); });
}

LoadedConfig from_environment(const char* const* environment) {
    LoadedConfig loaded;
    Environment in(environment, loaded.problems);
    Config config;
    decision::Rules& rules = config.rules;
    rules.drop_in.emplace();
    warn_of_unknown(in, environment);

    // What the predecessor did without being asked.
    rules.mode = tenant::Mode::enforce;
    rules.peer_proof = decision::PeerProof::none;
    rules.contradictions_refuse = false;
    rules.resent_from = true;
    rules.forwarding_always = true;
    rules.dkim_source = decision::DkimSource::authentication_results;
    rules.authres.position = evidence::AuthresTrust::Position::any;
    rules.authres.as_predecessor = true;
    rules.reply.tempfail_code = 450;
    config.milter.socket_mode = std::nullopt;

    config.log.level = log_level(in.get_or("LOG_LEVEL", "info"));
    config.log.name = in.get_or("MILTER_NAME", "exota-milter");
    config.milter.listen = {in.get_or("MILTER_SOCKET", "/socket/exota-milter")};
    if (const auto endpoint = net::Endpoint::parse(config.milter.listen.front()); !endpoint)
        in.error("MILTER_SOCKET", endpoint.error().detail);
    rules.drop_in->reject_message = in.get_or("MILTER_REJECT_MESSAGE", rules.drop_in->reject_message);
    rules.drop_in->tempfail_message = in.get_or("MILTER_TMPFAIL_MESSAGE", rules.drop_in->tempfail_message);
    rules.drop_in->tenant_id_required = in.is_on("MILTER_TENANT_ID_REQUIRED");
    read_dkim(in, config);
    read_x509(in, config);
    read_header(in, config);
    read_policy(in, config);

    tenant::Defaults& defaults = config.tenant_defaults;
    defaults.mode = rules.mode;
    defaults.forwarding = tenant::Forwarding::all;
    defaults.shared_suffixes = rules.shared_suffixes;
    defaults.is_public_suffix = is_public_suffix;
    defaults.proofs = proofs_of_entry(*rules.drop_in, true, true);
    defaults.v1_proofs = [switches = *rules.drop_in](bool dkim_enabled, bool dkim_alignment_required) {
        return proofs_of_entry(switches, dkim_enabled, dkim_alignment_required);
    };

    if (std::ranges::any_of(loaded.problems, [](const Problem& p) { return p.severity == Problem::Severity::error; })) {
        loaded.tenants_to_check = tenants_to_check(config, loaded.problems, "MILTER_POLICY", "MILTER_DKIM");
        return loaded;
    }
    for (std::string& text : drop_in_warnings(config))
        loaded.problems.push_back({Problem::Severity::warning, "environment", 0, 0, "", std::move(text)});
    loaded.config = std::move(config);
    return loaded;
}

std::vector<std::string> drop_in_warnings(const Config& config) {
    std::vector<std::string> out;
    if (!config.rules.drop_in) return out;
    const decision::DropIn& switches = *config.rules.drop_in;
    if (switches.dkim && !switches.dkim_alignment_required)
        out.emplace_back(
            "open hole 2 (docs/migration.md): without MILTER_DKIM_ALIGNMENT_REQUIRED=True "
            "a valid DKIM signature of any domain authorises every domain of the policy");
    else if (switches.dkim)
        out.emplace_back(
            "open hole 2 (docs/migration.md): entries with \"dkim_alignment_required\": false are authorised by a valid DKIM signature of "
            "any domain");
    if (switches.dkim)
        out.emplace_back(
            "open hole 11 (docs/migration.md): a sender can silence the validator and write its field himself; it is held against the "
            "message's signatures, but only job ids, or verifying here, make sure: migrate");
    if (switches.x509)
        out.emplace_back(
            "open hole 8 (docs/migration.md): Postfix below 3.12 does not trust a client certificate that is for servers only; "
            "when Microsoft's becomes one, every message is refused with \"No trusted x509 client CN found\"");
    if (!switches.x509 && !switches.tenant_id_required && !switches.dkim)
        out.emplace_back("no check is switched on: whoever can reach the MTA may use every domain of the policy");
    else if (!switches.x509)
        out.emplace_back(
            "MILTER_X509_ENABLED is not set: tenant ids and results are believed from every client, not from Exchange Online alone");
    return out;
}

}  // namespace exota::config
