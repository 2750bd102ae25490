// The address in a path of MAIL or RCPT (RFC 5321 section 4.1.2), as milters hand it on: as the client wrote it.
//
// Tested by bare_path_test.cc.
#pragma once

#include <string_view>

#include "base/cursor.h"
#include "base/text.h"

namespace exota::mail {

/// Without "@one.example,@two.example:", which is to be taken and ignored (RFC 5321 appendix C); MTAs drop it as well, but only when they
/// resolve the address. What only begins like one stays.
inline std::string_view without_source_route(std::string_view path) noexcept {
    constexpr auto is_of_name = [](char c) { return base::is_alnum(c) || c == '-' || c == '_' || c == '.'; };
    base::Cursor in(path);
    do {
        if (!in.skip('@')) return path;
        if (in.skip('[')) {
            in.take_while([](char c) { return c != ']' && c != '@'; });
            if (!in.skip(']')) return path;
        } else if (in.take_while(is_of_name).empty()) {
            return path;
        }
    } while (in.skip(','));
    return in.skip(':') ? in.rest() : path;
}

/// Without white space around it, one pair of angle brackets and a source route.
inline std::string_view bare_path(std::string_view path) noexcept {
    path = base::trim(path);
    if (path.size() >= 2 && path.front() == '<' && path.back() == '>') path = path.substr(1, path.size() - 2);
    return without_source_route(path);
}

}  // namespace exota::mail
