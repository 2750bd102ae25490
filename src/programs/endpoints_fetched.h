// The list that `exota endpoints update --dry-run` fetched, in tenants.state_directory: whoever saw what would change writes just that
// within the hour, without the service being asked twice.
//
// The directory is the daemon's user's: so a list that another user left there is none, or root would write what that one likes.
// Tested by endpoints_fetched_test.cc and tests/cli_endpoints_test.py.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::programs {

/// @param directory  empty: nothing is kept.
/// @return           io: it cannot be written.
base::Result<void> keep_fetched(const std::string& directory, std::string_view list);

/// @param content  its fingerprint (directory::Fingerprint); empty: none was fetched.
/// @return         nullopt: there is none of ours, or not this one.
std::optional<std::string> fetched_list(const std::string& directory, const std::string& content);

/// It was written, or there is another one.
void forget_fetched(const std::string& directory) noexcept;

/// The fingerprint of a list.
std::string fingerprint_of(std::string_view list);

}  // namespace exota::programs
