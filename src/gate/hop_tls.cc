#include "gate/hop_tls.h"

#include <array>
#include <utility>

namespace exota::gate {
namespace {

using authn::DnsAnswer;
using authn::DnsStatus;
using Is = TlsChoice::Is;
using Mode = authn::MtaStsPolicy::Mode;

TlsChoice chosen(TlsLevel level, TlsPolicy policy, const MailHost& host) {
    return {Is::chosen, {.level = level, .policy = policy, .names = {host.name}}};
}
TlsChoice unfit(std::string why) { return {Is::unfit, {}, std::move(why)}; }

/// What TLSA records say; nullopt: there are none that DNSSEC vouches for. They stand at the name to which CNAMEs lead, or else at the MX
/// host's own (RFC 7672 section 2.2.2).
std::optional<TlsChoice> choose_by_tlsa(const MailHost& host, std::uint16_t port, bool only, authn::Dns& dns) {
    if (!host.secure) return std::nullopt;
    const std::array<std::string_view, 2> bases{host.canonical_name, host.name};
    for (std::size_t i = host.canonical_name == host.name ? 1 : 0; i < bases.size(); ++i) {
        const std::string base(bases[i]), name = "_" + std::to_string(port) + "._tcp." + base;
        const DnsAnswer* const answer = dns.ask(name, authn::RecordType::tlsa);
        if (answer == nullptr) return TlsChoice{Is::needs_dns};
        if (answer->status == DnsStatus::bogus) return unfit("TLSA of " + base + " is bogus");
        if (answer->status == DnsStatus::temporary_failure) return unfit("TLSA of " + base + " cannot be had");
        if (answer->status != DnsStatus::data || !answer->secure) continue;
        std::vector<authn::TlsaRecord> usable = authn::usable_tlsa(answer->records);
        if (usable.empty() && only) return unfit("no TLSA record of " + base + " can be used");
        if (usable.empty()) return chosen(TlsLevel::encrypt, TlsPolicy::dane_unusable, host);
        HopTls tls{.level = TlsLevel::dane, .policy = TlsPolicy::dane, .tlsa = std::move(usable), .names = {base}};
        if (base != host.name) tls.names.push_back(host.name);
        return TlsChoice{Is::chosen, std::move(tls)};
    }
    return std::nullopt;
}

/// @param otherwise  what holds without a policy that is enforced.
TlsChoice choose_by_policy(const MailHost& host, TlsChoice otherwise, const StsFound& sts) {
    if (sts.undecided) return unfit({});  // StsFound::failure says it, once for all hosts
    const Mode mode = sts.policy ? sts.policy->mode : Mode::none;
    if (mode == Mode::none) return otherwise;
    const bool named = sts.policy->names_mx(host.name);
    const std::string why = named ? "" : "MTA-STS does not name " + host.name;
    if (mode == Mode::enforce) return named ? chosen(TlsLevel::verify, TlsPolicy::mta_sts, host) : unfit(why);
    otherwise.tls.policy = TlsPolicy::mta_sts_testing;
    otherwise.tls.tried = why;
    return otherwise;
}

}  // namespace

std::string_view name_of(TlsPolicy policy) noexcept {
    constexpr std::string_view names[] = {"setting", "dane", "dane-unusable", "mta-sts", "mta-sts-testing", "fallback"};
    return names[static_cast<std::size_t>(policy)];
}

std::string_view name_of(TlsLevel level) noexcept {
    constexpr std::string_view names[] = {"may", "encrypt", "verify", "dane", "dane-only"};
    return names[static_cast<std::size_t>(level)];
}

TlsRules tls_rules(const RelaySettings& settings, const Destination& destination) noexcept {
    const bool has_policy = settings.next_hop.kind == NextHop::Kind::mx && !base::IpAddress::parse(destination.name);
    return {settings.tls_level, settings.tls_fallback, settings.mta_sts && has_policy};
}

TlsChoice choose_tls(const MailHost& host, std::uint16_t port, const TlsRules& rules, authn::Dns& dns, const StsFound* sts) {
    const bool only = rules.level == TlsLevel::dane_only, by_dane = only || rules.level == TlsLevel::dane;
    TlsChoice choice = by_dane ? chosen(rules.fallback, TlsPolicy::fallback, host) : chosen(rules.level, TlsPolicy::setting, host);
    if (by_dane) {
        if (auto by_tlsa = choose_by_tlsa(host, port, only, dns))
            choice = *std::move(by_tlsa);
        else if (only)
            return unfit("no secure TLSA of " + host.name);
    }
    // DANE that can be used, or fails, is not overridden (RFC 8461 section 2).
    if (choice.is != Is::chosen || choice.tls.policy == TlsPolicy::dane || !rules.mta_sts) return choice;
    if (sts == nullptr) return {Is::needs_policy};
    return choose_by_policy(host, std::move(choice), *sts);
}

}  // namespace exota::gate
