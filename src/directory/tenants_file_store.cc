#include "directory/tenants_file_store.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <limits>
#include <memory>
#include <utility>

namespace exota::directory {
namespace {

constexpr std::size_t any_octets = std::numeric_limits<std::ptrdiff_t>::max() / 2;  // no file is as long

std::unexpected<base::Error> refused(const std::string& path, int error) { return naming(path, system_failure(error).error()); }

base::Result<OpenedFile> opened(const std::string& path) {
    auto file = open_regular_file(path, Links::followed);
    if (!file) return naming(path, file.error());
    return file;
}

}  // namespace

base::Result<OpenedFile> TenantsFileStore::opened_and_locked() const {
    for (;;) {
        base::Result<OpenedFile> file = opened(path_);
        if (!file) return file;
        const int descriptor = file->descriptor.get();
        int locked = 0;
        do locked = ::flock(descriptor, LOCK_EX);
        while (locked != 0 && errno == EINTR);
        if (locked != 0) return refused(path_, errno);
        struct stat& held = file->status;  // as the one before left it
        struct stat named{};
        if (::fstat(descriptor, &held) != 0) return refused(path_, errno);
        if (::stat(path_.c_str(), &named) != 0) return refused(path_, errno);
        if (held.st_dev == named.st_dev && held.st_ino == named.st_ino) return file;
    }
}

base::Result<TenantsStore::Opened> TenantsFileStore::open(Access access) {
    base::Result<OpenedFile> file = access == Access::change ? opened_and_locked() : opened(path_);
    if (!file) return std::unexpected(std::move(file.error()));
    file_ = std::move(file->descriptor);
    const struct stat& status = file->status;
    stamp_ = stamp_of(status);
    like_ = {.mode = status.st_mode & 07777, .owner = FileAs::Owner{status.st_uid, status.st_gid}};
    base::Result<std::string> text = read_to_end(file_, any_octets, static_cast<std::size_t>(status.st_size));
    if (!text) return naming(path_, text.error());
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
