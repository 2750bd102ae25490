#include "wire/smtp/path.h"

#include <algorithm>
#include <array>

#include "base/ip.h"
#include "base/text.h"
#include "base/utf8.h"
#include "mail/domain.h"

namespace exota::smtp {
namespace {

using base::Cursor;
using base::Errc;

constexpr bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }

bool is_all_ascii(std::string_view text) noexcept {
    unsigned seen = 0;
    for (const char c : text) seen |= static_cast<unsigned char>(c);
    return seen < 0x80;
}

/// atext (RFC 5322 section 3.2.3), and any octet of UTF-8.
constexpr auto atext = [] {
    std::array<bool, 256> table{};
    for (unsigned c = 0; c < 256; ++c)
        table[c] = c >= 0x80 || base::is_alnum(static_cast<char>(c)) ||
                   std::string_view("!#$%&'*+-/=?^_`{|}~").find(static_cast<char>(c)) != std::string_view::npos;
    return table;
}();
constexpr bool is_atext_or_dot(char c) noexcept { return c == '.' || atext[static_cast<unsigned char>(c)]; }

constexpr bool is_domain_octet(char c) noexcept { return base::is_alnum(c) || c == '-' || c == '_' || c == '.' || !is_ascii(c); }

bool is_ascii_domain_name(std::string_view text) noexcept {
    for (;;) {
        const std::string_view label = text.substr(0, text.find('.'));
        if (label.empty() || label.size() > mail::Domain::max_label_octets || label.front() == '-' || label.back() == '-') return false;
        if (!std::ranges::all_of(label, [](char c) { return base::is_alnum(c) || c == '-' || c == '_'; })) return false;
        if (label.size() == text.size()) return true;
        text.remove_prefix(label.size() + 1);
    }
}

bool is_dotted_quad(std::string_view text) noexcept {
    Cursor in(text);
    for (int number = 0; number < 4; ++number) {
        if (number > 0 && !in.skip('.')) return false;
        const std::string_view digits = in.take_while(base::is_digit);
        if (digits.empty() || digits.size() > 3) return false;
        int value = 0;
        for (const char c : digits) value = value * 10 + (c - '0');
        if (value > 255) return false;
    }
    return in.at_end();
}

/// Quoted-string of SMTP: blanks and printable characters, '"' and '\' behind a '\'.
bool skip_quoted_string(Cursor& in) noexcept {
    if (!in.skip('"')) return false;
    for (;;) {
        if (in.skip('"')) return true;
        const bool quoted_pair = in.skip('\\');
        if (in.at_end() || base::is_control(in.peek()) || (quoted_pair && !is_ascii(in.peek()))) return false;
        in.advance();
    }
}

bool skip_local_part(Cursor& in) noexcept { return in.next_is('"') ? skip_quoted_string(in) : !in.take_while(is_atext_or_dot).empty(); }

/// A name or a literal, whichever begins here.
std::string_view take_domain(Cursor& in) noexcept {
    const std::size_t start = in.position();
    if (!in.next_is('[')) return in.take_while(is_domain_octet);
    in.take_while([](char c) { return c != ']' && c != '>' && is_ascii(c) && !base::is_control(c); });
    in.skip(']');
    return in.since(start);
}

bool is_domain_or_literal(std::string_view text) { return text.starts_with('[') ? is_address_literal(text) : is_domain_name(text); }

/// "@one.example,@two.example:" is to be accepted and ignored (RFC 5321 section 4.1.2, appendix C).
bool skip_source_route(Cursor& in) {
    const std::size_t start = in.position();
    do {
        if (!in.skip('@') || !is_domain_or_literal(take_domain(in))) return false;
    } while (in.skip(','));
    return in.skip(':') && in.since(start).size() <= max_source_route_octets;
}

/// Behind the '<', up to and with the '>'.
std::expected<Path, Errc> read_mailbox(Cursor& in) {
    const auto wrong = std::unexpected(Errc::invalid_data);
    if (in.next_is('@') && !skip_source_route(in)) return wrong;
    Path path{.kind = Path::Kind::mailbox};
    const std::size_t start = in.position();
    if (!skip_local_part(in)) return wrong;
    path.local_part = in.since(start);
    if (!in.skip('@')) return wrong;
    path.domain = take_domain(in);
    path.mailbox = in.since(start);
    path.ascii = is_all_ascii(path.mailbox);
    if (!in.skip('>') || path.local_part.size() > max_local_part_octets || !is_domain_or_literal(path.domain)) return wrong;
    if (!path.ascii && !base::is_utf8(path.mailbox)) return wrong;
    return path;
}

}  // namespace

bool is_domain_name(std::string_view text) {
    if (text.size() > max_domain_octets) return false;
    if (is_all_ascii(text)) return is_ascii_domain_name(text);
    return !text.ends_with('.') && mail::Domain::parse(text).has_value();
}

bool is_address_literal(std::string_view text) {
    constexpr std::size_t longest = std::string_view("[IPv6:0000:0000:0000:0000:0000:0000:255.255.255.255]").size();
    if (text.size() < 2 || text.size() > longest || !text.starts_with('[') || !text.ends_with(']')) return false;
    const std::string_view inner = text.substr(1, text.size() - 2);
    constexpr std::string_view tag = "IPv6:";
    if (!base::istarts_with(inner, tag)) return is_dotted_quad(inner);
    const std::string_view address = inner.substr(tag.size());
    return address.find(':') != std::string_view::npos && !base::istarts_with(address, tag) && base::IpAddress::parse(address).has_value();
}

std::expected<Path, Errc> read_reverse_path(Cursor& in) {
    if (!in.skip('<')) return std::unexpected(Errc::invalid_data);
    if (in.skip('>')) return Path{};
    return read_mailbox(in);
}

std::expected<Path, Errc> read_forward_path(Cursor& in) {
    if (!in.skip('<')) return std::unexpected(Errc::invalid_data);
    constexpr std::string_view postmaster = "Postmaster>";
    if (base::istarts_with(in.rest(), postmaster)) {
        const std::string_view mailbox = in.rest().substr(0, postmaster.size() - 1);
        in.advance(postmaster.size());
        return Path{.kind = Path::Kind::postmaster, .mailbox = mailbox};
    }
    return read_mailbox(in);
}

}  // namespace exota::smtp
