// Files of IP prefixes: whom the perimeter lets in, and whom it keeps out.
//
//   192.0.2.0/24 until 2026-12-31   # a scanner: ticket 4711
//   2001:db8::/32
//
// One prefix or address a line, up to max_list_entries of them. The day behind `until`, in UTC, is the last on which the line is in force.
//
// Tested by prefix_file_test.cc and fuzz/prefix_file_fuzz.cc.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/prefix_table.h"
#include "directory/list_file.h"

namespace exota::directory {

struct PrefixFile {
    std::optional<base::PrefixTable> table;  // set exactly if there are no problems
    std::vector<ListProblem> problems;
};

/// @param most_entries  a file of more is refused.
PrefixFile parse_prefix_file(std::string_view text, std::size_t most_entries = max_list_entries);

}  // namespace exota::directory
