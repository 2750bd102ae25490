// For tests: servers that speak as a test likes, each command of each connection handed to it.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "directory/redis_replies.h"
#include "directory/testing_server.h"

namespace exota::directory::testing {

/// On a port of its own: each command goes to `answer`; an empty answer is none, "close" ends the connection.
class RedisLike {
public:
    using Words = std::vector<std::string>;
    using Answer = std::function<std::string(int connection, const Words& words)>;
    explicit RedisLike(Answer answer)
        : answer_(std::move(answer)), server_([this](int client, int connection) {
              ++connections;
              serve(client, connection);
          }) {
        port = server_.port;
        url = "redis://127.0.0.1:" + std::to_string(port);
    }

    std::string url;
    std::uint16_t port = 0;
    std::atomic<int> connections{0};

private:
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
                say(client, answer);
            }
        }
    }
    const Answer answer_;
    ServerOnLoopback server_;  // the last: its threads use the others
};

}  // namespace exota::directory::testing
