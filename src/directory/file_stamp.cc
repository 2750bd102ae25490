#include "directory/file_stamp.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace exota::directory {
namespace {

std::int64_t nanoseconds(const timespec& time) noexcept { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

FileStamp stamp_of(const struct stat& status) noexcept {
    return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

base::Result<FileStamp> stamp_of(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) return stamp_of(status);
    const int error = errno;
    return base::fail(error == ENOENT || error == ENOTDIR ? base::Errc::not_found : base::Errc::io, path + ": " + std::strerror(error));
}

FileWatch::Action FileWatch::look(const Watched& seen) noexcept {
    if (seen == tried_) {
        changed_.reset();
        return Action::nothing;
    }
    if (changed_ != seen) {
        changed_ = seen;
        return Action::wait;
    }
    loaded(seen);
    return seen.file ? Action::load : Action::vanished;
}

void FileWatch::loaded(const Watched& seen) noexcept {
    tried_ = seen;
    changed_.reset();
}

}  // namespace exota::directory
