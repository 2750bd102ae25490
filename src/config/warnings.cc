// What is no error in a configuration and still should be known.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "config/build.h"
#include "config/reader.h"
#include "net/endpoint.h"

namespace exota::config {
namespace {

using tenant::Factor;

bool some_proof_needs(const Config& config, tenant::FactorSet factors) {
    return std::ranges::any_of(config.tenant_defaults.proofs, [&](const tenant::Proof& proof) { return proof.set.intersects(factors); });
}

bool uses_client_ip(const Config& config) {
    const decision::PeerProof peer = config.rules.peer_proof;
    return some_proof_needs(config, {Factor::client_ip}) || peer == decision::PeerProof::client_ip || peer == decision::PeerProof::either ||
           peer == decision::PeerProof::both;
}

bool uses_certificate(const Config& config) {
    const decision::PeerProof peer = config.rules.peer_proof;
    return some_proof_needs(config, {Factor::client_cert}) || peer == decision::PeerProof::client_cert ||
           peer == decision::PeerProof::either || peer == decision::PeerProof::both;
}

bool holds_everybody(const std::vector<base::IpPrefix>& prefixes) {
    return std::ranges::any_of(prefixes, [](const base::IpPrefix& prefix) { return prefix.text().ends_with("/0"); });
}

/// All tenants of Microsoft share its addresses: to bypass one is to bypass the forger too.
void warn_of_bypassed_microsoft(const decision::Rules& rules, Reader& in) {
    for (std::size_t i = 0; i < rules.bypass_clients.size(); ++i)
        for (const auto* known : {&rules.exchange_online, &rules.relay_pool}) {
            const auto shared = std::ranges::find_if(*known, [&](const base::IpPrefix& p) { return p.overlaps(rules.bypass_clients[i]); });
            if (shared == known->end()) continue;
            in.warning("bypass.clients", i,
                       rules.bypass_clients[i].text() + " overlaps Exchange Online's " + shared->text() +
                           ": whoever sends through Exchange Online from there is not judged");
            break;
        }
}

void warn_of_open_sockets(const Config& config, Reader& in) {
    for (std::size_t i = 0; i < config.milter.listen.size(); ++i)
        if (const auto endpoint = net::Endpoint::parse(config.milter.listen[i]); endpoint && endpoint->is_every_address())
            in.warning("milter.listen", i,
                       '"' + config.milter.listen[i] +
                           "\" is every address of this host: whoever reaches it can pose as the MTA, try out what is accepted and use up "
                           "limits and sessions");
    if (const auto endpoint = net::Endpoint::parse_http(config.http.listen); endpoint && endpoint->is_every_address())
        in.warning("http.listen", '"' + config.http.listen + "\" is every address of this host: whoever reaches it can read the metrics");
}

}  // namespace

void add_warnings(const Config& config, Reader& in) {
    const decision::Rules& rules = config.rules;
    const auto warn = [&](std::string_view key, std::string text) { in.warning(key, std::move(text)); };
    if (uses_client_ip(config) && rules.exchange_online.empty())
        warn("client_ip.endpoints_file", "no prefix of Exchange Online is known (endpoints_file, prefixes), so client-ip never holds");
    if (uses_certificate(config) && rules.certificate_missing == decision::WhenMissing::unavailable && rules.exchange_online.empty())
        warn("client_cert.missing",
             "\"unavailable\" defers Exchange Online's mail that comes without a verified certificate, but no prefix of Exchange Online is "
             "known (client_ip.endpoints_file, client_ip.prefixes): it is refused for good; \"absent\" if that is meant");
    const bool from_fields = rules.dkim_source != decision::DkimSource::verify;
    const bool from_own_verification = rules.dkim_source != decision::DkimSource::authentication_results;
    const bool needs_dkim = some_proof_needs(config, {Factor::dkim, Factor::dkim_aligned, Factor::dkim_any});
    if (from_fields && needs_dkim && rules.authres.authserv_ids.empty())
        warn("authentication_results.trusted_authserv_ids",
             "no authserv-id is trusted, so no DKIM result counts and the dkim factors never hold");
    if (from_fields && needs_dkim && std::ranges::find(rules.authres.methods, "dkim") == rules.authres.methods.end())
        warn("authentication_results.methods", "\"dkim\" is missing, so the dkim factors never hold");
    if (from_fields && !rules.authres.authserv_ids.empty() && !rules.authres.job_id)
        warn("authentication_results.job_id",
             "is false: a sender who silences the validator (docs/postfix.md) can write its field himself; set it to true, and OpenDKIM's "
             "AuthservIDWithJobID to yes");
    if (!from_fields && rules.authres.job_id) warn("authentication_results.job_id", "no results are read with dkim.source = \"verify\"");
    if (from_fields && rules.authres.job_id && rules.authres.own_hops > 0)
        warn("authentication_results.job_id",
             "is true, and own_hops is above 0: a field from behind a hop has that hop's queue id, not the one that this MTA tells us, "
             "so its results never count; let the validator run at this MTA, or use dkim.source = \"verify\"");
    if (!from_own_verification && !rules.arc_trusted_sealers.empty())
        warn("arc.trusted_sealers", "ARC chains are looked at only with dkim.source = \"verify\" or \"both\"");
    if (rules.authres.position == evidence::AuthresTrust::Position::any && rules.authres.job_id)
        warn("authentication_results.position", "\"any\" has no effect with job ids: only the fields at the top are read");
    else if (rules.authres.position == evidence::AuthresTrust::Position::any)
        warn("authentication_results.position",
             "\"any\" believes fields of a trusted id below a Received too, where none at the top names the method: forged ones, "
             "whenever the validator falls silent");
    if (rules.peer_proof == decision::PeerProof::none)
        warn("authorisation.peer_proof", "\"none\" believes Microsoft's header fields from anybody");
    if (auto advice = advise_on_peer_proof(config.tenant_defaults.proofs, rules.peer_proof))
        warn("authorisation.peer_proof", *std::move(advice));
    if (!rules.contradictions_refuse)
        warn("authorisation.contradictions", "\"ignore\" accepts messages whose evidence names another tenant");
    const bool needs_certificate = some_proof_needs(config, {Factor::client_cert}) || rules.peer_proof == decision::PeerProof::client_cert;
    if (needs_certificate && rules.certificate_names.empty() && rules.trusted_relays.empty())
        warn("client_cert.names", "no name of a certificate is known, so client-cert holds for nobody but exempt clients");
    for (std::size_t i = 0; i < rules.certificate_names.size(); ++i)
        if (rules.certificate_names[i].find_first_of(" \t") != std::string::npos)
            in.warning("client_cert.names", i,
                       '"' + rules.certificate_names[i] +
                           "\" has a blank, which no name of a host has: names are compared as they stand; several are a list, each in its "
                           "own quotes");
    for (std::size_t i = 0; i < rules.certificate_names.size(); ++i)
        if (rules.certificate_names[i].find('*') != std::string::npos)
            in.warning(
                "client_cert.names", i,
                '"' + rules.certificate_names[i] + "\": names are compared as they stand, so this one matches no host's certificate");
    if (config.limits.field_octets > config.milter.max_frame_octets)
        warn("limits.field_octets", "is above milter.max_frame_octets (" + std::to_string(config.milter.max_frame_octets) +
                                        "): a field between the two ends the MTA's connection instead of getting a verdict");
    if (config.milter.max_partial_octets < 2 * config.milter.max_frame_octets)
        warn("milter.max_partial_octets", "is below twice milter.max_frame_octets (" + std::to_string(config.milter.max_frame_octets) +
                                              "): a long frame may end its session though no other is open");
    if (holds_everybody(rules.bypass_clients))
        warn("bypass.clients", "holds every client: nothing is judged");
    else
        warn_of_bypassed_microsoft(rules, in);
    if (holds_everybody(rules.certificate_exempt)) warn("client_cert.exempt", "holds every client: client-cert proves nothing");
    if (holds_everybody(rules.trusted_relays)) warn("client_cert.trusted_relays", "holds every client: anybody counts as Exchange Online");
    if (holds_everybody(rules.exchange_online)) warn("client_ip.prefixes", "holds every client: client-ip proves nothing");
    warn_of_open_sockets(config, in);
}

std::vector<std::string> notes(const Config& config) {
    std::vector<std::string> notes;
    if (config.rules.dkim_source != decision::DkimSource::verify && !config.rules.authres.authserv_ids.empty())
        notes.emplace_back(
            "DKIM results are taken from Authentication-Results, which is safe only as far as the validator before us cannot be silenced: "
            "remove forged fields of its id (OpenDKIM: RemoveARAll yes, RemoveARFrom) and use job ids; known well is OpenDKIM only, "
            "the fields of Rspamd, amavis and others may not count (docs/postfix.md). dkim.source = \"verify\" needs none of this");
    return notes;
}

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "localhost";
    return name.data();
}

}  // namespace exota::config
