#include "directory/tenants_file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "directory/random_key.h"
#include "directory/read_ahead.h"

namespace exota::directory {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;
    int number() const noexcept { return number_; }

private:
    int number_;
};

std::unexpected<base::Error> refused(int error) {
    return base::fail(error == ENOENT || error == ENOTDIR ? base::Errc::not_found : base::Errc::io, std::strerror(error));
}

base::Result<FileStamp> stamp_of_open(const Descriptor& file) {
    struct stat status{};
    if (::fstat(file.number(), &status) != 0) return refused(errno);
    if (!S_ISREG(status.st_mode)) return base::fail(base::Errc::io, "not a regular file");
    return stamp_of(status);
}

}  // namespace

base::Result<LoadedFile> load_tenants_file(const std::string& path, tenant::Defaults defaults) {
    // O_NONBLOCK: opening a FIFO must not wait for its writer; it is refused right after.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number() < 0) return refused(errno);
    const base::Result<FileStamp> before = stamp_of_open(file);
    if (!before) return std::unexpected(before.error());

    const base::Result<base::HashKey> key = random_key();
    if (!key) return std::unexpected(key.error());
    tenant::TenantsReader reader(std::move(defaults), *key);
    std::optional<ReadAhead> ahead;
    try {
        // One octet more than a small file has: it is one piece, and the end is seen by the next read().
        const auto whole = static_cast<std::size_t>(before->size) + 1;
        ahead.emplace(file.number(), std::clamp(whole, std::size_t{4096}, read_octets));
    } catch (const std::system_error& error) {
        return base::fail(base::Errc::unavailable, "there is no thread to read it: " + error.code().message());
    }
    for (std::string_view piece = ahead->next(); !piece.empty(); piece = ahead->next()) reader.feed(piece);
    if (ahead->error() != 0) return refused(ahead->error());

    const base::Result<FileStamp> after = stamp_of_open(file);
    if (!after) return std::unexpected(after.error());
    if (*after != *before) return base::fail(base::Errc::unavailable, "it changed while it was read");
    return LoadedFile{reader.finish(), *after, ahead->fingerprint()};
}

}  // namespace exota::directory
