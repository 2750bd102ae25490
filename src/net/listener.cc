#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "base/system_error.h"
#include "net/socket_address.h"

namespace exota::net {

namespace {

using base::Errc;
using base::fail;
using base::Result;
using base::system_error;

Result<SocketAddress> resolve(const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_family = endpoint.kind == Endpoint::Kind::inet ? AF_INET : AF_INET6;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(endpoint.port);
    const int error = getaddrinfo(endpoint.host.empty() ? nullptr : endpoint.host.c_str(), port.c_str(), &hints, &found);
    if (error != 0) return fail(Errc::io, endpoint.text() + ": " + gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    SocketAddress address;
    address.octets = found->ai_addrlen;
    std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    return address;
}

enum class Share : std::uint8_t { no, yes };

Result<Descriptor> bind_tcp(const Endpoint& endpoint, const SocketAddress& address, Share share) {
    Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return system_error(endpoint.text());
    const int on = 1;
    if (setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return system_error(endpoint.text());
    if (share == Share::yes && setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        return system_error(endpoint.text());
    // inet6 means IPv6: "inet6:[::]:25" beside "inet:0.0.0.0:25" are two endpoints that do not collide.
    if (address.storage.ss_family == AF_INET6 && setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return system_error(endpoint.text());
    if (::bind(socket.get(), address.get(), address.octets) != 0) return system_error(endpoint.text());
    return socket;
}

Result<SocketAddress> local_address(int socket) {
    SocketAddress address;
    address.octets = sizeof address.storage;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.octets) != 0) return system_error("getsockname");
    return address;
}

std::string bound_text(const SocketAddress& address) {
    const std::string text = Address::of_system(&address.storage, address.octets).text();
    if (address.storage.ss_family == AF_INET) return "inet:" + text;
    if (address.storage.ss_family == AF_INET6) return "inet6:" + text;
    return text;
}

Result<std::vector<Descriptor>> open_tcp(const Endpoint& endpoint, const ListenOptions& options, std::size_t loops, std::string& bound) {
    Result<SocketAddress> address = resolve(endpoint);
    if (!address) return std::unexpected(address.error());
    if (endpoint.port != 0) {
        // With SO_REUSEPORT alone a second daemon would share the port without a word.
        if (const auto alone = bind_tcp(endpoint, *address, Share::no); !alone) return std::unexpected(alone.error());
    }
    std::vector<Descriptor> sockets;
    for (std::size_t i = 0; i < loops; ++i) {
        Result<Descriptor> socket = bind_tcp(endpoint, *address, Share::yes);
        if (!socket) return std::unexpected(socket.error());
        if (i == 0) {
            address = local_address(socket->get());  // the port that was chosen is the others' too
            if (!address) return std::unexpected(address.error());
            bound = bound_text(*address);
        }
        sockets.push_back(std::move(*socket));
    }
    for (const Descriptor& socket : sockets)
        if (::listen(socket.get(), options.backlog) != 0) return system_error(endpoint.text());
    return sockets;
}

SocketAddress unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    SocketAddress result;
    result.octets = sizeof address;
    std::memcpy(&result.storage, &address, sizeof address);
    return result;
}

/// Removes a socket that nobody listens on; anything else at that path is an error and stays.
Result<void> remove_stale_socket(const std::string& path) {
    struct stat status{};
    if (lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return system_error(path);
    }
    if (!S_ISSOCK(status.st_mode)) return fail(Errc::io, path + ": there is a file that is no socket; it was left alone");
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!probe) return system_error(path);
    const SocketAddress address = unix_address(path);
    if (::connect(probe.get(), address.get(), address.octets) == 0 || errno == EAGAIN || errno == EINPROGRESS)
        return fail(Errc::io, path + ": somebody listens there already");
    if (errno != ECONNREFUSED) return system_error(path + ": there is a socket whose owner cannot be asked");
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(path);
    return {};
}

Result<gid_t> group_number(const std::string& group) {
    gid_t number = 0;
    const auto [stopped, error] = std::from_chars(group.data(), group.data() + group.size(), number);
    if (error == std::errc{} && stopped == group.data() + group.size()) return number;
    ::group entry{};
    ::group* found = nullptr;
    std::vector<char> buffer(64 * 1024);
    if (const int failed = getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found); failed != 0)
        return fail(Errc::io, "group " + group + ": " + std::strerror(failed));
    if (!found) return fail(Errc::not_found, "there is no group '" + group + "'");
    return entry.gr_gid;
}

/// Why a socket cannot be bound at `path`, and what to do about it.
std::string bind_problem(const std::string& path, int error) {
    const std::string text = path + ": " + std::strerror(error);
    const std::size_t slash = path.find_last_of('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
    switch (error) {
        case ENOENT:
            return text + ": the directory " + directory +
                   " does not exist: create it for the user that runs exota, or let systemd-tmpfiles or RuntimeDirectory= of the unit do "
                   "so";
        case EACCES:
            return text + ": the user that runs exota must be allowed to make files in " + directory;
        case EROFS:
            return text + ": " + directory + " cannot be written to: a systemd unit needs ReadWritePaths=" + directory;
        default:
            return text;
    }
}

/// Binds so that the socket never has more permissions than it is meant to have in the end, not even between bind and chmod.
Result<Descriptor> bind_unix(const std::string& path, const ListenOptions& options) {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return system_error(path);
    const SocketAddress address = unix_address(path);
    const std::optional<mode_t> old_mask = options.socket_mode ? std::optional(umask(0777)) : std::nullopt;
    const int failed = ::bind(socket.get(), address.get(), address.octets) != 0 ? errno : 0;
    if (old_mask) umask(*old_mask);
    if (failed != 0) return fail(Errc::io, bind_problem(path, failed));
    return socket;
}

Result<void> set_owner(const std::string& path, const ListenOptions& options) {
    if (!options.socket_group.empty()) {
        const Result<gid_t> group = group_number(options.socket_group);
        if (!group) return std::unexpected(group.error());
        if (::lchown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) {
            const bool refused = errno == EPERM;
            base::Error error = system_error(path + ": group " + options.socket_group).error();
            if (refused)
                error.detail += ": the user that runs exota must be in that group (SupplementaryGroups= of the unit), or be root at start";
            return std::unexpected(std::move(error));
        }
    }
    if (options.socket_mode && ::chmod(path.c_str(), *options.socket_mode) != 0) return system_error(path);
    return {};
}

Result<std::vector<Descriptor>> duplicates(Descriptor socket, std::size_t count, const std::string& what) {
    std::vector<Descriptor> all;
    all.push_back(std::move(socket));
    while (all.size() < count) {
        Descriptor copy(fcntl(all.front().get(), F_DUPFD_CLOEXEC, 0));
        if (!copy) return system_error(what);
        all.push_back(std::move(copy));
    }
    return all;
}

}  // namespace

Result<Listener> Listener::open(const Endpoint& endpoint, const ListenOptions& options, std::size_t loops) {
    Listener listener;
    if (endpoint.is_tcp()) {
        Result<std::vector<Descriptor>> sockets = open_tcp(endpoint, options, loops, listener.bound_);
        if (!sockets) return std::unexpected(sockets.error());
        listener.descriptors_ = std::move(*sockets);
        return listener;
    }
    if (endpoint.kind != Endpoint::Kind::unix_socket) return fail(Errc::not_found, endpoint.text() + ": systemd passed no such socket");
    if (const Result<void> removed = remove_stale_socket(endpoint.path); !removed) return std::unexpected(removed.error());
    Result<Descriptor> socket = bind_unix(endpoint.path, options);
    if (!socket) return std::unexpected(socket.error());
    listener.path_ = endpoint.path;
    struct stat status{};
    if (lstat(endpoint.path.c_str(), &status) != 0) return system_error(endpoint.path);
    listener.device_ = status.st_dev;
    listener.inode_ = status.st_ino;
    listener.bound_ = endpoint.text();
    if (const Result<void> owned = set_owner(endpoint.path, options); !owned) return std::unexpected(owned.error());
    if (::listen(socket->get(), options.backlog) != 0) return system_error(endpoint.path);
    Result<std::vector<Descriptor>> all = duplicates(std::move(*socket), loops, endpoint.text());
    if (!all) return std::unexpected(all.error());
    listener.descriptors_ = std::move(*all);
    return listener;
}

Result<Listener> Listener::from_activated(ActivatedSocket socket, std::size_t loops) {
    Listener listener;
    const Result<SocketAddress> address = local_address(socket.descriptor.get());
    if (!address) return std::unexpected(address.error());
    listener.bound_ = bound_text(*address);
    int only_v6 = 1;
    socklen_t size = sizeof only_v6;
    listener.takes_both_families_ = address->storage.ss_family == AF_INET6 &&
                                    getsockopt(socket.descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, &size) == 0 && only_v6 == 0;
    Result<std::vector<Descriptor>> all = duplicates(std::move(socket.descriptor), loops, "systemd:" + socket.name);
    if (!all) return std::unexpected(all.error());
    listener.descriptors_ = std::move(*all);
    return listener;
}

Listener::Listener(Listener&& other) noexcept
    : descriptors_(std::move(other.descriptors_)),
      bound_(std::move(other.bound_)),
      takes_both_families_(other.takes_both_families_),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

Listener& Listener::operator=(Listener&& other) noexcept {
    if (this != &other) {
        remove_socket_file();
        descriptors_ = std::move(other.descriptors_);
        bound_ = std::move(other.bound_);
        takes_both_families_ = other.takes_both_families_;
        path_ = std::exchange(other.path_, {});
        device_ = other.device_;
        inode_ = other.inode_;
    }
    return *this;
}

Listener::~Listener() { remove_socket_file(); }

void Listener::remove_socket_file() noexcept {
    if (path_.empty()) return;
    struct stat status{};
    // A successor may have put its own socket there meanwhile.
    if (lstat(path_.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) && status.st_dev == device_ && status.st_ino == inode_)
        ::unlink(path_.c_str());
    path_.clear();
}

std::vector<Listener> open_listeners(const std::vector<Endpoint>& endpoints, const ListenOptions& options, std::size_t loops,
                                     std::vector<ActivatedSocket>& activated, std::vector<base::Error>& problems) {
    std::vector<Listener> listeners;
    const auto add = [&](Result<Listener> listener) {
        if (listener)
            listeners.push_back(std::move(*listener));
        else
            problems.push_back(std::move(listener.error()));
    };
    const auto take = [&](const std::string& name) {  // empty: all that are left
        std::size_t taken = 0;
        for (ActivatedSocket& socket : activated) {
            if (!socket.descriptor || (!name.empty() && socket.name != name)) continue;
            add(Listener::from_activated(std::move(socket), loops));
            ++taken;
        }
        return taken;
    };
    const auto is_all = [](const Endpoint& e) { return e.kind == Endpoint::Kind::activated && e.name.empty(); };
    for (const Endpoint& endpoint : endpoints) {
        if (is_all(endpoint)) continue;
        if (endpoint.kind != Endpoint::Kind::activated)
            add(Listener::open(endpoint, options, loops));
        else if (take(endpoint.name) == 0)
            problems.push_back({Errc::not_found, endpoint.text() + ": systemd passed no socket of that name"});
    }
    // "systemd" is all that no other entry names, wherever it stands in the list.
    for (const Endpoint& endpoint : endpoints)
        if (is_all(endpoint) && take({}) == 0) problems.push_back({Errc::not_found, endpoint.text() + ": systemd passed no socket"});
    return listeners;
}

}  // namespace exota::net
