// Files of recipients: which addresses exist.
//
//   john@example.com
//   @example.net          # every address of it
//
// One a line, up to max_list_entries of them. Tested by recipient_file_test.cc and fuzz/recipient_file_fuzz.cc.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "directory/list_file.h"
#include "tenant/recipient_list.h"

namespace exota::directory {

struct RecipientFile {
    std::optional<tenant::RecipientList> list;  // set exactly if there are no problems
    std::vector<ListProblem> problems;
};

/// @param key           of the list's hashes; see random_key().
/// @param most_entries  a file of more is refused.
RecipientFile parse_recipient_file(std::string_view text, const tenant::RecipientRules& rules, const base::HashKey& key,
                                   std::size_t most_entries = max_list_entries);

}  // namespace exota::directory
