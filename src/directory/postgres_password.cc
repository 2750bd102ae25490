#include "directory/postgres_password.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "net/descriptor.h"

namespace exota::directory {

Secret::~Secret() {
    text.resize(text.capacity());
    ::explicit_bzero(text.data(), text.size());
}

base::Result<void> read_password(const std::string& path, Secret& into) {
    const auto failed = [&](const std::string& why) { return base::fail(base::Errc::io, path + ": " + why); };
    // A FIFO without a writer would be waited for.
    const net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return failed("no password can be read: " + std::generic_category().message(errno));
    struct stat is{};
    if (::fstat(file.get(), &is) != 0 || !S_ISREG(is.st_mode)) return failed("no password can be read: it is no regular file");
    into.text.resize(max_password_octets + 1);
    std::size_t got = 0;
    while (got < into.text.size()) {
        const ssize_t more = ::read(file.get(), into.text.data() + got, into.text.size() - got);
        if (more < 0 && errno == EINTR) continue;
        if (more < 0) return failed("no password can be read: " + std::generic_category().message(errno));
        if (more == 0) break;
        got += static_cast<std::size_t>(more);
    }
    if (got > max_password_octets) return failed("more than " + std::to_string(max_password_octets) + " octets");
    into.text.resize(std::min(got, into.text.find_first_of(std::string_view("\r\n\0", 3))));
    if (into.text.empty()) return failed("its first line is empty");
    return {};
}

}  // namespace exota::directory
