// The public suffix list of the system: the newer of its file (package publicsuffix) and the one that is built into libpsl. The core only
// asks a list that it is handed (authn/suffixes.h); files are opened here.
//
// Tested by public_suffixes_test.cc.
#pragma once

#include <memory>
#include <string_view>

#include "authn/suffixes.h"

namespace exota::config {

/// Read anew at each call: for a start and a reload, since packages are upgraded while daemons run. Never null: the built-in list is
/// always there.
std::shared_ptr<const authn::PublicSuffixes> latest_public_suffixes();

/// The same, read once: where a list as old as the process will do.
const std::shared_ptr<const authn::PublicSuffixes>& process_public_suffixes();

/// True for a public suffix, as process_public_suffixes() says.
bool is_public_suffix(std::string_view domain);

}  // namespace exota::config
