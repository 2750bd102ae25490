// What is no error in a configuration and still should be known.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "app/config_build.h"
#include "authn/suffixes.h"

namespace exota::app {
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

bool holds_everybody(const std::vector<base::IpPrefix>& prefixes) {
    return std::ranges::any_of(prefixes, [](const base::IpPrefix& prefix) { return prefix.text().ends_with("/0"); });
}

}  // namespace

void add_config_warnings(const Config& config, std::vector<ConfigProblem>& problems) {
    const decision::Rules& rules = config.rules;
    const auto warn = [&](std::string key, std::string text) {
        problems.push_back({ConfigProblem::Severity::warning, config.path, 0, 0, std::move(key), std::move(text)});
    };
    if (uses_client_ip(config) && rules.exchange_online.empty())
        warn("client_ip", "no prefix of Exchange Online is known (endpoints_file, prefixes), so client-ip never holds");
    const bool from_fields = rules.dkim_source != decision::DkimSource::verify;
    const bool from_own_verification = rules.dkim_source != decision::DkimSource::authentication_results;
    const bool needs_dkim = some_proof_needs(config, {Factor::dkim, Factor::dkim_aligned, Factor::dkim_any});
    if (from_fields && needs_dkim && rules.authres.authserv_ids.empty())
        warn("authentication_results.trusted_authserv_ids",
             "no authserv-id is trusted, so no DKIM result counts and the dkim factors never hold");
    if (from_fields && needs_dkim && std::ranges::find(rules.authres.methods, "dkim") == rules.authres.methods.end())
        warn("authentication_results.methods", "\"dkim\" is missing, so the dkim factors never hold");
    if (!from_own_verification && !rules.arc_trusted_sealers.empty())
        warn("arc.trusted_sealers", "ARC chains are looked at only with dkim.source = \"verify\" or \"both\"");
    if (rules.authres.position == evidence::AuthresTrust::Position::any)
        warn("authentication_results.position",
             "\"any\" believes every field of a trusted id wherever it stands: forged ones too, if the validator leaves them");
    if (rules.peer_proof == decision::PeerProof::none)
        warn("authorisation.peer_proof", "\"none\" believes Microsoft's header fields from anybody");
    if (!rules.contradictions_refuse)
        warn("authorisation.contradictions", "\"ignore\" accepts messages whose evidence names another tenant");
    const bool needs_certificate = some_proof_needs(config, {Factor::client_cert}) || rules.peer_proof == decision::PeerProof::client_cert;
    if (needs_certificate && rules.certificate_names.empty() && rules.trusted_relays.empty())
        warn("client_cert.names", "no name of a certificate is known, so client-cert holds for nobody but exempt clients");
    if (config.limits.field_octets > config.milter.max_frame_octets)
        warn("limits.field_octets", "is above milter.max_frame_octets (" + std::to_string(config.milter.max_frame_octets) +
                                        "): a field between the two ends the MTA's connection instead of getting a verdict");
    if (holds_everybody(rules.bypass_clients)) warn("bypass.clients", "holds every client: nothing is judged");
    if (holds_everybody(rules.certificate_exempt)) warn("client_cert.exempt", "holds every client: client-cert proves nothing");
    if (holds_everybody(rules.trusted_relays)) warn("client_cert.trusted_relays", "holds every client: anybody counts as Exchange Online");
    if (holds_everybody(rules.exchange_online)) warn("client_ip.prefixes", "holds every client: client-ip proves nothing");
}

std::vector<std::string> config_notes(const Config& config) {
    std::vector<std::string> notes;
    if (config.rules.dkim_source != decision::DkimSource::verify && !config.rules.authres.authserv_ids.empty())
        notes.emplace_back(
            "DKIM results are taken from Authentication-Results: the validator before us must remove forged fields of its own id "
            "(OpenDKIM: RemoveARAll yes and RemoveARFrom)");
    return notes;
}

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "localhost";
    return name.data();
}

bool is_public_suffix(std::string_view domain) { return authn::PublicSuffixes::system().is_public_suffix(domain); }

}  // namespace exota::app
