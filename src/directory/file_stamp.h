// Whether a file changed: what stat says of it, compared; and when a changed file has settled, so that no half of it is read.
//
// Nothing here waits: the shell looks on a timer and tells FileWatch what it saw.
// Tested by file_stamp_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

struct stat;

namespace exota::directory {

/// Which file, and which content as far as stat can tell. The time of the last status change is part of it, because the time of the
/// last modification can be set by anybody (`cp -p`, `touch -d`).
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;                  // octets
    std::int64_t modified_nanoseconds = 0;  // since 1970
    std::int64_t changed_nanoseconds = 0;
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const struct stat& status) noexcept;

/// Follows symbolic links.
/// @return  not_found where there is no such file, io for any other refusal; the detail names the path.
base::Result<FileStamp> stamp_of(const std::string& path);

/// A file that is looked at again and again, and another one (the acceptance of a shrink) whose change asks for another try.
struct Watched {
    std::optional<FileStamp> file;
    std::optional<FileStamp> acceptance;
    friend bool operator==(const Watched&, const Watched&) = default;
};

/// Decides when to load. A change counts when two looks in turn saw the same: whoever writes has paused for one interval.
class FileWatch {
public:
    enum class Action : std::uint8_t {
        nothing,   // as it was when last loaded (or tried)
        wait,      // it has changed since the last look
        load,      // it changed and has settled: try it, once
        vanished,  // told once: the file is gone, what is loaded stays
    };

    /// @param loaded  what the look before the first load saw.
    explicit FileWatch(const Watched& loaded) noexcept : tried_(loaded) {}

    Action look(const Watched& seen) noexcept;
    /// Something else (SIGHUP) made the shell load: what the look before saw needs no other try.
    void loaded(const Watched& seen) noexcept;

private:
    Watched tried_;
    std::optional<Watched> changed_;  // seen last, and not what was tried
};

}  // namespace exota::directory
