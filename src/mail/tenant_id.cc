// Tenant ids: strict reading for header fields, Python's reading for version-1 tenants files.
//
// Tested by tenant_id_test.cc.
#include "mail/tenant_id.h"

#include <array>
#include <cstdint>

namespace exota::mail {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr std::size_t max_lenient_octets = 128;

constexpr std::array<std::int8_t, 256> hex_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (const std::string_view digits : {"0123456789abcdef", "0123456789ABCDEF"})
        for (std::size_t i = 0; i < digits.size(); ++i) values[static_cast<unsigned char>(digits[i])] = static_cast<std::int8_t>(i);
    return values;
}();

constexpr std::array<std::size_t, 4> hyphen_places{8, 13, 18, 23};
constexpr bool is_hyphen_place(std::size_t i) noexcept { return i == 8 || i == 13 || i == 18 || i == 23; }

/// Exactly 32 hexadecimal digits.
bool read_digits(std::string_view digits, std::array<std::uint8_t, 16>& octets) noexcept {
    if (digits.size() != 32) return false;
    for (std::size_t i = 0; i < 16; ++i) {
        const int high = hex_values[static_cast<unsigned char>(digits[2 * i])];
        const int low = hex_values[static_cast<unsigned char>(digits[2 * i + 1])];
        if (high < 0 || low < 0) return false;
        octets[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return true;
}

void remove_all(std::string& text, std::string_view word) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) text.erase(at, word.size());
}

}  // namespace

Result<TenantId> TenantId::parse(std::string_view text) {
    if (text.size() != 36) return fail(Errc::invalid_data, "tenant id is not of 36 characters");
    for (const std::size_t place : hyphen_places)
        if (text[place] != '-') return fail(Errc::invalid_data, "tenant id has no hyphen where a UUID has one");
    TenantId id;
    int all = 0;  // negative: some digit is none
    std::size_t at = 0;
    for (std::uint8_t& octet : id.octets_) {
        if (is_hyphen_place(at)) ++at;
        const int high = hex_values[static_cast<unsigned char>(text[at])], low = hex_values[static_cast<unsigned char>(text[at + 1])];
        all |= high | low;
        octet = static_cast<std::uint8_t>(high << 4 | low);
        at += 2;
    }
    if (all < 0) return fail(Errc::invalid_data, "tenant id has a character that is no hexadecimal digit");
    return id;
}

Result<TenantId> TenantId::parse_lenient(std::string_view text) {
    if (text.size() > max_lenient_octets) return fail(Errc::too_long, "tenant id of more than 128 octets");
    // The steps of Python's uuid.UUID(hex), in its order.
    std::string digits(text);
    remove_all(digits, "urn:");
    remove_all(digits, "uuid:");
    const std::size_t first = digits.find_first_not_of("{}");
    const std::size_t last = digits.find_last_not_of("{}");
    digits = first == std::string::npos ? std::string() : digits.substr(first, last - first + 1);
    remove_all(digits, "-");
    TenantId id;
    if (!read_digits(digits, id.octets_)) return fail(Errc::invalid_data, "tenant id is no UUID: badly formed hexadecimal");
    return id;
}

std::string TenantId::text() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out(36, '-');
    std::size_t at = 0;
    for (const std::uint8_t octet : octets_) {
        if (is_hyphen_place(at)) ++at;
        out[at++] = digits[octet >> 4];
        out[at++] = digits[octet & 15];
    }
    return out;
}

}  // namespace exota::mail
