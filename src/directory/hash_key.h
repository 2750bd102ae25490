// Keys of hash tables that hold names of strangers, drawn by the system.
//
// Tested by hash_key_test.cc.
#pragma once

#include "base/hash.h"
#include "base/result.h"

namespace exota::directory {

/// A new one: nobody who writes names into a file, or names in mail, shall know which of them get into one another's way.
/// @return  unavailable: the system has no random numbers.
base::Result<base::HashKey> random_hash_key();

}  // namespace exota::directory
