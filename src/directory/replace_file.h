// A file's content, replaced as a whole: whoever reads meanwhile, or after a crash, finds the old or the new.
//
// Written beside under a name that nobody knows before (root writes into directories that others own, so no link is followed), to the
// disk, and renamed. Blocks.
//
// Tested by replace_file_test.cc.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::directory {

/// What the new file is to be like; the umask has no say.
struct FileAs {
    mode_t mode = 0600;
    struct Owner {
        uid_t user;
        gid_t group;
    };
    std::optional<Owner> owner = std::nullopt;  // none: whoever runs this
};

/// @param path  no link is followed: a link is replaced.
/// @return      io, and nothing changed (or, where only the directory could not be written to the disk, it did). The detail begins with
///              the path.
base::Result<void> replace_file(const std::string& path, std::string_view content, const FileAs& as);

}  // namespace exota::directory
