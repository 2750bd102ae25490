#include "directory/tenants_file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

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

/// Reads the whole file, a piece at a time.
/// @return  the stamp of what was read.
base::Result<FileStamp> read_pieces(const std::string& path, const std::function<void(std::string_view)>& take) {
    // O_NONBLOCK: opening a FIFO must not wait for its writer; it is refused right after.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number() < 0) return refused(errno);
    const base::Result<FileStamp> before = stamp_of_open(file);
    if (!before) return before;
    const auto buffer = std::make_unique_for_overwrite<char[]>(read_octets);
    for (;;) {
        const ssize_t got = ::read(file.number(), buffer.get(), read_octets);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(errno);
        if (got == 0) break;
        take({buffer.get(), static_cast<std::size_t>(got)});
    }
    const base::Result<FileStamp> after = stamp_of_open(file);
    if (after && *after != *before) return base::fail(base::Errc::unavailable, "it changed while it was read");
    return after;
}

}  // namespace

base::Result<LoadedFile> load_tenants_file(const std::string& path, tenant::Defaults defaults) {
    tenant::TenantsReader reader(std::move(defaults));
    Fingerprint fingerprint;
    const base::Result<FileStamp> stamp = read_pieces(path, [&](std::string_view piece) {
        fingerprint.feed(piece);
        reader.feed(piece);
    });
    if (!stamp) return std::unexpected(stamp.error());
    return LoadedFile{reader.finish(), *stamp, fingerprint};
}

}  // namespace exota::directory
