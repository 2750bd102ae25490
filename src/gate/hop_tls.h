// What a connection to a mail host must show, chosen before it is dialled: by DANE (RFC 7672), MTA-STS (RFC 8461) and the settings. Whether
// it does show it is hop_proof.h's to say.
//
//   tls_level dane[-only]: addresses secure, TLSA secure    usable ─▶ dane    none usable ─▶ encrypt (dane-only: unfit)
//                                                           bogus, failed ─▶ unfit: the next host
//                          else                             tls_fallback (dane-only: unfit)
//   another tls_level:                                      itself
//
// Where that gave no usable TLSA and the domain has an MTA-STS policy that is enforced: verify, and a host that it does not name is unfit.
// "testing", "none" and no policy change nothing.
//
// A function of values. Tested by hop_tls_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authn/dns.h"
#include "authn/mta_sts.h"
#include "authn/tlsa.h"
#include "gate/mail_hosts.h"
#include "gate/relay_settings.h"

namespace exota::gate {

/// Where the level of a connection comes from.
enum class TlsPolicy : std::uint8_t {
    setting,          // tls_level
    dane,             // TLSA records that can be used
    dane_unusable,    // none of them can: TLS, but not authenticated (RFC 7672 section 2.2)
    mta_sts,          // a policy that is enforced
    mta_sts_testing,  // a policy that is only tried: its failures are counted
    fallback,         // tls_fallback: neither DANE nor MTA-STS says anything
};
/// "setting", "dane", "dane-unusable", "mta-sts", "mta-sts-testing", "fallback".
std::string_view name_of(TlsPolicy policy) noexcept;
/// "may", "encrypt", "verify", "dane", "dane-only".
std::string_view name_of(TlsLevel level) noexcept;

struct HopTls {
    TlsLevel level = TlsLevel::may;  // never dane_only
    TlsPolicy policy = TlsPolicy::setting;
    std::vector<authn::TlsaRecord> tlsa{};  // of dane
    std::vector<std::string> names{};       // the host's, for SNI (the first) and its certificate; of an address itself, which is no SNI
    std::string tried{};                    // of mta_sts_testing: what would have made the host unfit; empty: nothing
    friend bool operator==(const HopTls&, const HopTls&) = default;
};

/// What a domain says by MTA-STS.
struct StsFound {
    std::optional<authn::MtaStsPolicy> policy;
    std::string failure;     // why nothing better is known; empty: that is all there is
    bool undecided = false;  // there may be one, and we had no room to ask: no host is fit for now
};

struct TlsRules {
    TlsLevel level = TlsLevel::dane, fallback = TlsLevel::encrypt;
    bool mta_sts = true;  // a domain's policy is asked for
};
/// MTA-STS is for domains whose MX we look up ourselves.
TlsRules tls_rules(const RelaySettings& settings, const Destination& destination) noexcept;

struct TlsChoice {
    enum class Is : std::uint8_t { chosen, unfit, needs_dns, needs_policy };
    Is is = Is::chosen;
    HopTls tls{};       // chosen
    std::string why{};  // unfit: for people
};
/// @param sts  nullptr: not known yet.
TlsChoice choose_tls(const MailHost& host, std::uint16_t port, const TlsRules& rules, authn::Dns& dns, const StsFound* sts);

}  // namespace exota::gate
