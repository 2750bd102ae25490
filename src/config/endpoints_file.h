// An endpoint list in a file, as it was read, and whether it may be used: what start, reload, `exota check` and `exota endpoints` share.
//
// Tested by endpoints_file_test.cc.
#pragma once

#include <string>

#include "base/result.h"
#include "config/endpoint_rules.h"
#include "directory/file_stamp.h"
#include "directory/shrink_guard.h"

namespace exota::config {

struct Config;

struct EndpointsFile {
    std::string path;  // empty: there is none, and nothing else is set
    EndpointList list = {};
    directory::Fingerprint content = {};
    directory::FileStamp stamp = {};  // from before it was read
};

/// @return  not_found, io: the file; those of parse_endpoints. The detail begins with the path.
base::Result<EndpointsFile> read_endpoints_file(const std::string& path);

/// Where an operator notes that exactly this list is meant, whatever the rules say (`exota endpoints update --force`): beside the list, so
/// that it outlives what /run holds.
/// @param path  of the list: FILE has FILE.accepted.
directory::ShrinkGuard endpoints_guard(const std::string& path);

/// Why a list may not be used, for an operator, with what to do; empty: nothing speaks against it (endpoint_rules.h), or he said that it is
/// meant.
/// @param before  the one in use.
std::string why_not_used(const EndpointsFile& file, const EndpointList* before);

/// Makes it the list of a configuration, beside the configuration's own prefixes.
void use_endpoints(Config& config, EndpointsFile file);

}  // namespace exota::config
