// DNS octets for tests and benchmarks (RFC 1035 section 4.1): names and numbers as they stand in a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace exota::authn {

/// Without compression; labels are not checked.
inline std::string wire(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        const std::size_t dot = name.find('.');
        const std::string_view label = name.substr(0, dot);
        out += static_cast<char>(label.size());
        out += label;
        name = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
    }
    return out + '\0';
}

inline std::string number16(std::size_t n) { return {static_cast<char>(n >> 8 & 0xff), static_cast<char>(n & 0xff)}; }

}  // namespace exota::authn
