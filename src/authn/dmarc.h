// DMARC: does a passing identifier belong to the author's organisation, and what does its owner ask for otherwise?
//
// RFC 9989 (tree walk, psd, np, t) by default; RFC 7489 (public suffix list) as a switch. Asks DNS by value (dns.h).
// Tested by dmarc_test.cc, dmarc_corpus_test.cc (the shared corpus) and fuzz/dmarc_fuzz.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authn/dmarc_record.h"
#include "authn/dns.h"
#include "authn/spf.h"
#include "authn/suffixes.h"

namespace exota::authn {

enum class DmarcValue : std::uint8_t { none, pass, fail, temperror, permerror };
std::string_view name_of(DmarcValue value) noexcept;

/// One authenticated identifier: what DKIM or SPF said of which domain (canonical).
enum class IdentifierResult : std::uint8_t { pass, temperror, other };
struct DmarcIdentifier {
    std::string domain;
    IdentifierResult result = IdentifierResult::other;
};

struct DmarcQuery {
    std::string author_domain;  // canonical
    DmarcIdentifier spf;        // of MAIL FROM; an empty domain for none
    std::vector<DmarcIdentifier> dkim;
    DmarcRfc rfc = DmarcRfc::rfc9989;
    std::span<const std::string> shared_suffixes;
    const PublicSuffixes& public_suffixes;  // asked by RFC 7489 only
    bool align_without_record = false;      // say what is aligned where nobody published a policy, too
};

struct DmarcResult {
    bool pending = false;  // some answer is missing: resolve Dns::take_pending() and call again
    DmarcValue value = DmarcValue::none;
    DmarcPolicy policy = DmarcPolicy::none;          // what the owner asks for this author domain
    DmarcPolicy enforced = DmarcPolicy::none;        // the same, a step milder with t=y or pct=0
    DmarcPolicy disposition = DmarcPolicy::none;     // what it means here: `enforced`, but none on pass
    bool has_record = false;                         // a policy is published for it
    std::string organizational_domain;               // of the author domain; empty: DNS did not answer, or a bare suffix (RFC 7489)
    std::string policy_domain;                       // where the record was found
    bool aligned_dkim = false, aligned_spf = false;  // a *passing* identifier is aligned
    bool doubtful_dkim = false;                      // none does by DKIM, but one could not be checked that might
    std::string detail;
};

inline constexpr int max_dmarc_walk_queries = 8;  // RFC 9989 section 4.10

/// A temporary failure at any step, of DNS or of an identifier that would be aligned while none passes, is temperror.
DmarcResult check_dmarc(const DmarcQuery& query, Dns& dns);

}  // namespace exota::authn
