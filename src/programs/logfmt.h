// Reading logfmt as telemetry/log_line.cc writes it: name=value pairs, parted by blanks, a value bare or in quotes as a JSON string.
//
// Whatever stands before (the header of syslog or of the journal) is passed over. What a sender wrote stands within quotes, where it cannot
// become a pair: so a line is always walked from its beginning and never searched.
//
// Tested by report_sum_test.cc and tests/cli_explain_test.py.
#pragma once

#include <string_view>

#include "base/cursor.h"
#include "base/text.h"

namespace exota::programs {

/// A value as it is written: bare up to a blank, or with its quotes.
inline std::string_view take_logfmt_value(base::Cursor& in) noexcept {
    const std::size_t start = in.position();
    if (!in.skip('"')) return in.take_while([](char c) { return !base::is_wsp(c); });
    while (!in.at_end() && !in.skip('"')) in.advance(in.peek() == '\\' ? 2 : 1);
    return in.since(start);
}

/// Calls `take(name, value)` for each pair of the line, in order, with the value as it is written.
template <class Take>
void for_each_logfmt_pair(std::string_view line, Take take) {
    base::Cursor in(line);
    while (!in.at_end()) {
        in.take_while(base::is_wsp);
        const std::string_view name = in.take_while([](char c) { return base::is_alnum(c) || c == '_'; });
        if (!name.empty() && in.skip('='))
            take(name, take_logfmt_value(in));
        else
            in.take_while([](char c) { return !base::is_wsp(c); });
    }
}

}  // namespace exota::programs
