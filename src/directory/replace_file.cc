#include "directory/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "net/descriptor.h"

namespace exota::directory {
namespace {

/// @return  errno, or 0.
int write_all(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        if (written == 0) return ENOSPC;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

/// @return  errno, or 0.
int make_like(int descriptor, const FileAs& as) {
    struct stat now{};
    if (::fstat(descriptor, &now) != 0) return errno;
    const bool other_owner = as.owner && (as.owner->user != now.st_uid || as.owner->group != now.st_gid);
    if (other_owner && ::fchown(descriptor, as.owner->user, as.owner->group) != 0) return errno;
    return ::fchmod(descriptor, as.mode) == 0 ? 0 : errno;  // behind chown, which may take bits away
}

int sync_folder_of(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    const net::Descriptor open(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!open) return errno;
    return ::fsync(open.get()) == 0 || errno == EINVAL ? 0 : errno;  // EINVAL: a file system that knows no such thing
}

}  // namespace

base::Result<void> replace_file(const std::string& path, std::string_view content, const FileAs& as) {
    std::string beside = path + ".XXXXXX";
    const auto refused = [&](int error) { return base::fail(base::Errc::io, path + ": " + std::generic_category().message(error)); };
    net::Descriptor file(::mkostemp(beside.data(), O_CLOEXEC));
    if (!file) return refused(errno);
    int error = write_all(file.get(), content);
    if (error == 0) error = make_like(file.get(), as);
    if (error == 0 && ::fsync(file.get()) != 0) error = errno;
    if (::close(file.release()) != 0 && error == 0) error = errno;
    if (error == 0 && std::rename(beside.c_str(), path.c_str()) != 0) error = errno;
    if (error != 0) {
        ::unlink(beside.c_str());
        return refused(error);
    }
    if (const int unsynced = sync_folder_of(path)) return refused(unsynced);
    return {};
}

}  // namespace exota::directory
