// A field's value on one line: line ends that fold are taken out (RFC 5322 section 2.2.3).
//
// Tested by unfold_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/text.h"

namespace exota::mail {

/// @param value  folded by CRLF, as on the wire, or by LF, as milters and files write it. Line ends that fold nothing stay.
inline std::string unfold(std::string_view value) {
    std::string line;
    line.resize_and_overwrite(value.size(), [value](char* out, std::size_t) {
        std::size_t size = 0;
        for (std::string_view rest = value;;) {
            const std::size_t feed = rest.find('\n');
            if (feed == std::string_view::npos) return size + rest.copy(out + size, rest.size());
            const bool folds = feed + 1 < rest.size() && base::is_wsp(rest[feed + 1]);
            const std::size_t end = !folds ? feed + 1 : feed > 0 && rest[feed - 1] == '\r' ? feed - 1 : feed;
            size += rest.copy(out + size, end);
            rest.remove_prefix(feed + 1);
        }
    });
    return line;
}

}  // namespace exota::mail
