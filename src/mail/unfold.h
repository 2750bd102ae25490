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
    line.reserve(value.size());
    for (;;) {
        const std::size_t feed = value.find('\n');
        if (feed == std::string_view::npos) return line.append(value);
        const bool folds = feed + 1 < value.size() && base::is_wsp(value[feed + 1]);
        line.append(value, 0, folds ? feed : feed + 1);
        if (folds && feed > 0 && value[feed - 1] == '\r') line.pop_back();
        value.remove_prefix(feed + 1);
    }
}

}  // namespace exota::mail
