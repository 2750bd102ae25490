// Fields that a message should have once: two of them with different values mean one thing to one reader and another to the next, so a
// signature has to cover each of them (RFC 6376 section 8.15).
//
// From is not among them: a message with two is refused outright.
//
// Tested by single_field_test.cc and evidence/cross_check_test.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace exota::mail {

/// RFC 5322 section 3.6, and of RFC 2045 and 2183 those that say how the body is to be read.
enum class SingleField : std::uint8_t {
    date,
    sender,
    reply_to,
    to,
    cc,
    bcc,
    message_id,
    in_reply_to,
    references,
    subject,
    content_type,
    mime_version,
    content_transfer_encoding,
    content_disposition,
    content_id,
    none,
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(SingleField::none)> single_fields{
    "Date",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
    "Content-Type",
    "MIME-Version",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
};

/// More fields of one name than this are not compared: as good as unsigned.
inline constexpr std::size_t max_compared_fields = 64;

/// Whether a signature leaves some value unsigned. Fields of equal value count as one: which of them is shown makes no difference.
/// @param values   the values of one name from the top of the header down: equal numbers are equal values.
/// @param covered  how often h= names the field: a signature takes them from below (RFC 6376 section 5.4.2).
inline bool leaves_a_value_unsigned(std::span<const std::uint32_t> values, std::size_t covered) noexcept {
    if (values.size() < 2 || std::ranges::adjacent_find(values, std::ranges::not_equal_to{}) == values.end()) return false;
    const auto signed_values = values.last(std::min(covered, values.size()));
    return !std::ranges::all_of(values.first(values.size() - signed_values.size()),
                                [&](std::uint32_t value) { return std::ranges::find(signed_values, value) != signed_values.end(); });
}

}  // namespace exota::mail
