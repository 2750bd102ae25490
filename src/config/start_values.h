// Settings that only a start reads: what a reload finds changed there, it can but report.
//
// Which they are stands in the table of keys (Takes::restart).
//
// Tested by start_values_test.cc.
#pragma once

#include <string>
#include <vector>

namespace exota::config {

struct StartValue {
    std::string key;    // "milter.listen", "gateway.exchange.listen"
    std::string value;  // the same for every spelling ("2 h", 7200); never shown, it may be a secret
};

/// @return  the keys whose values differ, in the order of `after`; of a named section that only one of them has, the section
///          ("gateway.exchange"). Those that are gone come last.
std::vector<std::string> changed_start_values(const std::vector<StartValue>& before, const std::vector<StartValue>& after);

}  // namespace exota::config
