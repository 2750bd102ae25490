// How the file of an endpoint list is opened, for who reads one that is not an administrator's. In a header of its own, for
// endpoints_file.h is part of config.h.
//
// Tested by endpoints_file_test.cc.
#pragma once

#include <string>

#include "config/endpoints_file.h"
#include "directory/plain_file.h"

namespace exota::config {

/// @return  those of directory::read_plain_file and of parse_endpoints. The detail begins with the path.
base::Result<EndpointsFile> read_endpoints_file(const std::string& path, directory::Links links);

}  // namespace exota::config
