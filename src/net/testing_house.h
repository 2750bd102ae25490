// Servers on loops of their own behind one endpoint, for the server's tests.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/listener.h"
#include "net/server.h"
#include "net/testing.h"
#include "net/testing_lines.h"

namespace exota::net::testing {

struct HouseLimits {
    std::size_t max_sessions = 1000;
    std::size_t max_partial_octets = ServerLimits::default_max_partial_octets;
};

/// Servers on some loops behind one endpoint.
class House {
public:
    explicit House(const std::string& endpoint, std::size_t loops = 1, ServerOptions options = {}, HouseLimits with = {})
        : limits(with.max_sessions, with.max_partial_octets), listener(std::move(*Listener::open(*Endpoint::parse(endpoint), {}, loops))) {
        for (std::size_t i = 0; i < loops; ++i) {
            threads.push_back(std::make_unique<LoopThread>());
            stages.push_back(std::make_unique<Stage>());
            stages[i]->loop = &threads[i]->loop();
        }
        for (std::size_t i = 0; i < loops; ++i) {
            auto factory = [&stage = *stages[i]](const Peer& peer, std::function<void()> wake) {
                return std::make_unique<LineSession>(stage, peer, std::move(wake));
            };
            servers.push_back(std::make_unique<Server>(threads[i]->loop(), limits, factory, options));
        }
        for (std::size_t i = 0; i < loops; ++i) threads[i]->call([&] { servers[i]->listen(listener.take(i)); });
    }
    ~House() {
        for (const auto& thread : threads) thread->stop();
        servers.clear();
    }
    Descriptor client() const { return connect_to(listener.bound()); }
    std::uint64_t ended(Ending why, std::size_t loop = 0) {
        return threads[loop]->call([&] { return servers[loop]->counters().ended[static_cast<std::size_t>(why)].value(); });
    }
    std::size_t open(std::size_t loop = 0) {
        return threads[loop]->call([&] { return servers[loop]->open(); });
    }

    ServerLimits limits;
    Listener listener;
    std::vector<std::unique_ptr<LoopThread>> threads;
    std::vector<std::unique_ptr<Stage>> stages;
    std::vector<std::unique_ptr<Server>> servers;
};

/// Asks until it is so; gives up after a time that only a broken server needs.
template <class Condition>
::testing::AssertionResult eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return ::testing::AssertionFailure() << "it never came to that";
        std::this_thread::yield();
    }
    return ::testing::AssertionSuccess();
}

inline ::testing::AssertionResult answers(const Descriptor& client, std::string_view question = "ping\n",
                                          std::string_view answer = "pong\n") {
    if (!send_all(client, question)) return ::testing::AssertionFailure() << "not sent";
    const std::string got = receive(client, answer.size());
    if (got != answer) return ::testing::AssertionFailure() << "got '" << got << "'";
    return ::testing::AssertionSuccess();
}

/// Reads on until what was read ends with `last`.
inline bool receive_all_until(const Descriptor& client, std::string_view last) {
    std::string got;
    while (!got.ends_with(last)) {
        const std::string next = receive(client, 1);
        if (next.empty()) return false;
        got += next;
    }
    return true;
}

/// A test on each kind of socket.
class OnSocket : public ::testing::TestWithParam<const char*> {
protected:
    std::string endpoint() const { return std::string_view(GetParam()) == "unix" ? "unix:" + directory_.path("s") : "inet:127.0.0.1:0"; }
    TemporaryDirectory directory_;
};

}  // namespace exota::net::testing
