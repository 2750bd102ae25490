// Sockets as `exota doctor` sees them: whether they are there, take connections, and let Postfix's user in.
//
// Tested by doctor_gather_test.cc.
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "net/descriptor.h"
#include "programs/doctor_gather.h"

namespace exota::programs {
namespace {

constexpr int connect_patience_ms = 5000;

std::string message_of(int error) { return std::generic_category().message(error); }

struct User {
    uid_t id = 0;
    std::vector<gid_t> groups;
};

std::optional<User> user_named(const std::string& name) {
    const passwd* const entry = ::getpwnam(name.c_str());
    if (entry == nullptr) return std::nullopt;
    User out{.id = entry->pw_uid, .groups = std::vector<gid_t>(64)};
    const gid_t group = entry->pw_gid;
    int count = static_cast<int>(out.groups.size());
    if (::getgrouplist(name.c_str(), group, out.groups.data(), &count) < 0) {
        out.groups.resize(static_cast<std::size_t>(count));
        if (::getgrouplist(name.c_str(), group, out.groups.data(), &count) < 0) return std::nullopt;
    }
    out.groups.resize(static_cast<std::size_t>(count));
    return out;
}

/// @param bit  of `rwx`: 2 to connect, 1 to search a folder.
bool mode_permits(const struct stat& status, const User& user, mode_t bit) {
    if (user.id == 0) return true;
    if (status.st_uid == user.id) return (status.st_mode & (bit << 6)) != 0;
    if (std::ranges::find(user.groups, status.st_gid) != user.groups.end()) return (status.st_mode & (bit << 3)) != 0;
    return (status.st_mode & bit) != 0;
}

std::string shown(const std::string& path, const struct stat& status) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 07777));
    const group* const owner = ::getgrgid(status.st_gid);
    return path + " has mode " + mode + ", group " + (owner != nullptr ? owner->gr_name : std::to_string(status.st_gid));
}

/// Whether `user` may search every folder below `from` on the way to `path`, and connect to what is there.
Answer lets_in(const std::string& path, const std::string& from, const std::string& name) {
    const std::optional<User> user = user_named(name);
    if (!user) return {Answer::Is::unknown, "there is no user " + name};
    std::filesystem::path at = "/";
    for (const std::filesystem::path& part : std::filesystem::path(path).relative_path()) {
        at /= part;
        const std::string here = at.string();
        if (!from.empty() && (from == here || from.starts_with(here + '/'))) continue;
        struct stat status{};
        if (::stat(here.c_str(), &status) != 0) return {Answer::Is::unknown, here + ": " + message_of(errno)};
        const bool last = here == path;
        if (mode_permits(status, *user, last ? 2 : 1)) continue;
        if (::getxattr(here.c_str(), "system.posix_acl_access", nullptr, 0) > 0)
            return {Answer::Is::unknown, here + " has an access control list"};
        return {Answer::Is::no, shown(here, status)};
    }
    return {Answer::Is::yes, ""};
}

Answer connects_to(const sockaddr* address, socklen_t size) {
    const net::Descriptor socket(::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return {Answer::Is::unknown, message_of(errno)};
    int error = ::connect(socket.get(), address, size) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        pollfd one{.fd = socket.get(), .events = POLLOUT, .revents = 0};
        socklen_t length = sizeof error;
        if (::poll(&one, 1, connect_patience_ms) <= 0)
            error = ETIMEDOUT;
        else if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0)
            error = errno;
    }
    if (error == 0) return {Answer::Is::yes, ""};
    // EAGAIN: somebody listens, and its queue is full.
    const bool unclear = error == EACCES || error == EPERM || error == EAGAIN;
    return {unclear ? Answer::Is::unknown : Answer::Is::no, message_of(error)};
}

Answer connects_by_tcp(const net::Endpoint& endpoint) {
    const bool any = endpoint.is_every_address();
    const bool v6 = endpoint.kind == net::Endpoint::Kind::inet6;
    addrinfo hints{};
    hints.ai_family = v6 ? AF_INET6 : AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    const std::string host = any ? (v6 ? "::1" : "127.0.0.1") : endpoint.host;
    const int trouble = ::getaddrinfo(host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &raw);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(raw, ::freeaddrinfo);
    if (trouble != 0) return {Answer::Is::unknown, host + ": " + ::gai_strerror(trouble)};
    Answer last;
    for (const addrinfo* each = found.get(); each != nullptr && last.is != Answer::Is::yes; each = each->ai_next)
        last = connects_to(each->ai_addr, each->ai_addrlen);
    return last;
}

}  // namespace

SocketFacts look_at_socket(const net::Endpoint& endpoint, const std::string& user, const std::string& below) {
    SocketFacts out;
    if (endpoint.is_tcp()) {
        out.connects = connects_by_tcp(endpoint);
        return out;
    }
    struct stat status{};
    if (::stat(endpoint.path.c_str(), &status) != 0) {
        const bool absent = errno == ENOENT || errno == ENOTDIR;
        out.is_socket = out.connects = {absent ? Answer::Is::no : Answer::Is::unknown, message_of(errno)};
        return out;
    }
    out.device = status.st_dev;
    out.inode = status.st_ino;
    if (!S_ISSOCK(status.st_mode)) {
        out.is_socket = out.connects = {Answer::Is::no, "is no socket"};
        return out;
    }
    out.is_socket = {Answer::Is::yes, ""};
    out.lets_in = lets_in(endpoint.path, "", user);
    out.lets_in_queue = lets_in(endpoint.path, below, user);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (endpoint.path.size() >= sizeof address.sun_path) {
        out.connects = {Answer::Is::no, "the path is too long for a socket"};
        return out;
    }
    endpoint.path.copy(address.sun_path, sizeof address.sun_path - 1);
    out.connects = connects_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return out;
}

}  // namespace exota::programs
