#include "wire/smtp/extensions.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "mail/reply.h"

namespace exota::smtp {
namespace {

/// ehlo-keyword: letters and digits, then hyphens too.
bool is_keyword(std::string_view word) noexcept {
    return !word.empty() && base::is_alnum(word.front()) && std::ranges::all_of(word, [](char c) { return base::is_alnum(c) || c == '-'; });
}

/// SIZE without a number says no limit (RFC 1870 section 4); one that is no number offers nothing.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    if (text.empty()) return 0;
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (end != text.data() + text.size()) return std::nullopt;
    if (error == std::errc::result_out_of_range) return 0;  // more than any message can have
    return error == std::errc{} ? std::optional(size) : std::nullopt;
}

void note(Extensions& seen, std::string_view line) {
    const std::string_view trimmed = base::trim(line);
    const std::size_t end = std::min(trimmed.find(' '), trimmed.size());
    const std::string_view word = trimmed.substr(0, end);
    const std::string_view rest = base::trim(trimmed.substr(end));
    if (!is_keyword(word)) return;
    const struct {
        std::string_view keyword;
        bool Extensions::* flag;
    } flags[] = {{"PIPELINING", &Extensions::pipelining},
                 {"8BITMIME", &Extensions::eight_bit_mime},
                 {"SMTPUTF8", &Extensions::smtputf8},
                 {"DSN", &Extensions::dsn},
                 {"ENHANCEDSTATUSCODES", &Extensions::enhanced_status_codes},
                 {"STARTTLS", &Extensions::starttls},
                 {"XOORG", &Extensions::xoorg}};
    for (const auto& [keyword, flag] : flags)
        if (base::iequals(word, keyword)) seen.*flag = true;
    if (!seen.size && base::iequals(word, "SIZE")) seen.size = parse_size(rest);
    if (!seen.xclient && base::iequals(word, "XCLIENT")) seen.xclient = XclientNames::parse(rest);
}

/// The smaller limit, where 0 is none.
constexpr std::uint64_t smaller(std::uint64_t a, std::uint64_t b) noexcept { return a == 0 || (b != 0 && b < a) ? b : a; }
static_assert(smaller(0, 0) == 0 && smaller(0, 5) == 5 && smaller(5, 0) == 5 && smaller(4, 5) == 4 && smaller(5, 4) == 4);

}  // namespace

Extensions parse_extensions(std::span<const std::string> lines) {
    Extensions seen;
    for (std::size_t i = 1; i < lines.size(); ++i) note(seen, lines[i]);
    return seen;
}

Extensions offer_to_client(const Extensions& backend, const OwnOffer& own) noexcept {
    Extensions offered;
    offered.pipelining = backend.pipelining;
    offered.eight_bit_mime = backend.eight_bit_mime;
    offered.smtputf8 = backend.smtputf8;
    offered.dsn = backend.dsn;
    offered.enhanced_status_codes = backend.enhanced_status_codes;
    offered.starttls = own.starttls;
    offered.xoorg = own.xoorg;
    offered.size = smaller(own.max_octets, backend.size.value_or(0));
    return offered;
}

void append_ehlo_reply(std::string& out, std::string_view hostname, const Extensions& offered) {
    const auto line = [&out](std::string_view text) {
        out += "250-";
        out += text;
        out += "\r\n";
    };
    std::size_t last = out.size();
    std::string name = mail::safe_reply_text(hostname.substr(0, 255));
    std::ranges::replace(name, ' ', '?');
    line(name.empty() ? "localhost" : std::string_view(name));
    const auto offer = [&](bool offers, std::string_view text) {
        if (!offers) return;
        last = out.size();
        line(text);
    };
    offer(offered.pipelining, "PIPELINING");
    if (offered.size) offer(true, *offered.size == 0 ? "SIZE" : "SIZE " + std::to_string(*offered.size));
    offer(offered.starttls, "STARTTLS");
    offer(offered.enhanced_status_codes, "ENHANCEDSTATUSCODES");
    offer(offered.eight_bit_mime, "8BITMIME");
    offer(offered.dsn, "DSN");
    offer(offered.smtputf8, "SMTPUTF8");
    offer(offered.xoorg, "XOORG");
    out[last + 3] = ' ';  // the last line says that it is
}

}  // namespace exota::smtp
