// A key for the hashes of names: nobody who writes names into a source, or names in mail, shall know which of them get into one another's
// way.
//
// Tested by tenants_file_source_test.cc.
#pragma once

#include "base/hash.h"
#include "base/result.h"

namespace exota::directory {

/// @return  unavailable: the system has no random numbers.
base::Result<base::HashKey> random_key();

}  // namespace exota::directory
