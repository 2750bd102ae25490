#include "programs/doctor_gather.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/encode.h"
#include "base/text.h"
#include "config/whole_file.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace exota::programs {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t type_ns = 2;
/// Of a file that a setting of Postfix or OpenDKIM names. Every certificate there is has less than one.
constexpr std::size_t max_named_octets = 16 * 1024 * 1024;
/// Those that examine() asks for. What a Postfix does not know it leaves out, with a warning.
constexpr const char* settings_asked[] = {
    "compatibility_level",
    "mail_owner",
    "milter_default_action",
    "myhostname",
    "mynetworks",
    "non_smtpd_milters",
    "queue_directory",
    "receive_override_options",
    "smtpd_tls_wrappermode",
    "smtpd_client_restrictions",
    "smtpd_enforce_tls",
    "smtpd_forbid_bare_newline",
    "smtpd_milter_maps",
    "smtpd_forbid_bare_newline_exclusions",
    "smtpd_milters",
    "smtpd_recipient_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_sasl_auth_enable",
    "smtpd_tls_CAfile",
    "smtpd_tls_CApath",
    "smtpd_tls_ask_ccert",
    "smtpd_tls_cert_file",
    "smtpd_tls_chain_files",
    "smtpd_tls_dcert_file",
    "smtpd_tls_eccert_file",
    "smtpd_tls_loglevel",
    "smtpd_tls_req_ccert",
    "smtpd_tls_security_level",
    "smtpd_use_tls",
    "tls_append_default_CA",
};

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

OurFacts our_facts(const config::Config& config, const tenant::Index& tenants) {
    using tenant::Factor;
    OurFacts out;
    for (const auto& [texts, endpoints] : {std::pair(&config.milter.listen, &out.listen), {&config.inbound_listen, &out.inbound_listen}})
        for (const std::string& text : *texts)
            if (auto endpoint = net::Endpoint::parse(text)) endpoints->push_back(*std::move(endpoint));  // checked when it was read
    const decision::Rules& rules = config.rules;
    tenant::FactorSet factors = tenants.factors();
    for (const tenant::Proof& proof : config.tenant_defaults.proofs)
        for (const Factor factor : {Factor::client_cert, Factor::spf})
            if (proof.set.contains(factor)) factors.insert(factor);
    out.mode = rules.force_monitor ? tenant::Mode::monitor : rules.mode;
    out.needs_certificate = factors.contains(Factor::client_cert) || rules.peer_proof == decision::PeerProof::client_cert ||
                            rules.peer_proof == decision::PeerProof::both;
    out.reads_results = rules.dkim_source != decision::DkimSource::verify && !rules.authres.authserv_ids.empty();
    out.verifies = rules.dkim_source != decision::DkimSource::authentication_results || factors.contains(Factor::spf);
    out.trusted_authserv_ids = rules.authres.authserv_ids;
    out.job_id = rules.authres.job_id;
    out.header_octets = config.limits.header_octets;
    out.exchange_online = rules.exchange_online;
    out.bypass_clients = rules.bypass_clients;
    return out;
}

CertificateFile count_certificates(std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----", end = "-----END CERTIFICATE-----";
    CertificateFile out;
    for (std::size_t at = 0; (at = pem.find(begin, at)) != std::string_view::npos;) {
        at += begin.size();
        const std::size_t stop = pem.find(end, at);
        if (stop == std::string_view::npos) break;
        // Names stand in the certificate as plain text: reading it needs no more.
        if (const auto octets = base::base64_decode(pem.substr(at, stop - at))) {
            ++out.certificates;
            out.has_digicert = out.has_digicert || octets->find("DigiCert") != std::string::npos;
        }
        at = stop;
    }
    return out;
}

base::Result<PostfixFacts> ask_postfix(const std::string& postconf) {
    std::error_code none;
    std::vector<std::string> command{postconf.empty() || fs::is_directory(postconf, none) ? "postconf" : postconf};
    if (fs::is_directory(postconf, none)) command.insert(command.end(), {"-c", postconf});
    const auto ask = [&](std::vector<std::string> arguments) {
        std::vector<std::string> all = command;
        all.insert(all.end(), arguments.begin(), arguments.end());
        return output_of(all);
    };
    std::vector<std::string> names{"-x"};
    names.insert(names.end(), std::begin(settings_asked), std::end(settings_asked));
    const auto main = ask(names), master = ask({"-M"}), overrides = ask({"-P", "-x"});
    for (const auto* answer : {&main, &master, &overrides})
        if (!*answer) return std::unexpected(answer->error());
    auto services = read_master(*master);
    if (!services) return std::unexpected(services.error());
    PostfixFacts out{.main = read_postconf(*main), .services = *std::move(services), .authorities = {}};
    read_overrides(*overrides, out.services);
    for (const MasterService* service : smtp_services(out)) {
        const std::string path = setting(out, service, "smtpd_tls_CAfile").value_or("");
        if (path.empty() || out.authorities.contains(path)) continue;
        const auto text = config::read_whole_file(path, max_named_octets);
        out.authorities.emplace(path, text ? base::Result<CertificateFile>(count_certificates(*text)) : std::unexpected(text.error()));
    }
    return out;
}

base::Result<OpenDkimSettings> read_opendkim(const std::string& path) {
    return OpenDkimSettings::load(path, [](const std::string& named) { return config::read_whole_file(named, max_named_octets); });
}

ResolverFacts ask_resolver(const net::ResolverSettings& settings) {
    struct Seen {
        bool answered = false, probed = false, late = false;
        net::RawAnswer answer;
        std::string trouble;
    };
    const auto seen = std::make_shared<Seen>();
    net::Loop loop;
    net::Timer alarm(loop);
    auto resolver = net::Resolver::create(loop, settings);
    if (!resolver) return {.answers = {Answer::Is::no, resolver.error().detail}, .validates = {}};
    alarm.start(settings.timeout * 2, [seen] { seen->late = true; });
    (*resolver)->resolve(".", type_ns, [seen](net::RawAnswer answer) {
        seen->answer = std::move(answer);
        seen->answered = true;
    });
    loop.run_until([&] { return seen->answered || seen->late; });
    (*resolver)->probe_dnssec([seen](std::string trouble) {
        seen->trouble = std::move(trouble);
        seen->probed = true;
    });
    loop.run_until([&] { return seen->probed || seen->late; });

    const net::RawAnswer& answer = seen->answer;
    if (!seen->answered || !answer.answered) return {{Answer::Is::no, answer.why.empty() ? "no answer in time" : answer.why}, {}};
    if (answer.rcode != 0 && answer.validation != net::Validation::bogus)
        return {{Answer::Is::no, answer.why.empty() ? "rcode " + std::to_string(answer.rcode) + " for the root" : answer.why}, {}};
    ResolverFacts out{.answers = {Answer::Is::yes, ""}, .validates = {}};
    if (settings.dnssec == net::Dnssec::off)
        out.validates = {Answer::Is::no, "dns.dnssec = \"off\", so nothing is validated"};
    else if (!seen->probed)
        out.validates = {Answer::Is::unknown, "whether they pass DNSSEC on is not known: no answer in time"};
    else if (seen->trouble.empty())
        out.validates = {Answer::Is::yes, ""};
    else
        out.validates = {seen->trouble.find("do not pass DNSSEC on") == std::string::npos ? Answer::Is::unknown : Answer::Is::no,
                         seen->trouble};
    return out;
}

DoctorFacts gather(const config::Config& config, const tenant::Index& tenants, const std::string& postconf,
                   const std::string& opendkim_conf) {
    DoctorFacts out{.ours = our_facts(config, tenants)};
    out.host_name = host_name();
    out.postfix = ask_postfix(postconf);
    if (out.ours.reads_results) out.opendkim = read_opendkim(opendkim_conf);
    out.resolver = ask_resolver(config.dns.resolver);

    std::string user = "postfix", queue = "/var/spool/postfix";
    std::vector<net::Endpoint> places = out.ours.listen;
    places.insert(places.end(), out.ours.inbound_listen.begin(), out.ours.inbound_listen.end());
    places.push_back({.path = std::string(packaged_activated_path)});
    if (out.opendkim)
        if (const auto socket = net::Endpoint::parse(out.opendkim->find("Socket").value_or(""))) places.push_back(*socket);
    if (out.postfix) {
        user = setting(*out.postfix, nullptr, "mail_owner").value_or(user);
        queue = setting(*out.postfix, nullptr, "queue_directory").value_or(queue);
        for (const MasterService& service : out.postfix->services)
            for (const char* list : {"smtpd_milters", "non_smtpd_milters"})
                for (const PostfixMilter& milter : read_milters(setting(*out.postfix, &service, list).value_or("")))
                    for (const bool chrooted : {false, true})
                        if (auto place = place_of(milter, chrooted, queue); place && !place->is_tcp()) places.push_back(*std::move(place));
    }
    for (const net::Endpoint& place : places)
        if (place.kind != net::Endpoint::Kind::activated && !out.sockets.contains(socket_key(place)))
            out.sockets.emplace(socket_key(place), look_at_socket(place, user, queue));
    return out;
}

}  // namespace exota::programs
