#include "directory/tenants_file_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

namespace exota::directory {
namespace {

std::unexpected<base::Error> refused(const std::string& path, int error) {
    return base::fail(error == ENOENT || error == ENOTDIR ? base::Errc::not_found : base::Errc::io,
                      path + ": " + std::generic_category().message(error));
}

base::Result<net::Descriptor> opened(const std::string& path) {
    net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO must not wait for its writer
    if (!file) return refused(path, errno);
    return file;
}

base::Result<std::string> all_of(int descriptor, const std::string& path) {
    std::string text;
    std::array<char, 65536> piece;
    for (;;) {
        const ssize_t got = ::read(descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(path, errno);
        if (got == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

base::Result<net::Descriptor> TenantsFileStore::opened_and_locked() const {
    for (;;) {
        base::Result<net::Descriptor> file = opened(path_);
        if (!file) return file;
        int locked = 0;
        do locked = ::flock(file->get(), LOCK_EX);
        while (locked != 0 && errno == EINTR);
        if (locked != 0) return refused(path_, errno);
        struct stat held{}, named{};
        if (::fstat(file->get(), &held) != 0) return refused(path_, errno);
        if (::stat(path_.c_str(), &named) != 0) return refused(path_, errno);
        if (held.st_dev == named.st_dev && held.st_ino == named.st_ino) return file;
    }
}

base::Result<TenantsStore::Opened> TenantsFileStore::open(Access access) {
    base::Result<net::Descriptor> file = access == Access::change ? opened_and_locked() : opened(path_);
    if (!file) return std::unexpected(std::move(file.error()));
    file_ = *std::move(file);
    struct stat status{};
    if (::fstat(file_.get(), &status) != 0) return refused(path_, errno);
    if (!S_ISREG(status.st_mode)) return base::fail(base::Errc::io, path_ + ": not a regular file");
    stamp_ = stamp_of(status);
    like_ = {.mode = status.st_mode & 07777, .owner = FileAs::Owner{status.st_uid, status.st_gid}};
    base::Result<std::string> text = all_of(file_.get(), path_);
    if (!text) return std::unexpected(std::move(text.error()));
    Opened out{*std::move(text), std::nullopt};
    if (auto tenants = tenant::RawTenants::read(out.text)) out.tenants = *std::move(tenants);
    return out;
}

base::Result<void> TenantsFileStore::change(const Change& change) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path_.c_str(), nullptr), &std::free);
    if (!real) return refused(path_, errno);
    const base::Result<FileStamp> now = stamp_of(std::string(real.get()));
    if (!now) return std::unexpected(now.error());
    if (*now != stamp_) return base::fail(base::Errc::unavailable, path_ + ": somebody else changed it meanwhile; nothing was written");
    const std::string text = change.after.text();
    if (change.before_it_counts) {
        Fingerprint content;
        content.feed(text);
        if (const base::Result<void> noted = change.before_it_counts(content); !noted) return noted;
    }
    return replace_file(real.get(), text, like_);
}

}  // namespace exota::directory
