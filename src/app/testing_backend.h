// For tests of gateways: a server of SMTP behind them, and a client before them.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "net/listener.h"
#include "net/testing.h"
#include "net/testing_relay.h"

namespace exota::app::testing {

using net::testing::line_of;
using net::testing::send_all;

inline constexpr std::string_view plain_offers = "250-backend.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n";

/// A server of SMTP lines on a thread of its own, one connection after the other; says 250 to everything.
class Backend {
public:
    explicit Backend(std::string offers)
        : offers_(std::move(offers)), listener_(std::move(*net::Listener::open(*net::Endpoint::parse("inet:127.0.0.1:0"), {}, 1))) {
        thread_ = std::thread([this] { serve(listener_.take(0)); });
    }
    ~Backend() {
        stop_ = true;
        static_cast<void>(net::testing::connect_to(listener_.bound()));  // wakes accept()
        thread_.join();
    }
    net::Address address() const { return *net::Address::of(*net::Endpoint::parse(listener_.bound())); }
    int messages() const { return messages_; }
    int connections() const { return connections_; }

private:
    void serve(const net::Descriptor& socket) {
        const int blocking = fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK;
        fcntl(socket.get(), F_SETFL, blocking);
        while (!stop_) {
            const net::Descriptor client(::accept(socket.get(), nullptr, nullptr));
            if (!client || stop_) continue;
            net::testing::limit_time(client.get());
            ++connections_;
            talk(client);
        }
    }
    void talk(const net::Descriptor& client) {
        send_all(client, "220 backend.test\r\n");
        bool data = false;
        for (std::string line = line_of(client); line.ends_with('\n'); line = line_of(client)) {
            if (data) {
                if (line != ".\r\n") continue;
                data = false;
                ++messages_;
                send_all(client, "250 2.0.0 taken\r\n");
            } else if (line.starts_with("EHLO")) {
                send_all(client, offers_);
            } else if (line.starts_with("DATA")) {
                data = true;
                send_all(client, "354 go\r\n");
            } else {
                send_all(client, "250 2.0.0 ok\r\n");
            }
        }
    }

    const std::string offers_;
    net::Listener listener_;
    std::atomic<bool> stop_{false};
    std::atomic<int> messages_{0}, connections_{0};
    std::thread thread_;
};

/// The last line of a reply.
std::string last_line_of(auto&& line) {
    std::string text = line();
    while (text.size() > 3 && text[3] == '-') text = line();
    return text;
}

inline std::string ask(const net::Descriptor& socket, std::string_view line) {
    EXPECT_TRUE(send_all(socket, std::string(line) + "\r\n"));
    return last_line_of([&] { return line_of(socket); });
}

}  // namespace exota::app::testing
