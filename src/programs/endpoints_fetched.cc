#include "programs/endpoints_fetched.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "config/endpoints.h"
#include "directory/replace_file.h"
#include "directory/shrink_guard.h"

namespace exota::programs {
namespace {

std::string path_in(const std::string& directory) { return directory + "/endpoints.fetched"; }

/// Of an open file, whole; nullopt: it cannot be read, or has become longer.
std::optional<std::string> read_all(int descriptor, std::size_t octets) {
    std::string text(octets + 1, '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        const ssize_t got = ::read(descriptor, text.data() + filled, text.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    if (filled > octets) return std::nullopt;
    text.resize(filled);
    return text;
}

}  // namespace

std::string fingerprint_of(std::string_view list) {
    directory::Fingerprint content;
    content.feed(list);
    return content.text();
}

base::Result<void> keep_fetched(const std::string& directory, std::string_view list) {
    if (directory.empty()) return {};
    return directory::replace_file(path_in(directory), list, {.mode = 0644});
}

std::optional<std::string> fetched_list(const std::string& directory, const std::string& content) {
    if (directory.empty() || content.empty()) return std::nullopt;
    // Not blocking: what lies there may be a pipe.
    const int descriptor = ::open(path_in(directory).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return std::nullopt;
    struct stat status{};
    std::optional<std::string> list;
    if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() && status.st_size >= 0 &&
        static_cast<std::uintmax_t>(status.st_size) <= config::max_endpoint_octets)
        list = read_all(descriptor, static_cast<std::size_t>(status.st_size));
    ::close(descriptor);
    if (list && fingerprint_of(*list) != content) list.reset();
    return list;
}

void forget_fetched(const std::string& directory) noexcept {
    if (!directory.empty()) static_cast<void>(::unlink(path_in(directory).c_str()));
}

}  // namespace exota::programs
