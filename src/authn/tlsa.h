// TLSA records (RFC 6698, RFC 7671) as mail uses them (RFC 7672): which of them can be used, and whether one matches what a server showed.
//
// Usable are DANE-EE (3) and DANE-TA (2) with a selector and a matching type that RFC 6698 names. Usages 0 and 1 are unusable in SMTP
// (RFC 7672 section 3.1.3). Whether the records may be believed (DNSSEC) is for who asked for them.
//
// Tested by tlsa_test.cc and fuzz/tlsa_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace exota::authn {

enum class TlsaUsage : std::uint8_t { trust_anchor = 2, end_entity = 3 };
enum class TlsaSelector : std::uint8_t { certificate = 0, public_key = 1 };
enum class TlsaMatching : std::uint8_t { full = 0, sha256 = 1, sha512 = 2 };

struct TlsaRecord {
    TlsaUsage usage = TlsaUsage::end_entity;
    TlsaSelector selector = TlsaSelector::public_key;
    TlsaMatching matching = TlsaMatching::sha256;
    std::string data;  // what is to be matched: the DER of certificate or key, or its digest

    /// @param rdata  usage, selector, matching type (an octet each), and the data.
    /// @return       nullopt: unusable. A digest of another length than it has, or DER that is no certificate or key, is that too.
    static std::optional<TlsaRecord> parse(std::string_view rdata);
    /// "3 1 1", for logs.
    std::string text() const;
    friend bool operator==(const TlsaRecord&, const TlsaRecord&) = default;
};

/// Records of one set that are looked at; what comes behind is unusable.
inline constexpr std::size_t max_tlsa_records = 64;

/// The usable ones of a record set. Of several digests for one usage and selector only the strongest stay (RFC 7671 section 9).
std::vector<TlsaRecord> usable_tlsa(std::span<const std::string> rdata);

/// Certificates of a chain that are looked at; what comes behind is as if it had not been sent.
inline constexpr std::size_t max_tlsa_chain = 16;

/// A chain in which a key is larger is matched by no trust anchor: whoever sends it has us do the arithmetic.
inline constexpr int max_tlsa_rsa_bits = 8192, max_tlsa_rsa_exponent_bits = 64;

struct TlsaMatch {
    enum class By : std::uint8_t { none, end_entity, trust_anchor };
    By by = By::none;
    std::string record;  // text() of the one that matched

    /// A trust anchor vouches for a name, so the certificate must have the server's (RFC 7671 section 5.2). The key of a server itself is
    /// bound to the name by DNS: neither names nor dates are looked at (section 5.1).
    bool needs_name() const noexcept { return by == By::trust_anchor; }
};
/// @param chain  DER as the server sent it, its own first.
/// @param now    when the signatures up to the trust anchor must be valid.
/// @return       by end_entity before trust_anchor, where both would match. However many records and certificates there are, signatures
///               are verified along one chain.
TlsaMatch match_tlsa(std::span<const TlsaRecord> usable, std::span<const std::string> chain, std::chrono::sys_seconds now);

}  // namespace exota::authn
