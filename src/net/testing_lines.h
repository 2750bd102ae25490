// A protocol of lines for the server's tests: enough to bring a connection into every situation.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <charconv>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "net/session.h"

namespace exota::net::testing {

/// What the sessions of a test report, and what it holds back from them. Touched on the loop only.
struct Stage {
    Loop* loop = nullptr;
    std::vector<std::function<void()>> wakes;
    std::atomic<int> sessions{0};
    std::atomic<int> quiet_rearmed{0};
    std::atomic<int> quiet_missed{0};
};

/// A protocol of lines, enough to bring a connection into every situation.
class LineSession final : public Session {
public:
    LineSession(Stage& stage, const Peer& peer, std::function<void()> wake) : stage_(stage), peer_(peer), wake_(std::move(wake)) {
        ++stage_.sessions;
    }
    ~LineSession() override { --stage_.sessions; }

    Step feed(Leg, std::string_view bytes, Out& to) override {
        std::string& out = to.near;
        std::size_t consumed = 0;
        if (pending_) {
            pending_ = false;
            out += "answer\n";
        }
        for (;;) {
            const std::size_t end = bytes.find('\n', consumed);
            if (end == std::string_view::npos) return {consumed, State::reading};
            const std::string_view line = bytes.substr(consumed, end - consumed);
            consumed = end + 1;
            if (line == "ping") {
                out += "pong\n";
            } else if (line == "begin") {
                busy_ = true;
                out += "begun\n";
            } else if (line == "end") {
                busy_ = false;
                out += "done\n";
            } else if (line == "quiet") {
                check_acknowledgement();
            } else if (line.starts_with("big ")) {
                std::size_t octets = 0;
                std::from_chars(line.data() + 4, line.data() + line.size(), octets);
                out.append(octets, 'x');
            } else if (line == "wait") {
                pending_ = true;
                stage_.wakes.push_back(wake_);
                return {consumed, State::waiting};
            } else if (line == "wait-not") {  // the answer is there before feed returns
                pending_ = true;
                wake_();
                return {consumed, State::waiting};
            } else if (line == "quit") {
                out += "bye\n";
                return {consumed, State::closing};
            } else {
                return {consumed, State::closing};
            }
        }
    }
    bool busy() const noexcept override { return busy_; }
    Step late(Out& out) override {
        out.near += "still\n";
        return {0, State::waiting};
    }

private:
    /// Looks when the server is done with this read: does the kernel still hold acknowledgements back?
    void check_acknowledgement() {
        stage_.loop->post([&stage = stage_, descriptor = peer_.descriptor] {
            int quick = 0;
            socklen_t size = sizeof quick;
            getsockopt(descriptor, IPPROTO_TCP, TCP_QUICKACK, &quick, &size);
            ++(quick != 0 ? stage.quiet_rearmed : stage.quiet_missed);
        });
    }

    Stage& stage_;
    Peer peer_;
    std::function<void()> wake_;
    bool pending_ = false;
    bool busy_ = false;
};

}  // namespace exota::net::testing
