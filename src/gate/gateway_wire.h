// For tests and fuzzers: whoever moves a gateway session's octets, by the rules of legs.h, and a house without a disk. What breaks those
// rules aborts.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/gateway_session.h"
#include "gate/judge.h"
#include "gate/world.h"

namespace exota::gate::testing {

inline constexpr FrontEnd gateway_front{.name = "gateway", .instance = "exchange", .hold_queue = HoldQueue::none};

/// Keeps all in memory; full above its limit.
class MemorySpool : public Spool {
public:
    explicit MemorySpool(std::size_t limit = ~std::size_t{0}) : limit_(limit) {}
    base::Result<void> append(std::string_view octets) override {
        if (octets.size() > limit_ - kept_.size()) return base::fail(base::Errc::too_long, "full");
        kept_.append(octets);
        return {};
    }
    std::uint64_t size() const noexcept override { return kept_.size(); }
    base::Result<std::string_view> read(std::uint64_t at, std::size_t max_octets) override {
        return std::string_view(kept_).substr(static_cast<std::size_t>(at), std::min(max_octets, max_piece));
    }
    static constexpr std::size_t max_piece = 1000;  // however much is asked for

private:
    std::size_t limit_;
    std::string kept_;
};

class TestHouse : public GatewayHouse {
public:
    const FrontEnd& front() const noexcept override { return front_end; }
    std::unique_ptr<Spool> make_spool(const std::optional<base::IpAddress>&) override { return std::make_unique<MemorySpool>(spool_limit); }
    std::string make_id() override { return "Q" + std::to_string(++ids); }
    void backend_failed(std::size_t backend, BackendFailure why, std::string_view) override {
        failures.push_back(std::to_string(backend) + ' ' + std::string(name_of(why)));
    }
    void backend_works(std::size_t) override { ++works; }
    void refused_unjudged(std::string_view id, std::string_view answered) override {
        unjudged.push_back(std::string(id) + ' ' + std::string(answered));
    }

    void long_lines(std::uint64_t lines) override { long_ones += lines; }

    FrontEnd front_end = gateway_front;
    std::size_t spool_limit = ~std::size_t{0};
    std::uint64_t long_ones = 0;
    int ids = 0, works = 0;
    std::vector<std::string> failures, unjudged;
};

inline LegTls tls_of_client(std::string name) {
    LegCertificate certificate{.verified = true,
                               .error = {},
                               .purpose = CertificatePurpose::client,
                               .names = {std::move(name)},
                               .name_matches = true,
                               .valid_from = {},
                               .valid_until = std::chrono::sys_seconds(std::chrono::seconds(4'000'000'000))};
    return {"TLSv1.3", "TLS_AES_256_GCM_SHA384", std::move(certificate)};
}

/// Moves octets between a session and what stands for its two peers: what it says is noted line by line.
class Wire {
public:
    Wire(std::shared_ptr<const GatewaySettings> settings, const GatewayClient& client, Judge& judge, World& world, GatewayHouse& house)
        : session(std::move(settings), client, judge, world, house, [this] { woken_ = true; }) {}

    void open() {
        step([&](LegOut& out) { return session.opened(Leg::near, nullptr, out); });
    }
    void client(std::string_view octets) {
        kept_ += octets;
        feed_near();
    }
    void backend(std::string_view octets) {
        if (far_is == Far::open)
            step([&](LegOut& out) {
                const LegStep fed = session.feed(Leg::far, octets, out);
                far_waits = out.peer_waits;
                return fed;
            });
        feed_near();
    }
    void far_opened(const LegTls* tls = nullptr) {
        far_is = Far::open;
        step([&](LegOut& out) { return session.opened(Leg::far, tls, out); });
        feed_near();
    }
    void far_ended(LegEnding why, std::string_view detail = "gone") {
        if (far_is == Far::none) return;
        far_is = Far::none;
        wants_more_ = false;
        step([&](LegOut& out) { return session.ended(Leg::far, why, detail, out); });
        feed_near();
    }
    void near_ended(LegEnding why) {
        near_is_open = false;
        step([&](LegOut& out) { return session.ended(Leg::near, why, "gone", out); });
    }
    void near_secured(const LegTls& tls) {
        step([&](LegOut& out) { return session.opened(Leg::near, &tls, out); });
        feed_near();
    }
    void far_written() {
        if (!std::exchange(wants_more_, false)) return;
        step([&](LegOut& out) { return session.far_written(out); });
        feed_near();
    }
    void late() {
        step([&](LegOut& out) { return session.late(out); });
        feed_near();
    }
    /// What came in the loop's turn: somebody may have been called.
    void turn() { feed_near(); }

    enum class Far : std::uint8_t { none, dialling, open };
    GatewaySession session;
    Far far_is = Far::none;
    LegState state = LegState::reading;
    bool near_is_open = true;
    bool near_waits = false, far_waits = false;  // of the leg that was fed last: LegOut::peer_waits
    std::deque<std::string> noted;               // "S: 220 gw.test ESMTP", "is dial 0"
    std::string to_client, to_backend;           // all octets, of the far leg's present connection

    std::function<void(std::string_view)> on_far_octets;  // instead of noting lines
    std::function<void()> on_far_closed;                  // told when the session closes it
    bool wants_more() const { return wants_more_; }
    bool is_closed() const { return state == LegState::closing; }

private:
    static void require(bool holds, const char* what) {
        if (holds) return;
        std::fprintf(stderr, "a gateway's session breaks the rules of its legs: %s\n", what);
        std::abort();
    }

    template <class Call>
    void step(Call call) {
        if (is_closed()) return;
        LegOut out;
        took(call(out), out);
    }

    void feed_near() {
        while (!is_closed() && near_is_open) {
            const bool woken = std::exchange(woken_, false);
            if (state == LegState::waiting ? !woken : kept_.empty()) return;
            LegOut out;
            const LegStep step = session.feed(Leg::near, kept_, out);
            require(step.consumed <= kept_.size(), "more was taken than came");
            kept_.erase(0, step.consumed);
            near_waits = out.peer_waits;
            took(step, out);
            if (state == LegState::reading) require(kept_.empty(), "what is left over while it reads would never come again");
        }
    }

    void took(const LegStep& step, const LegOut& out) {
        state = step.state;
        require(session.deadline().after.count() > 0, "a deadline that is none");
        if (out.close_far && far_is != Far::none) {
            far_is = Far::none;
            wants_more_ = false;
            if (!out.dial) noted.emplace_back("is close-far");
            if (on_far_closed) on_far_closed();
        }
        if (out.dial) {
            far_is = Far::dialling;
            to_backend.clear();
            far_lines_.clear();
            noted.push_back("is dial " + std::to_string(*out.dial));
        }
        to_client += out.near;
        note("S: ", out.near, near_lines_);
        if (!out.far.empty()) {
            require(far_is != Far::none, "said to nobody");
            to_backend += out.far;
            if (on_far_octets)
                on_far_octets(out.far);
            else
                note("G: ", out.far, far_lines_);
        }
        if (out.start_tls) noted.emplace_back(*out.start_tls == Leg::near ? "is tls near" : "is tls far");
        if (out.more_far) {
            wants_more_ = true;
            noted.emplace_back("is more-far");
        }
        if (is_closed()) {
            noted.emplace_back("is closed");
            if (far_is != Far::none && on_far_closed) on_far_closed();
            far_is = Far::none;
        }
    }
    void note(std::string_view who, std::string_view octets, std::string& rest) {
        rest += octets;
        for (std::size_t end = rest.find("\r\n"); end != std::string::npos; end = rest.find("\r\n")) {
            noted.push_back(std::string(end == 0 ? who.substr(0, 2) : who) + rest.substr(0, end));
            rest.erase(0, end + 2);
        }
    }

    std::string kept_, near_lines_, far_lines_;
    bool woken_ = false, wants_more_ = false;
};

}  // namespace exota::gate::testing
