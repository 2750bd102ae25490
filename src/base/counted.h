// Numbers of things, for people.
//
// Tested by counted_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace exota::base {

/// "1 tenant", "2 tenants".
inline std::string counted(std::size_t number, std::string_view thing) {
    std::string out = std::to_string(number);
    out.append(" ").append(thing);
    return number == 1 ? out : out + 's';
}

}  // namespace exota::base
