// MTA-STS (RFC 8461): the TXT record, the policy, which MX hosts it names, and a policy as it is kept on disk.
//
// Fetching, time and files are others' business. A policy that breaks its grammar is no policy at all; fields that we do not know are
// skipped; of a field that may come once the first counts (section 3.2).
//
// Tested by mta_sts_test.cc and fuzz/mta_sts_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace exota::authn {

inline constexpr std::size_t max_mta_sts_policy_octets = 64 * 1024;
inline constexpr std::size_t max_mta_sts_patterns = 1000;
inline constexpr std::chrono::seconds max_mta_sts_age{31'557'600};  // a longer max_age is this one

/// The id of the policy that a domain has, from the TXT records of `_mta-sts.DOMAIN`.
/// @return  nullopt: none, by the RFC's reading: no record, several, or one that breaks the grammar.
std::optional<std::string_view> mta_sts_id(std::span<const std::string> txt_records) noexcept;

struct MtaStsPolicy {
    enum class Mode : std::uint8_t { enforce, testing, none };

    Mode mode = Mode::none;
    std::chrono::seconds max_age{0};  // 0 to max_mta_sts_age
    std::vector<std::string> mx;      // lower case; "*." stands for one label. None only where the mode is none.

    /// @return  invalid_data or too_long, with the reason.
    static base::Result<MtaStsPolicy> parse(std::string_view text);
    /// Parses to itself.
    std::string text() const;
    /// @param host  in any letter case, no final dot.
    bool names_mx(std::string_view host) const;
    friend bool operator==(const MtaStsPolicy&, const MtaStsPolicy&) = default;
};
std::string_view name_of(MtaStsPolicy::Mode mode) noexcept;

/// A policy that was fetched, as it is kept until it expires.
struct MtaStsEntry {
    std::string domain;  // canonical
    std::string id;      // what TXT said when it was fetched
    std::chrono::sys_seconds fetched;
    MtaStsPolicy policy;

    bool is_in_force(std::chrono::sys_seconds now) const noexcept { return now < fetched + policy.max_age; }
    /// @return  invalid_data: not what text() wrote, or not whole.
    static base::Result<MtaStsEntry> parse(std::string_view text);
    std::string text() const;
    friend bool operator==(const MtaStsEntry&, const MtaStsEntry&) = default;
};

}  // namespace exota::authn
