// A regular file, read whole, where somebody else may have put something that is none.
//
// tenants.state_directory and what lies beside it belong to the daemon's user, and root reads there as well (`exota check`, `exota tenant`,
// `exota endpoints`, a start by hand). Who has taken over the daemon can leave a link there, which would lead root to a file that only he
// may read, or a pipe, for whose writer root would wait. Both are refused here, and so is every device.
//
// Tested by plain_file_test.cc.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "base/result.h"
#include "directory/file_stamp.h"
#include "directory/read_file.h"

namespace exota::directory {

struct PlainFile {
    std::string text;
    FileStamp stamp;
    uid_t owner = 0;
};

/// Never waits for another process; blocks for the disk.
/// @return  not_found: no such file. io: it cannot be read, is a link that is refused, or is no regular file. too_long: more than
///          `max_octets`, or than it had when it was opened. The detail begins with the path.
base::Result<PlainFile> read_plain_file(const std::string& path, std::size_t max_octets, Links links = Links::refused);

}  // namespace exota::directory
