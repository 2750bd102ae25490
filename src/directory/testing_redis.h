// For tests: servers that speak as a test likes, each command of each connection handed to it.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "directory/redis_replies.h"
#include "net/descriptor.h"

namespace exota::directory::testing {

/// On a port of its own: each command goes to `answer`; an empty answer is none, "close" ends the connection.
class RedisLike {
public:
    using Words = std::vector<std::string>;
    using Answer = std::function<std::string(int connection, const Words& words)>;
    explicit RedisLike(Answer answer) : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_.get(), 16), 0);
        socklen_t size = sizeof address;
        EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        port = ntohs(address.sin_port);
        url = "redis://127.0.0.1:" + std::to_string(port);
        thread_ = std::thread([this] { accept(); });
    }
    ~RedisLike() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    RedisLike(const RedisLike&) = delete;
    RedisLike& operator=(const RedisLike&) = delete;

    std::string url;
    std::uint16_t port = 0;
    std::atomic<int> connections{0};

private:
    void accept() {
        std::vector<std::thread> clients;
        std::vector<int> sockets;
        for (int number = 0;; ++number) {
            const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) break;
            ++connections;
            sockets.push_back(client);
            clients.emplace_back([this, client, number] { serve(client, number); });
        }
        for (const int client : sockets) ::shutdown(client, SHUT_RDWR);
        for (std::thread& client : clients) client.join();
        for (const int client : sockets) ::close(client);
    }
    void serve(int client, int connection) {
        RedisReplies commands;  // a command is an array of texts
        char octets[4096];
        for (ssize_t got; (got = ::recv(client, octets, sizeof octets, 0)) > 0;) {
            commands.feed({octets, static_cast<std::size_t>(got)});
            for (auto command = commands.next(); command && *command; command = commands.next()) {
                Words words;
                for (const RedisReply& word : (*command)->elements) words.push_back(word.text);
                const std::string answer = answer_(connection, words);
                if (answer == "close") {
                    ::shutdown(client, SHUT_RDWR);
                    return;
                }
                static_cast<void>(::send(client, answer.data(), answer.size(), MSG_NOSIGNAL));
            }
        }
    }
    const Answer answer_;
    net::Descriptor listener_;
    std::thread thread_;
};

}  // namespace exota::directory::testing
