// A protocol of lines over one or two legs, enough to bring a connection into every situation, and servers that speak it.
//
//   hello            → hi
//   tls              → go, then TLS
//   facts            → what the near leg's TLS showed, as one line
//   dial             → dialled, or: lost WHY DETAIL; also later, when the far leg is gone
//   far-tls          says tls to the other side, and starts TLS when that says go → far-secured FACTS
//   to TEXT          TEXT goes to the other side; each of its lines → from TEXT
//   ask TEXT         the same, and nothing more is read before a line came back
//   wait             an answer is pending until a test wakes the session → answer
//   drop             closes the far leg
//   stream           from now on octets pass both ways as they are
//   flood OCTETS     so many octets
//   pour PIECES      so many pieces of 100,000 octets to the other side, each when the one before is written → poured PIECES
//   end              → end, and nothing more; what is said then is counted
//   quit             → bye, end of both legs
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <charconv>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "net/testing_house.h"
#include "net/tls_context.h"
#include "net/tls_facts.h"

namespace exota::net::testing {

/// What sessions are made with, and what they report. Touched on the loop only, but for what is atomic.
struct RelayStage {
    std::shared_ptr<const TlsContext> server, client;
    Address target;
    std::vector<std::string> reference_names;
    std::string server_name;
    std::chrono::milliseconds deadline{0};  // 0: none
    bool go_on_without_near = false;
    std::atomic<bool> far_owes_nothing{false};  // what it says is all that it has to say
    std::vector<std::function<void()>> wakes;
    std::vector<std::string> endings;  // "near peer-closed"
    std::vector<TlsFacts> facts;       // of the far leg
    std::atomic<bool> thanks{false};   // for each answer of the far leg
    std::atomic<int> reads{0};         // of the near leg
    std::atomic<int> sessions{0};
    std::atomic<int> lates{0};
    std::atomic<int> after_end{0};         // lines
    std::atomic<int> answers{0};           // lines of the far leg for a near one that is there
    std::atomic<std::size_t> streamed{0};  // octets from the near leg
    std::atomic<std::size_t> returned{0};  // octets from the far leg meanwhile
};

inline std::string text_of(const TlsFacts& facts) {
    std::string text = facts.protocol + (facts.resumed ? " resumed" : " new");
    if (!facts.peer) return text + " nobody";
    text += facts.peer->verified ? " verified " + std::string(name_of(facts.peer->purpose)) : " unverified (" + facts.peer->error + ')';
    text += " names";
    for (const std::string& name : facts.peer->names) text += ' ' + name;
    if (!facts.peer->why_no_names.empty()) text += " (" + facts.peer->why_no_names + ')';
    return text + (facts.peer->name_matches ? " matches" : "");
}

class RelaySession final : public Session {
public:
    RelaySession(RelayStage& stage, std::function<void()> wake) : stage_(stage), wake_(std::move(wake)) { ++stage_.sessions; }
    ~RelaySession() override { --stage_.sessions; }

    Step feed(Leg leg, std::string_view bytes, Out& out) override {
        if (leg == Leg::near && !bytes.empty()) ++stage_.reads;
        if (leg == Leg::near && std::exchange(pending_, false)) out.near += "answer\n";
        out.peer_waits = leg == Leg::far && stage_.far_owes_nothing;
        std::size_t consumed = 0;
        while (consumed < bytes.size() || streaming_) {
            if (streaming_) {
                (leg == Leg::near ? stage_.streamed : stage_.returned) += bytes.size() - consumed;
                (leg == Leg::near ? out.far : out.near) += bytes.substr(consumed);
                return {bytes.size(), State::reading};
            }
            const std::size_t end = bytes.find('\n', consumed);
            if (end == std::string_view::npos) break;
            const std::string_view line = bytes.substr(consumed, end - consumed);
            consumed = end + 1;
            ++step_;
            const State state = leg == Leg::near ? from_near(line, out) : from_far(line, out);
            if (state != State::reading || out.start_tls) return {consumed, state};
        }
        return {consumed, asked_ || pending_ || to_pour_ > 0 ? State::waiting : State::reading};
    }
    Step opened(Leg leg, const TlsFacts* tls, Out& out) override {
        ++step_;
        if (leg == Leg::near && tls != nullptr) facts_ = text_of(*tls);
        if (leg == Leg::far && tls == nullptr) out.near += "dialled\n";
        if (leg == Leg::far && tls != nullptr) {
            out.near += "far-secured " + text_of(*tls) + '\n';
            stage_.facts.push_back(*tls);
        }
        if (leg == Leg::far) asked_ = false;
        return {};
    }
    Step written(Out& out) override {
        ++step_;
        if (poured_ == to_pour_) {
            out.near += "poured " + std::to_string(poured_) + '\n';
            to_pour_ = 0;
            return {};
        }
        out.far.append(100'000, 'x');
        ++poured_;
        out.more_far = true;
        return {0, State::waiting};
    }
    Step ended(Leg leg, Ending why, std::string_view detail, Out& out) override {
        ++step_;
        const std::string name(ending_names[static_cast<std::size_t>(why)]);
        stage_.endings.push_back((leg == Leg::near ? "near " : "far ") + name);
        if (leg == Leg::far) {
            to_pour_ = 0;
            out.near += "lost " + name + ' ' + std::string(detail) + '\n';
            asked_ = false;
            return {0, streaming_ || near_is_gone_ ? State::closing : State::reading};
        }
        near_is_gone_ = true;
        out.near += "ending " + name + '\n';
        out.far += "near is gone\n";
        return {0, stage_.go_on_without_near ? State::reading : State::closing};
    }
    Step late(Out& out) override {
        ++step_;
        ++stage_.lates;
        out.near += "late\n";
        return {0, pending_ || stage_.deadline.count() == 0 ? State::waiting : State::closing};
    }
    std::optional<Deadline> deadline() const override {
        if (stage_.deadline.count() == 0) return std::nullopt;
        return Deadline{stage_.deadline, step_};
    }
    bool busy() const noexcept override { return asked_ || pending_ || streaming_; }

private:
    State from_near(std::string_view line, Out& out) {
        if (has_ended_) ++stage_.after_end;
        if (line == "hello") {
            out.near += "hi\n";
        } else if (line == "tls") {
            out.near += "go\n";
            out.start_tls = StartTls{.leg = Leg::near, .context = stage_.server};
        } else if (line == "facts") {
            out.near += facts_ + '\n';
        } else if (line == "dial") {
            out.dial = stage_.target;
            asked_ = true;
            return State::waiting;
        } else if (line == "far-tls" || line.starts_with("ask ")) {
            out.far += (line == "far-tls" ? "tls" : std::string(line.substr(4))) + '\n';
            asked_ = true;
            return State::waiting;
        } else if (line.starts_with("to ")) {
            out.far += std::string(line.substr(3)) + '\n';
        } else if (line == "wait") {
            pending_ = true;
            stage_.wakes.push_back(wake_);
            return State::waiting;
        } else if (line == "drop") {
            out.close_far = true;
        } else if (line == "stream") {
            streaming_ = true;
        } else if (line.starts_with("flood ")) {
            std::size_t octets = 0;
            std::from_chars(line.data() + 6, line.data() + line.size(), octets);
            out.near.append(octets, 'x');
        } else if (line.starts_with("pour ")) {
            std::from_chars(line.data() + 5, line.data() + line.size(), to_pour_);
            poured_ = 0;
            out.more_far = true;
            return State::waiting;
        } else if (line == "end") {
            out.near += "end\n";
            out.end_near = has_ended_ = true;
        } else if (line == "quit") {
            out.near += "bye\n";
            out.far += "quit\n";
            return State::closing;
        } else {
            out.near += "what\n";
        }
        return State::reading;
    }
    State from_far(std::string_view line, Out& out) {
        if (line == "go") {
            out.start_tls = StartTls{.leg = Leg::far,
                                     .context = stage_.client,
                                     .server_name = stage_.server_name,
                                     .reference_names = stage_.reference_names,
                                     .keep_chain = true};
            return State::waiting;
        }
        if (!near_is_gone_) ++stage_.answers;
        if (std::exchange(asked_, false) && stage_.thanks) out.far += "thanks\n";
        out.near += "from " + std::string(line) + '\n';
        return pending_ ? State::waiting : State::reading;
    }

    RelayStage& stage_;
    std::function<void()> wake_;
    std::string facts_ = "none";
    std::uint32_t step_ = 0;
    std::size_t to_pour_ = 0, poured_ = 0;
    bool asked_ = false, pending_ = false, streaming_ = false, near_is_gone_ = false, has_ended_ = false;
};

/// One server of RelaySessions on a loop of its own.
class RelayHouse {
public:
    explicit RelayHouse(const std::string& endpoint, ServerOptions options = {}, ServerLimits* shared = nullptr)
        : limits(10'000), listener(std::move(*Listener::open(*Endpoint::parse(endpoint), {}, 1))) {
        auto factory = [this](const Peer&, std::function<void()> wake) { return std::make_unique<RelaySession>(stage, std::move(wake)); };
        server = std::make_unique<Server>(thread.loop(), shared != nullptr ? *shared : limits, factory, std::move(options));
        thread.call([this] { server->listen(listener.take(0)); });
    }
    ~RelayHouse() {
        thread.stop();
        server.reset();
    }
    Descriptor client() const { return connect_to(listener.bound()); }
    Address address() const { return *Address::of(*Endpoint::parse(listener.bound())); }
    template <class Read>
    auto ask(Read read) {
        return thread.call([&] { return read(stage); });
    }
    std::uint64_t ended(Ending why) {
        return thread.call([&] { return server->counters().ended[static_cast<std::size_t>(why)].value(); });
    }
    std::size_t open() {
        return thread.call([&] { return server->open(); });
    }

    RelayStage stage;
    ServerLimits limits;
    Listener listener;
    LoopThread thread;
    std::unique_ptr<Server> server;
};

/// A line of a socket in the clear, with its end; what came if the peer ends before.
inline std::string line_of(const Descriptor& socket) {
    std::string text;
    while (!text.ends_with('\n')) {
        const std::string octet = receive(socket, 1);
        if (octet.empty()) break;
        text += octet;
    }
    return text;
}

}  // namespace exota::net::testing
