#include "config/build.h"

#include <algorithm>

#include "authn/suffixes.h"
#include "base/text.h"
#include "config/endpoints.h"
#include "config/reader.h"
#include "config/unbuilt.h"
#include "config/whole_file.h"
#include "mail/domain.h"
#include "net/endpoint.h"
#include "net/resolver.h"
#include "tenant/policy.h"

namespace exota::config {
namespace {

base::Result<std::string> domain_text(std::string_view text) {
    auto domain = mail::Domain::parse(text);
    if (!domain) return base::fail(domain.error().code, '"' + std::string(text) + "\": " + domain.error().detail);
    return domain->text();
}

base::Result<base::IpPrefix> prefix(std::string_view text) {
    auto parsed = base::IpPrefix::parse(text);
    if (!parsed) return base::fail(parsed.error().code, '"' + std::string(text) + "\": " + parsed.error().detail);
    return parsed;
}

/// An authserv-id is a value of RFC 2045; one that needs no quotes is all that a validator should be given.
base::Result<std::string> authserv_id(std::string_view text) {
    const bool plain = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
    if (text.empty() || text.size() > 255 || !plain || text.find_first_of("\"\\();,<>@:[]?=/") != std::string_view::npos)
        return base::fail(base::Errc::invalid_data,
                          '"' + std::string(text) + "\" is no authserv-id: a name without blanks and special characters is wanted");
    return std::string(text);
}

base::Result<std::string> nonempty_name(std::string_view text) {
    const std::string_view trimmed = base::trim(text);
    if (trimmed.empty()) return base::fail(base::Errc::invalid_data, "an empty name");
    return base::lower(trimmed);
}

base::Result<std::string> method_name(std::string_view text) {
    const bool keyword = !text.empty() && std::ranges::all_of(text, [](char c) { return base::is_alnum(c) || c == '-' || c == '_'; });
    if (!keyword) return base::fail(base::Errc::invalid_data, '"' + std::string(text) + "\" is no method");
    return base::lower(text);
}

base::Result<tenant::Proof> parsed_proof(std::string_view text) {
    auto proof = tenant::Proof::parse(text);
    if (!proof) return base::fail(proof.error().code, '"' + std::string(text) + "\": " + proof.error().detail);
    return proof;
}

/// DMARC and ARC rest on signatures that we verified ourselves: without dkim.source "verify" or "both" nothing ever looks at them.
std::optional<std::string> needs_own_verification(const tenant::Proof& proof) {
    for (const tenant::Factor factor : {tenant::Factor::dmarc, tenant::Factor::arc})
        if (proof.set.contains(factor)) return "the factor " + std::string(name_of(factor)) + " needs dkim.source = \"verify\" or \"both\"";
    return std::nullopt;
}

/// A reply text: one line of printable ASCII whose placeholders are known.
void check_reply(Reader& in, std::string_view key) {
    const std::string& text = in.text(key);
    if (text.size() > 400) in.error(key, "longer than 400 octets");
    if (!std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; })) in.error(key, "must be one line of printable ASCII");
    for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
        const std::size_t close = text.find('}', open);
        const std::string name = close == std::string::npos ? text.substr(open) : text.substr(open, close - open + 1);
        if (name != "{text}" && name != "{reason}" && name != "{domain}" && name != "{queue_id}")
            in.error(key, "unknown placeholder " + name + "; known are {text} {reason} {domain} {queue_id}");
    }
}

base::Result<std::string> socket_text(std::string_view text) {
    const auto endpoint = net::Endpoint::parse(text);
    if (!endpoint) return std::unexpected(endpoint.error());
    return std::string(text);
}

void read_milter(Reader& in, Config& out) {
    out.milter.listen = in.list("milter.listen", socket_text);
    if (in.texts("milter.listen").empty()) in.error("milter.listen", "names no socket");
    const std::int64_t mode = in.integer("milter.socket_mode");
    out.milter.socket_mode = mode < 0 ? std::nullopt : std::optional(static_cast<unsigned>(mode));
    out.milter.socket_group = in.text("milter.socket_group");
    out.milter.max_frame_octets = in.size("milter.max_frame_octets");
    out.milter.max_macro_octets = in.size("milter.max_macro_octets");
    out.milter.max_partial_octets = in.size("milter.max_partial_octets");
    out.milter.max_sessions = in.size("milter.max_sessions");
    out.milter.idle_timeout = in.duration("milter.idle_timeout");
}

void read_authorisation(Reader& in, Config& out) {
    decision::Rules& rules = out.rules;
    rules.mode = in.choice<tenant::Mode>("authorisation.mode");
    rules.contradictions_refuse = in.integer("authorisation.contradictions") == 0;
    rules.peer_proof = in.choice<decision::PeerProof>("authorisation.peer_proof");
    rules.resent_from = in.boolean("authorisation.resent_from");
    rules.shared_suffixes = in.list("authorisation.shared_suffixes", domain_text);

    tenant::Defaults& defaults = out.tenant_defaults;
    defaults.mode = rules.mode;
    defaults.proofs = in.list("authorisation.proofs", parsed_proof);
    if (in.given("authorisation.proofs") && in.texts("authorisation.proofs").empty())
        in.error("authorisation.proofs", "names no proof: nothing could ever be authorised");
    if (defaults.proofs.size() > tenant::max_proofs)
        in.error("authorisation.proofs", "more than " + std::to_string(tenant::max_proofs) + " proofs");
    defaults.limits = in.list("authorisation.limits", [](std::string_view text) { return tenant::Limit::parse(text); });
    defaults.limit_action = in.choice<tenant::LimitAction>("authorisation.limit_action");
    defaults.alignment = in.choice<tenant::Alignment>("authorisation.alignment");
    defaults.forwarding = in.choice<tenant::Forwarding>("authorisation.forwarding");
    defaults.shared_suffixes = rules.shared_suffixes;
    defaults.is_public_suffix = is_public_suffix;
}

void read_client(Reader& in, Config& out, Origin origin) {
    decision::Rules& rules = out.rules;
    rules.bypass_clients = in.list("bypass.clients", prefix);
    rules.bypass_authenticated = in.boolean("bypass.authenticated");
    rules.exchange_online = in.list("client_ip.prefixes", prefix);
    rules.relay_pool = in.list("client_ip.relay_pool", prefix);
    rules.certificate_names = in.list("client_cert.names", nonempty_name);
    rules.certificate_exempt = in.list("client_cert.exempt", prefix);
    rules.trusted_relays = in.list("client_cert.trusted_relays", prefix);
    rules.certificate_missing = in.choice<decision::WhenMissing>("client_cert.missing");

    constexpr std::string_view key = "client_ip.endpoints_file";
    if (in.text(key).empty()) return;
    if (origin == Origin::json && !in.text(key).starts_with('/')) {
        in.error(key, "must be an absolute path here");
        return;
    }
    out.endpoints_file = resolve_path(in.text(key), out.path);
    const auto text = read_whole_file(out.endpoints_file, max_endpoint_octets);
    if (!text) {
        in.error(key, text.error().detail);
        return;
    }
    const auto endpoints = parse_endpoints(*text);
    if (!endpoints) {
        in.error(key, out.endpoints_file + ": " + endpoints.error().detail);
        return;
    }
    rules.exchange_online.insert(rules.exchange_online.end(), endpoints->prefixes.begin(), endpoints->prefixes.end());
}

void read_authentication(Reader& in, Config& out, Origin origin) {
    decision::Rules& rules = out.rules;
    rules.dkim_source = in.choice<decision::DkimSource>("dkim.source");
    if (rules.dkim_source == decision::DkimSource::authentication_results) {
        out.tenant_defaults.unusable_proof = needs_own_verification;
        for (const tenant::Proof& proof : out.tenant_defaults.proofs)
            if (const auto why = needs_own_verification(proof)) in.error("authorisation.proofs", '"' + proof.text + "\": " + *why);
    }
    constexpr std::string_view ids = "authentication_results.trusted_authserv_ids";
    rules.authres.authserv_ids = in.list(ids, authserv_id);
    // The default was the validator's results once: whoever configured them says what he wants.
    if (origin == Origin::file && !rules.authres.authserv_ids.empty() && !in.given("dkim.source"))
        in.error(ids,
                 "says whose results are trusted, but dkim.source does not say whether they are read: set it to "
                 "\"authentication-results\" (read them, as before 0.2), \"verify\" (verify signatures here, needs no validator; leave "
                 "this key out) or \"both\"");
    rules.authres.job_id = in.boolean("authentication_results.job_id");
    rules.authres.methods = in.list("authentication_results.methods", method_name);
    rules.authres.own_hops = static_cast<std::uint32_t>(in.integer("authentication_results.own_hops"));
    rules.authres.position = in.choice<evidence::AuthresTrust::Position>("authentication_results.position");
    rules.authres_missing = in.choice<decision::WhenMissing>("authentication_results.missing");
    rules.arc_trusted_sealers = in.list("arc.trusted_sealers", domain_text);
}

void read_dmarc(Reader& in, Config& out, Origin origin) {
    constexpr std::string_view key = "dmarc.public_suffix_file";
    out.rules.dmarc.rfc = in.choice<authn::DmarcRfc>("dmarc.rfc");
    const bool by_list = out.rules.dmarc.rfc == authn::DmarcRfc::rfc7489;
    const bool verifies = out.rules.dkim_source != decision::DkimSource::authentication_results;
    if (by_list && !verifies) in.warning("dmarc.rfc", "DMARC is looked at only with dkim.source = \"verify\" or \"both\"");
    if (in.text(key).empty()) {
        // `eval` reads a configuration a line: for it the list that the process has will do.
        if (by_list && origin == Origin::file) out.rules.dmarc.public_suffixes = authn::PublicSuffixes::latest();
        return;
    }
    if (!by_list) in.warning(key, "is used with rfc = 7489 only: RFC 9989 asks DNS instead");
    if (origin == Origin::json && !in.text(key).starts_with('/')) return in.error(key, "must be an absolute path here");
    const std::string path = resolve_path(in.text(key), out.path);
    const auto text = read_whole_file(path, authn::max_public_suffix_octets);
    if (!text) return in.error(key, text.error().detail);
    auto list = authn::PublicSuffixes::parse(*text);
    if (!list) return in.error(key, path + ": " + list.error().detail);
    out.rules.dmarc.public_suffixes = *std::move(list);
}

void read_output(Reader& in, Config& out, Origin origin) {
    decision::Rules& rules = out.rules;
    check_reply(in, "reply.reject");
    check_reply(in, "reply.tempfail");
    rules.reply.reject = in.text("reply.reject");
    rules.reply.tempfail = in.text("reply.tempfail");
    rules.reply.tempfail_code = static_cast<int>(in.integer("reply.tempfail_code"));
    rules.header.add = in.boolean("header.add");
    rules.header.format = in.choice<decision::HeaderFormat>("header.format");
    rules.header.authserv_id = in.text("header.authserv_id");
    if (rules.header.authserv_id.empty())
        rules.header.authserv_id = origin == Origin::json ? "localhost" : host_name();
    else if (const auto checked = authserv_id(rules.header.authserv_id); !checked)
        in.error("header.authserv_id", checked.error().detail);
    rules.header.verification_results = in.boolean("header.verification_results");
    rules.header_firewall = in.boolean("header_firewall.enabled");

    out.log.format = in.choice<telemetry::LogFormat>("log.format");
    out.log.target = in.choice<telemetry::LogTarget>("log.target");
    out.log.socket = in.text("log.socket");
    out.log.name = in.text("log.name");
    out.log.evidence = in.choice<telemetry::LogEvidence>("log.evidence");
    out.log.level = in.choice<telemetry::LogLevel>("log.level");
    out.http.listen = in.text("http.listen");
    if (!out.http.listen.empty())
        if (const auto endpoint = net::Endpoint::parse_http(out.http.listen); !endpoint) in.error("http.listen", endpoint.error().detail);
}

/// The start opens http.listen first, then milter.listen in its order.
void check_sockets(Reader& in, const Config& config) {
    std::vector<std::pair<std::string, net::Endpoint>> taken;
    if (const auto http = net::Endpoint::parse_http(config.http.listen)) taken.emplace_back("http.listen", *http);
    const std::vector<std::string> texts = in.texts("milter.listen");
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto endpoint = net::Endpoint::parse(texts[i]);
        if (!endpoint) continue;  // said already
        for (const auto& [name, earlier] : taken)
            if (earlier.excludes(*endpoint)) {
                in.error("milter.listen", i, '"' + texts[i] + "\" cannot be opened: " + name + " has " + earlier.text() + " already");
                break;
            }
        taken.emplace_back("the list", *std::move(endpoint));
    }
}

base::Result<std::pair<std::string, std::string>> stub_zone(std::string_view text) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos || blank == 0 || base::trim(text.substr(blank)).empty())
        return base::fail(base::Errc::invalid_data,
                          '"' + std::string(text) + "\": a zone and a server are wanted, as in \"example.net 127.0.0.1@5353\"");
    return std::pair(std::string(text.substr(0, blank)), std::string(base::trim(text.substr(blank))));
}

void read_dns(Reader& in, Config& out, Origin origin) {
    net::ResolverSettings& resolver = out.dns.resolver;
    resolver.servers = in.texts("dns.servers");
    resolver.dnssec = in.choice<net::Dnssec>("dns.dnssec");
    resolver.trust_anchor_files = in.texts("dns.trust_anchor_files");
    resolver.stub_zones = in.list("dns.stub_zones", stub_zone);
    resolver.open_zones = in.texts("dns.open_zones");
    resolver.timeout = in.duration("dns.timeout");
    resolver.max_in_flight = in.size("dns.max_in_flight");
    out.dns.lookups.deadline = in.duration("dns.message_timeout");
    out.dns.lookups.questions = in.size("dns.max_questions");
    const bool verifies = out.rules.dkim_source != decision::DkimSource::authentication_results;
    if (origin != Origin::json && verifies)
        if (const auto problem = net::problem_of(resolver)) in.error("dns.servers", *problem);
}

void read_rest(Reader& in, Config& out, Origin origin) {
    out.limits.field_octets = in.size("limits.field_octets");
    out.limits.header_octets = in.size("limits.header_octets");
    out.limits.header_fields = in.size("limits.header_fields");
    out.limits.kept_fields = in.size("limits.kept_fields");
    out.threads = in.size("server.threads");
    out.drain_timeout = in.duration("server.drain_timeout");

    static constexpr std::string_view sources[] = {"file", "ldap", "postgresql"};
    out.tenants.source = sources[in.integer("tenants.source")];
    out.tenants.file = in.text("tenants.file");
    out.tenants.state_directory = resolve_path(in.text("tenants.state_directory"), out.path);
    out.tenants.watch_interval = in.duration("tenants.watch_interval");
    if (out.tenants.file.empty())
        in.error("tenants.file", "names no file");
    else if (origin == Origin::json && !out.tenants.file.starts_with('/'))
        in.error("tenants.file", "must be an absolute path here");
    else
        out.tenants.file = resolve_path(out.tenants.file, out.path);
}

}  // namespace

LoadedConfig build(const Node& root, const std::string& path, Origin origin) {
    LoadedConfig loaded;
    Config config;
    config.path = path;
    Reader in(root, path, loaded.problems);
    read_milter(in, config);
    read_authorisation(in, config);
    read_client(in, config, origin);
    read_authentication(in, config, origin);
    read_dmarc(in, config, origin);
    read_output(in, config, origin);
    read_dns(in, config, origin);
    read_rest(in, config, origin);
    check_sockets(in, config);
    if (std::ranges::any_of(loaded.problems, [](const Problem& p) { return p.severity == Problem::Severity::error; })) return loaded;
    add_warnings(config, in);
    loaded.config = std::move(config);
    return loaded;
}

}  // namespace exota::config
