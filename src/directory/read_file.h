// Opening files and reading them to their end: what everything that reads whole files is made of (plain_file.h, list_file.h,
// config/whole_file.h).
//
// No error says of which file it is, for not all who read name it.
//
// Tested by read_file_test.cc.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "directory/file_stamp.h"
#include "net/descriptor.h"

namespace exota::directory {

/// Of the last component of a path alone: the folders on the way are the administrator's.
enum class Links : std::uint8_t {
    refused,   // what the daemon itself writes, which is never a link (replace_file)
    followed,  // what an administrator may have linked
};

/// What the system said of it as it was opened.
struct OpenedFile {
    net::Descriptor descriptor;
    struct stat status{};
};

/// Waits for nobody: a pipe, for whose writer opening would wait, is refused as every device and folder.
/// @return  not_found: no such file. io: it cannot be opened, is a link that is refused, or is no regular file.
base::Result<OpenedFile> open_regular_file(const std::string& path, Links links);

/// Whatever it is; waits for the writer of a pipe.
/// @return  not_found: no such file. io: it cannot be opened.
base::Result<net::Descriptor> open_any_file(const std::string& path);

/// From where it stands, until there is no more, or no more room.
/// @return  how many octets; io.
base::Result<std::size_t> read_into(const net::Descriptor& file, std::span<char> into);

/// From where it stands to its end.
/// @param known_octets  that it had when somebody looked, 0 if nobody did: so many are read at once, or none where they are too many.
/// @return              io. too_long: more than `max_octets`; one octet more is read at most.
base::Result<std::string> read_to_end(const net::Descriptor& file, std::size_t max_octets, std::size_t known_octets = 0);

/// Nobody wrote into it since.
/// @return  unavailable: somebody did. io.
base::Result<void> has_not_changed(const OpenedFile& file);

/// Of an errno.
/// @return  not_found, io.
std::unexpected<base::Error> system_failure(int error);

/// The same error, its detail behind the path.
std::unexpected<base::Error> naming(const std::string& path, const base::Error& error);

}  // namespace exota::directory
