// What a command prints as JSON: spaced, for people and programs, and a line break behind it.
//
// Tested by tests/cli_test.py.
#pragma once

#include <string>

#include "base/json_writer.h"

namespace exota::programs {

/// @param value  what base::JsonPlace::put() takes.
template <class Value>
std::string json_output(const Value& value) {
    return base::json_text(value, base::spaced_json) + '\n';
}

}  // namespace exota::programs
