#include "directory/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace exota::directory {
namespace {

constexpr std::size_t first_octets = 65536;  // of what nobody knows the size

base::Result<net::Descriptor> opened(const std::string& path, int flags) {
    if (path.find('\0') != std::string::npos) return base::fail(base::Errc::not_found, "a file name with a NUL");
    net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags));
    if (!file && errno == ELOOP && (flags & O_NOFOLLOW) != 0) return base::fail(base::Errc::io, "a link, which is not followed here");
    if (!file) return system_failure(errno);
    return file;
}

}  // namespace

base::Result<OpenedFile> open_regular_file(const std::string& path, Links links) {
    auto descriptor = opened(path, O_NONBLOCK | (links == Links::refused ? O_NOFOLLOW : 0));
    if (!descriptor) return std::unexpected(std::move(descriptor.error()));
    OpenedFile file{.descriptor = *std::move(descriptor)};
    if (::fstat(file.descriptor.get(), &file.status) != 0) return system_failure(errno);
    if (!S_ISREG(file.status.st_mode)) return base::fail(base::Errc::io, "not a regular file");
    return file;
}

base::Result<net::Descriptor> open_any_file(const std::string& path) { return opened(path, 0); }

base::Result<std::size_t> read_into(const net::Descriptor& file, std::span<char> into) {
    std::size_t filled = 0;
    while (filled < into.size()) {
        const ssize_t got = ::read(file.get(), into.data() + filled, into.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    return filled;
}

base::Result<std::string> read_to_end(const net::Descriptor& file, std::size_t max_octets, std::size_t known_octets) {
    std::string text;
    // There is room for one octet more than is expected: what does not fill it has ended.
    for (std::size_t octets = known_octets > 0 ? known_octets : std::min(first_octets, max_octets); octets <= max_octets;) {
        const std::size_t before = text.size();
        text.resize(octets + 1);
        const auto got = read_into(file, std::span(text).subspan(before));
        if (!got) return std::unexpected(got.error());
        text.resize(before + *got);
        if (text.size() <= octets) return text;
        if (octets == max_octets) break;
        octets = std::min(2 * octets, max_octets);
    }
    return base::fail(base::Errc::too_long, "larger than " + std::to_string(max_octets) + " octets");
}

base::Result<void> has_not_changed(const OpenedFile& file) {
    struct stat now{};
    if (::fstat(file.descriptor.get(), &now) != 0) return system_failure(errno);
    if (stamp_of(now) != stamp_of(file.status)) return base::fail(base::Errc::unavailable, "it changed while it was read");
    return {};
}

std::unexpected<base::Error> system_failure(int error) {
    return base::fail(error == ENOENT || error == ENOTDIR ? base::Errc::not_found : base::Errc::io, std::generic_category().message(error));
}

std::unexpected<base::Error> naming(const std::string& path, const base::Error& error) {
    return base::fail(error.code, path.c_str() + (": " + error.detail));  // no further than to a NUL
}

}  // namespace exota::directory
