// For tests: a server on a port of its own that hands each client to a thread.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/descriptor.h"

namespace exota::directory::testing {

/// What a client that went may still be sent is nobody's failure.
inline void say(int client, std::string_view text) { static_cast<void>(::send(client, text.data(), text.size(), MSG_NOSIGNAL)); }

/// Listens on loopback. A client's socket is closed with the server; shut down ends it before.
class ServerOnLoopback {
public:
    /// @param client      its socket; @param connection  its number, from 0.
    using Serve = std::function<void(int client, int connection)>;
    explicit ServerOnLoopback(Serve serve) : serve_(std::move(serve)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_.get(), 16), 0);
        socklen_t size = sizeof address;
        EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        port = ntohs(address.sin_port);
        thread_ = std::thread([this] { accept(); });
    }
    /// Whoever is served is shut down first.
    ~ServerOnLoopback() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    ServerOnLoopback(const ServerOnLoopback&) = delete;
    ServerOnLoopback& operator=(const ServerOnLoopback&) = delete;

    /// The connections there are, as one does that closes those at rest.
    void hang_up() {
        const std::lock_guard lock(mutex_);
        for (const int client : sockets_) ::shutdown(client, SHUT_RDWR);
    }

    std::uint16_t port = 0;

private:
    void accept() {
        std::vector<std::thread> clients;
        for (int number = 0;; ++number) {
            const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) break;
            {
                const std::lock_guard lock(mutex_);
                sockets_.push_back(client);
            }
            clients.emplace_back([this, client, number] { serve_(client, number); });
        }
        hang_up();
        for (std::thread& client : clients) client.join();
        for (const int client : sockets_) ::close(client);
    }

    const Serve serve_;
    net::Descriptor listener_;
    std::mutex mutex_;  // of the next
    std::vector<int> sockets_;
    std::thread thread_;
};

}  // namespace exota::directory::testing
