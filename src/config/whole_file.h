// Reading small files whole: configuration, messages for `explain`. Bounded, and every failure says what and why. A pipe is read to its
// end, for an administrator may name one; where others may have put it: directory/plain_file.h.
//
// Tested by whole_file_test.cc.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace exota::config {

/// @return  not_found: no such file. io: it cannot be opened or read, or is a folder. too_long: more than `max_octets`.
///          The detail begins with the path.
base::Result<std::string> read_whole_file(const std::string& path, std::size_t max_octets);

/// `path` as it stands in the file `from`: relative paths count from that file's folder.
std::string resolve_path(const std::string& path, const std::string& from);

/// The first line of a file that holds a password; no error quotes anything of it.
/// @return  as above; too_long: above 4,096 octets; invalid_data: the line is empty.
base::Result<std::string> read_password_file(const std::string& path);

}  // namespace exota::config
