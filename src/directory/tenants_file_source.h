// Tenants from a file, read in pieces: memory while reading is the index and two pieces.
//
// Blocks, and may take a second for a million domains: for a thread of its own, never for a loop. Nothing is shared between calls; a
// second thread reads ahead meanwhile (read_ahead.h), and is gone when the call returns. Each call draws a key of its own for the hashes
// of names.
//
// Tested by tenants_file_source_test.cc.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "directory/file_stamp.h"
#include "directory/shrink_guard.h"
#include "tenant/tenants_file.h"

namespace exota::directory {

/// Octets read at once.
inline constexpr std::size_t read_octets = std::size_t{256} * 1024;

struct LoadedFile {
    tenant::LoadedTenants tenants;
    FileStamp stamp;
    Fingerprint fingerprint;  // of the content
};

/// @return  not_found or io where the file cannot be read (it must be a regular file), unavailable where it changed while it was read
///          (try again when it has settled) or no second thread or random numbers
///          could be had. Problems with its content are in LoadedFile::tenants.
base::Result<LoadedFile> load_tenants_file(const std::string& path, tenant::Defaults defaults);

}  // namespace exota::directory
