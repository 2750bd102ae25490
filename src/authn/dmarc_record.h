// DMARC policy records (RFC 9989 sections 4.7 and 4.10.1; RFC 7489 sections 6.3 and 6.6.3): text to values.
//
// Tested by dmarc_test.cc, fuzz/dmarc_fuzz.cc and the shared corpus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exota::authn {

enum class DmarcPolicy : std::uint8_t { none, quarantine, reject };
enum class DmarcAlignment : std::uint8_t { relaxed, strict };
enum class DmarcPsd : std::uint8_t { unstated, yes, no };
enum class DmarcRfc : std::uint8_t { rfc9989, rfc7489 };
std::string_view name_of(DmarcPolicy policy) noexcept;

struct DmarcRecord {
    DmarcPolicy p = DmarcPolicy::none, sp = DmarcPolicy::none, np = DmarcPolicy::none;
    DmarcAlignment adkim = DmarcAlignment::relaxed, aspf = DmarcAlignment::relaxed;
    DmarcPsd psd = DmarcPsd::unstated;
    bool testing = false;               // t=y (RFC 9989)
    unsigned percent = 100;             // pct= (RFC 7489)
    bool has_policy = true;             // false: broken without a usable rua=, so DMARC is not applied to the message
    std::vector<std::string> rua, ruf;  // addresses of mailto: URIs, size suffix removed
    std::string fo;
};

inline constexpr std::size_t max_dmarc_record_octets = 8 * 1024;

/// True if `text` begins with the tag v=DMARC1: other records are none of ours and are discarded.
bool is_dmarc_record(std::string_view text) noexcept;

/// A p=, sp= or np= that nobody understands makes the whole record mean p=none where reports are asked for, and nothing else; by RFC 7489
/// so does a missing p=, and np= is no tag. Unknown tags and unusable values of other tags are ignored, as both RFCs say.
/// @return  nullopt where it is no DMARC record, or too long.
std::optional<DmarcRecord> parse_dmarc_record(std::string_view text, DmarcRfc rfc);

}  // namespace exota::authn
