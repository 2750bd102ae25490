#include "directory/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "net/descriptor.h"

namespace exota::directory {
namespace {

std::unexpected<base::Error> refused(const std::string& path, int error) {
    return base::fail(error == ENOENT || error == ENOTDIR ? base::Errc::not_found : base::Errc::io,
                      path + ": " + std::generic_category().message(error));
}

std::unexpected<base::Error> too_long(const std::string& path, std::size_t max_octets) {
    return base::fail(base::Errc::too_long, path + ": larger than " + std::to_string(max_octets) + " octets");
}

}  // namespace

base::Result<PlainFile> read_plain_file(const std::string& path, std::size_t max_octets, Links links) {
    if (path.find('\0') != std::string::npos) return base::fail(base::Errc::not_found, "a file name with a NUL");
    // Not blocking: opening a pipe would wait for its writer. It is refused right after.
    const int no_link = links == Links::refused ? O_NOFOLLOW : 0;
    const net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | no_link));
    if (!file && errno == ELOOP && no_link != 0) return base::fail(base::Errc::io, path + ": a link, which is not followed here");
    if (!file) return refused(path, errno);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return refused(path, errno);
    if (!S_ISREG(status.st_mode)) return base::fail(base::Errc::io, path + ": not a regular file");
    const auto octets = static_cast<std::size_t>(status.st_size);
    if (octets > max_octets) return too_long(path, max_octets);
    PlainFile out{.text = std::string(octets + 1, '\0'), .stamp = stamp_of(status), .owner = status.st_uid};
    std::size_t filled = 0;
    while (filled < out.text.size()) {
        const ssize_t got = ::read(file.get(), out.text.data() + filled, out.text.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(path, errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    if (filled > octets) return too_long(path, octets);
    out.text.resize(filled);
    return out;
}

}  // namespace exota::directory
