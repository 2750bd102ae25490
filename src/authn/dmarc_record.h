// DMARC policy records (RFC 9989 section 4.7; RFC 7489 section 6.3): text to values.
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
std::string_view name_of(DmarcPolicy policy) noexcept;

struct DmarcRecord {
    DmarcPolicy p = DmarcPolicy::none, sp = DmarcPolicy::none, np = DmarcPolicy::none;
    DmarcAlignment adkim = DmarcAlignment::relaxed, aspf = DmarcAlignment::relaxed;
    DmarcPsd psd = DmarcPsd::unstated;
    bool testing = false;               // t=y
    std::vector<std::string> rua, ruf;  // addresses of mailto: URIs, size suffix removed
    std::string fo;
};

inline constexpr std::size_t max_dmarc_record_octets = 8 * 1024;

/// True if `text` begins with the tag v=DMARC1: other records are none of ours and are discarded.
bool is_dmarc_record(std::string_view text) noexcept;

/// @return  nullopt where there is no policy to apply: not a DMARC record, a broken p= without a usable rua=, too long. Unknown tags
///          and unusable values of other tags are ignored, as both RFCs say.
std::optional<DmarcRecord> parse_dmarc_record(std::string_view text);

}  // namespace exota::authn
