// The password of a database: the first line of a file, read for each connection and held no longer than that.
//
// Tested by postgres_password_test.cc.
#pragma once

#include <string>

#include "base/result.h"

namespace exota::directory {

/// A longer file is refused.
inline constexpr std::size_t max_password_octets = 4096;

/// Overwrites what it held when it goes, all the room that its text had.
struct Secret {
    Secret() = default;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();
    std::string text;
};

/// Does not wait, whatever the path leads to.
/// @return  io: it cannot be read, is no regular file, too long, or its first line is empty. Says nothing of what it read.
base::Result<void> read_password(const std::string& path, Secret& into);

}  // namespace exota::directory
