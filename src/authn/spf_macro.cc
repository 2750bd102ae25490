#include "authn/spf_macro.h"

#include <algorithm>
#include <vector>

#include "base/cursor.h"
#include "base/encode.h"
#include "base/text.h"
#include "mail/domain.h"

namespace exota::authn {
namespace {

using base::Cursor;

constexpr std::string_view delimiters = ".-+,/_=";
constexpr std::string_view letters = "slodiphcrtv";
constexpr std::string_view explanation_letters = "crt";
constexpr std::size_t max_macro_digits = 128;  // more labels than a name can have

/// One macro-expand: "%{" letter [digits] ["r"] *delimiter "}", or "%%", "%_", "%-".
struct Macro {
    char letter = 0;  // 0: a literal
    char literal = 0;
    std::size_t keep = 0;  // rightmost parts to keep; 0: all
    bool reverse = false;
    std::string_view split_at;
};

/// @param in  behind the '%'.
std::optional<Macro> read_macro(Cursor& in, SpfMacroUse use) noexcept {
    Macro macro;
    if (in.skip('%')) return macro.literal = '%', macro;
    if (in.skip('_')) return macro.literal = ' ', macro;
    if (in.skip('-')) return macro.literal = '-', macro;  // stands for "%20", see append_literal
    if (!in.skip('{')) return std::nullopt;
    macro.letter = in.peek();
    const char lower = base::to_lower(macro.letter);
    if (in.at_end() || letters.find(lower) == std::string_view::npos) return std::nullopt;
    if (use == SpfMacroUse::domain_spec && explanation_letters.find(lower) != std::string_view::npos) return std::nullopt;
    in.advance();
    const std::string_view digits = in.take_while(base::is_digit);
    for (const char digit : digits) macro.keep = std::min(max_macro_digits, macro.keep * 10 + static_cast<std::size_t>(digit - '0'));
    if (!digits.empty() && macro.keep == 0) return std::nullopt;  // section 7.3: zero is a syntax error
    macro.reverse = in.skip('r') || in.skip('R');
    macro.split_at = in.take_while([](char c) { return delimiters.find(c) != std::string_view::npos; });
    if (!in.skip('}')) return std::nullopt;
    return macro;
}

/// %x21-24 / %x26-7E; explanations hold SP too.
constexpr bool is_macro_literal(char c, SpfMacroUse use) noexcept {
    return (c >= 0x21 && c <= 0x7e && c != '%') || (use == SpfMacroUse::explanation && c == ' ');
}

/// Two upper-case hexadecimal digits an octet, as RFC 7208 prints them.
std::string upper_hex(std::string_view octets) {
    std::string hex = base::hex_encode(octets);
    std::ranges::transform(hex, hex.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    return hex;
}

/// The client's address as %{i} writes it: dotted quad, or 32 nibbles with dots (section 7.3).
std::string dotted(const base::IpAddress& ip) {
    if (ip.is_v4()) return ip.text();
    const std::string hex = upper_hex(std::string_view(reinterpret_cast<const char*>(ip.octets().data()), ip.octets().size()));
    std::string out;
    for (const char digit : hex) {
        if (!out.empty()) out += '.';
        out += digit;
    }
    return out;
}

std::string value_of(char letter, const SpfMacroValues& values) {
    const std::size_t at = values.sender.rfind('@');
    switch (base::to_lower(letter)) {
        case 's':
            return std::string(values.sender);
        case 'l':
            return std::string(values.sender.substr(0, at));
        case 'o':
            return at == std::string_view::npos ? std::string() : std::string(values.sender.substr(at + 1));
        case 'd':
            return std::string(values.domain);
        case 'i':
            return dotted(values.ip);
        case 'p':
            return std::string(values.validated);
        case 'h':
            return std::string(values.helo);
        case 'c':
            return values.ip.text();
        case 'r':
            return std::string(values.receiver);
        case 't':
            return std::to_string(values.now);
        case 'v':
            return values.ip.is_v4() ? "in-addr" : "ip6";
        default:
            return {};
    }
}

std::string transform(const std::string& value, const Macro& macro) {
    const std::string_view split_at = macro.split_at.empty() ? std::string_view(".") : macro.split_at;
    if (macro.keep == 0 && !macro.reverse && split_at == ".") return value;
    std::vector<std::string_view> parts;
    std::string_view rest = value;
    for (;;) {
        const std::size_t end = rest.find_first_of(split_at);
        parts.push_back(rest.substr(0, end));
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    if (macro.reverse) std::ranges::reverse(parts);
    if (macro.keep != 0 && macro.keep < parts.size()) parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(macro.keep));
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out += '.';
        out += parts[i];
    }
    return out;
}

/// Upper-case letters ask for URL escaping: all but the unreserved characters of RFC 3986 (section 7.3).
std::string url_escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (base::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
            out += c;
        else
            out += '%' + upper_hex(std::string_view(&c, 1));
    }
    return out;
}

}  // namespace

namespace {

struct MacroString {
    bool valid = true;
    bool ends_in_macro = false;
};

MacroString read_macro_string(std::string_view text, SpfMacroUse use) noexcept {
    MacroString read;
    Cursor in(text);
    while (!in.at_end()) {
        read.ends_in_macro = in.skip('%');
        if (read.ends_in_macro ? !read_macro(in, use).has_value() : !is_macro_literal(in.peek(), use)) return {.valid = false};
        if (!read.ends_in_macro) in.advance();
    }
    return read;
}

}  // namespace

bool is_macro_string(std::string_view text, SpfMacroUse use) noexcept { return read_macro_string(text, use).valid; }

bool is_domain_spec(std::string_view text) noexcept {
    const MacroString read = read_macro_string(text, SpfMacroUse::domain_spec);
    if (text.empty() || !read.valid) return false;
    // domain-end = ( "." toplabel [ "." ] ) / macro-expand
    if (read.ends_in_macro) return true;
    if (text.ends_with('.')) text.remove_suffix(1);
    const std::size_t dot = text.rfind('.');
    if (dot == std::string_view::npos) return false;
    const std::string_view label = text.substr(dot + 1);
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    const bool characters = std::ranges::all_of(label, [](char c) { return base::is_alnum(c) || c == '-'; });
    return characters && std::ranges::any_of(label, [](char c) { return base::is_alpha(c) || c == '-'; });
}

bool uses_validated_name(std::string_view text) noexcept {
    return text.find("%{p") != std::string_view::npos || text.find("%{P") != std::string_view::npos;
}

std::string expand_macros(std::string_view text, const SpfMacroValues& values, SpfMacroUse use) {
    std::string out;
    Cursor in(text);
    while (!in.at_end()) {
        if (!in.skip('%')) {
            out += in.peek();
            in.advance();
            continue;
        }
        const std::optional<Macro> macro = read_macro(in, use);
        if (!macro) break;  // never for a checked text
        if (macro->letter == 0) {
            if (macro->literal == '-')
                out += "%20";
            else
                out += macro->literal;
            continue;
        }
        const std::string expanded = transform(value_of(macro->letter, values), *macro);
        out += macro->letter >= 'A' && macro->letter <= 'Z' ? url_escape(expanded) : expanded;
    }
    if (use == SpfMacroUse::domain_spec) {
        while (out.size() > mail::Domain::max_octets) {
            const std::size_t dot = out.find('.');
            if (dot == std::string::npos) break;
            out.erase(0, dot + 1);
        }
    }
    return out;
}

}  // namespace exota::authn
