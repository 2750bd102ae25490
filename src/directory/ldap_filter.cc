#include "directory/ldap_filter.h"

#include <algorithm>

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view hex = "0123456789abcdef";
constexpr int max_depth = 32;

/// One filter from its '(' on, without a look at what servers may know of it: structure only.
/// @return  where it ends; npos: it is none.
std::size_t end_of_filter(std::string_view text, std::size_t at, int depth) {
    constexpr auto npos = std::string_view::npos;
    if (depth > max_depth || at >= text.size() || text[at] != '(') return npos;
    ++at;
    if (at < text.size() && (text[at] == '&' || text[at] == '|' || text[at] == '!')) {
        const bool one = text[at] == '!';
        std::size_t count = 0;
        for (++at; at < text.size() && text[at] == '('; ++count)
            if ((at = end_of_filter(text, at, depth + 1)) == npos) return npos;
        if (count == 0 || (one && count != 1)) return npos;
        return at < text.size() && text[at] == ')' ? at + 1 : npos;
    }
    const std::size_t close = text.find_first_of("()", at);
    const std::size_t equals = text.substr(at, close == npos ? npos : close - at).find('=');
    if (close == npos || text[close] != ')' || equals == npos || equals == 0) return npos;
    return close + 1;
}

bool is_attribute(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ';' || c == '_';
    });
}

}  // namespace

std::string escaped_for_filter(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    for (const char c : value) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '*' || c == '(' || c == ')' || c == '\\' || octet < 0x20 || octet >= 0x7f) {
            out += '\\';
            out += hex[octet >> 4];
            out += hex[octet & 15];
        } else {
            out += c;
        }
    }
    return out;
}

base::Result<LdapFilter> LdapFilter::parse(std::string_view text, std::string_view placeholder) {
    if (text.size() > max_octets) return fail(Errc::too_long, "longer than " + std::to_string(max_octets) + " octets");
    if (text.find('\0') != std::string_view::npos) return fail(Errc::invalid_data, "has a NUL in it");
    if (end_of_filter(text, 0, 0) != text.size())
        return fail(Errc::invalid_data, "is no filter in parentheses, such as (domainName=" + std::string(placeholder) + ')');
    LdapFilter filter;
    std::size_t from = 0;
    for (std::size_t at = text.find(placeholder); at != std::string_view::npos; at = text.find(placeholder, from)) {
        const std::size_t open = text.rfind('(', at);
        const std::string_view before = text.substr(open + 1, at - open - 1);
        const std::size_t equals = before.find('=');
        if (equals == std::string_view::npos)
            return fail(Errc::invalid_data, "has " + std::string(placeholder) + " where no value is: it stands behind a =");
        std::string_view attribute = before.substr(0, equals);
        const bool alone = equals + 1 == before.size() && text.substr(at + placeholder.size()).starts_with(')');
        if (alone && is_attribute(attribute)) filter.attributes_.emplace_back(attribute);
        filter.pieces_.emplace_back(text.substr(from, at - from));
        from = at + placeholder.size();
    }
    if (filter.pieces_.empty()) return fail(Errc::invalid_data, "lacks " + std::string(placeholder) + ", the name that is looked up");
    filter.pieces_.emplace_back(text.substr(from));
    return filter;
}

std::string LdapFilter::with(std::string_view name) const {
    const std::string value = escaped_for_filter(name);
    std::string out = pieces_.front();
    for (std::size_t i = 1; i < pieces_.size(); ++i) out.append(value).append(pieces_[i]);
    return out;
}

std::string LdapFilter::with_any() const {
    std::string out = pieces_.front();
    for (std::size_t i = 1; i < pieces_.size(); ++i) {
        if (!out.ends_with('*')) out += '*';  // two of them are no filter
        out.append(pieces_[i], pieces_[i].starts_with('*') ? 1 : 0);
    }
    return out;
}

}  // namespace exota::directory
