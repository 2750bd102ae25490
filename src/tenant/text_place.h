// Where something stands in a text.
//
// Tested by json_events_test.cc.
#pragma once

#include <cstddef>

namespace exota::tenant {

struct TextPlace {
    std::size_t line = 0, column = 0;  // from 1, the column in octets; 0: unknown
    friend bool operator==(const TextPlace&, const TextPlace&) = default;
};

}  // namespace exota::tenant
