// What the configuration language knows and this version cannot do yet. The only place that says so: when a part is built, its line
// goes and nothing else changes.
//
// Tested by config_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.h"

namespace exota::config {

/// A whole section ("ldap"), or a table within one ("arc.seal"), of a part which is not built.
std::optional<std::string> unbuilt_section(std::string_view section);

}  // namespace exota::config
