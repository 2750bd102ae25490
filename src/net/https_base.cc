#include "net/https_base.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace exota::net {
namespace {

constexpr std::size_t max_host_octets = 253;

bool is_host(std::string_view text) {
    const auto is_name = [](char c) { return (c >= 'a' && c <= 'z') || base::is_digit(c) || c == '-' || c == '.'; };
    const bool is_address = std::ranges::all_of(text, [](char c) { return base::is_digit(c) || c == '.'; });
    return !text.empty() && text.size() <= max_host_octets && std::ranges::all_of(text, is_name) && !is_address;
}

bool is_path(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '"' && c != '\\'; });
}

}  // namespace

base::Result<HttpsBase> parse_https_base(std::string_view text) {
    constexpr std::string_view scheme = "https://";
    const auto wrong = [&text] {  // what has an '@' may have a password before it, and is not repeated
        return base::fail(base::Errc::invalid_data, (text.contains('@') ? "a text with an '@'" : '"' + std::string(text) + '"') +
                                                        " is no https://HOST, https://HOST:PORT or https://HOST/PATH, HOST being a name");
    };
    if (!base::istarts_with(text, scheme)) return wrong();  // RFC 3986 §3.1: without regard to case
    std::string_view authority = text.substr(scheme.size());
    HttpsBase out;
    if (const std::size_t slash = authority.find('/'); slash != std::string_view::npos) {
        out.path = authority.substr(slash);
        authority = authority.substr(0, slash);
    }
    if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
        const std::string_view port = authority.substr(colon + 1);
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
        if (error != std::errc{} || end != port.data() + port.size() || out.port == 0) return wrong();
        authority = authority.substr(0, colon);
    }
    out.host = base::lower(authority);
    if (!is_host(out.host) || !is_path(out.path)) return wrong();
    return out;
}

}  // namespace exota::net
