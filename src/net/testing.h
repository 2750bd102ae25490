// What the tests of net and app share: a temporary directory, plain blocking client sockets, a loop on a thread of its own.
//
// Blocking calls have a generous time limit, so that a broken server fails a test instead of hanging it; no test waits for time to pass:
// LoopThread::pass skips it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "net/descriptor.h"
#include "net/loop.h"

namespace exota::net::testing {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "exota-test-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) std::abort();
        root_ = pattern;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;  // a test that could not clean up is no failure
        std::filesystem::remove_all(root_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    std::string path(const std::string& name) const { return (root_ / name).string(); }

private:
    std::filesystem::path root_;
};

/// A UDP socket on loopback, for a DNS server of the test. While nobody reads it, it is one that never answers.
class DnsSocket {
public:
    DnsSocket() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
            ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
            std::abort();
        server_ = "127.0.0.1@" + std::to_string(ntohs(address.sin_port));
    }
    int get() const noexcept { return socket_.get(); }
    /// As `dns.servers` takes it.
    const std::string& server() const noexcept { return server_; }

private:
    Descriptor socket_;
    std::string server_;
};

inline void limit_time(int socket) {
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/// A blocking client connection to what Listener::bound() says ("unix:/path", "inet:127.0.0.1:25"); empty if refused.
inline Descriptor connect_to(std::string_view bound) {
    if (bound.starts_with("unix:")) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        bound.substr(5).copy(address.sun_path, sizeof address.sun_path - 1);
        Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        limit_time(socket.get());
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
        return socket;
    }
    const std::size_t colon = bound.rfind(':');
    const auto port = static_cast<std::uint16_t>(std::stoi(std::string(bound.substr(colon + 1))));
    if (bound.starts_with("inet6:")) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        address.sin6_addr = in6addr_loopback;
        Descriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
        limit_time(socket.get());
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
        return socket;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    limit_time(socket.get());
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    return socket;
}

/// All of `text`; false if the peer is gone or does not read.
inline bool send_all(const Descriptor& socket, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

/// Exactly `octets`, or what came before the end.
inline std::string receive(const Descriptor& socket, std::size_t octets) {
    std::string text(octets, '\0');
    std::size_t have = 0;
    while (have < octets) {
        const ssize_t got = ::recv(socket.get(), text.data() + have, octets - have, 0);
        if (got <= 0) break;
        have += static_cast<std::size_t>(got);
    }
    text.resize(have);
    return text;
}

/// Everything until the peer closes.
inline std::string receive_all(const Descriptor& socket) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
        if (got <= 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
    }
}

/// The peer closed (and nothing more was to read).
inline bool at_end(const Descriptor& socket) {
    char octet = 0;
    const ssize_t got = ::recv(socket.get(), &octet, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

class LoopThread {
public:
    LoopThread() : thread_([this] { loop_.run(); }) {}
    ~LoopThread() { stop(); }
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    Loop& loop() noexcept { return loop_; }
    /// Runs `work` on the loop and waits for it, and for what it posted before.
    template <class Work>
    auto call(Work work) {
        std::packaged_task<std::invoke_result_t<Work>()> task(std::move(work));
        auto result = task.get_future();
        const auto through = std::make_shared<std::promise<void>>();
        loop_.post([this, &task, through] {
            task();
            loop_.post([through] { through->set_value(); });  // behind what the work posted
        });
        through->get_future().wait();
        return result.get();
    }
    /// As if so much time passed; returns when everything that was due by then has been called.
    void pass(Loop::Clock::duration time) {
        std::promise<void> called;
        std::unique_ptr<Timer> last;  // due after all of it
        call([&] {
            loop_.skip(time);
            last = std::make_unique<Timer>(loop_);
            last->start(std::chrono::nanoseconds(0), [&called] { called.set_value(); });
        });
        called.get_future().wait();
        call([&last] { last.reset(); });
    }
    void stop() {
        loop_.stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    Loop loop_;
    std::thread thread_;
};

}  // namespace exota::net::testing
