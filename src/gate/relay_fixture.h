// For tests: both sides of a RelaySession. The client's octets are said by the test; the far side is whatever a test makes of it.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/judge.h"
#include "gate/mta_sts_policies.h"
#include "gate/policy_fixture.h"
#include "gate/relay_session.h"
#include "gate/resolving_world.h"

namespace exota::gate::testing {

/// Without GoogleTest, since the fuzz target has these sides as well.
inline void must(bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
}

/// What TLS shows of a hop: "none", "bad", "good", "name" (good, but of another).
inline LegTls tls_with(std::string_view certificate) {
    LegTls tls{.version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .certificate = std::nullopt};
    if (certificate == "none") return tls;
    const bool good = certificate == "good" || certificate == "name";
    tls.certificate = LegCertificate{.verified = good,
                                     .error = good ? "" : "self-signed",
                                     .purpose = good ? CertificatePurpose::server : CertificatePurpose::neither,
                                     .names = {"mx.test"},
                                     .name_matches = certificate == "good",
                                     .valid_from = std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000)),
                                     .valid_until = std::chrono::sys_seconds(std::chrono::seconds(1'900'000'000)),
                                     .chain = {std::string(certificate)}};
    return tls;
}

/// A spool in memory that can be full, read in small pieces.
class SpoolOfPieces : public Spool {
public:
    SpoolOfPieces(std::uint64_t room, bool unreadable) : room_(room), unreadable_(unreadable) {}
    base::Result<void> append(std::string_view octets) override {
        if (kept_.size() + octets.size() > room_) return base::fail(base::Errc::too_long, "full");
        kept_ += octets;
        return {};
    }
    std::uint64_t size() const noexcept override { return kept_.size(); }
    base::Result<std::string_view> read(std::uint64_t at, std::size_t max_octets) override {
        if (unreadable_) return base::fail(base::Errc::io, "unreadable");
        return std::string_view(kept_).substr(at, std::min<std::size_t>(max_octets, piece));
    }
    std::size_t piece = 7;

private:
    std::uint64_t room_;
    bool unreadable_;
    std::string kept_;
};

struct Delivered {
    std::string sender, destination, host, xoorg, reply, policy;
    std::string proof, tried, why;
    std::size_t recipients = 0;
};

class House : public RelayHouse {
public:
    std::unique_ptr<Spool> make_spool(const std::optional<base::IpAddress>&) override {
        return std::make_unique<SpoolOfPieces>(spool_room, spool_unreadable);
    }
    std::string make_id() override { return "ID" + std::to_string(++ids); }
    std::shared_ptr<const Snapshot> snapshot() override { return tenants; }
    void relayed(const RelayedDelivery& delivery) override {
        Delivered one{.sender = std::string(delivery.sender),
                      .destination = std::string(delivery.destination),
                      .xoorg = std::string(delivery.xoorg),
                      .reply = delivery.reply.line(),
                      .why = std::string(delivery.why),
                      .recipients = delivery.recipients};
        if (delivery.hop != nullptr) {
            one.host = delivery.hop->target.host;
            one.policy = name_of(delivery.hop->target.tls->policy);
            one.proof = name_of(delivery.hop->proof);
            one.tried = delivery.hop->tried;
        }
        deliveries.push_back(std::move(one));
    }
    void hop_failed(const HopTarget& target, HopFailure why, std::string_view detail) override {
        failures.push_back(target.host + " " + target.address.text() + " " + std::string(name_of(why)) + ": " + std::string(detail));
    }
    void client_refused(const std::optional<base::IpAddress>&) override { ++refused; }
    void long_lines(std::uint64_t lines) override { long_ones += lines; }

    std::shared_ptr<const Snapshot> tenants;
    std::uint64_t spool_room = 1'000'000;
    bool spool_unreadable = false;
    std::uint64_t long_ones = 0;
    int ids = 0, refused = 0;
    std::vector<Delivered> deliveries;
    std::vector<std::string> failures;
};

class Relay {
public:
    ResolvingWorld world;
    KeptPolicies source{world};
    MtaStsPolicies policies{world, source};
    House house;
    std::shared_ptr<RelaySettings> settings = std::make_shared<RelaySettings>();
    std::optional<RelaySession> session;

    std::string near, far;  // what came out and nobody has read yet
    std::string input;      // of the client, not consumed
    LegState state = LegState::reading;
    bool far_open = false, dialling = false, securing = false, closed = false;
    std::optional<HopTarget> dialled;
    bool hop_takes_all = true;  // else only when hop_takes() says so
    bool behind = false;        // the session waits to be told

    Relay() {
        settings->hostname = "us.test";
        settings->tls_level = TlsLevel::may;
        settings->has_certificate = true;
    }

    void begin(std::string_view client = "127.0.0.1", Opening opening = Opening::ours) {
        session.emplace(settings, base::IpAddress::parse(client).value(), world, &policies, house, [this] { wake(); }, opening);
        named_.reset();
        call([&](LegOut& out) { return session->opened(Leg::near, nullptr, out); });
    }
    void say(std::string_view octets) {
        input += octets;
        feed_near();
    }
    void dial_succeeds() {
        must(std::exchange(dialling, false), "a dial under way");
        far_open = true;
        call([&](LegOut& out) { return session->opened(Leg::far, nullptr, out); });
    }
    void tls_is_up(const LegTls& tls) {
        must(std::exchange(securing, false), "TLS under way");
        call([&](LegOut& out) { return session->opened(Leg::far, &tls, out); });
    }
    void hop_says(std::string_view octets) {
        call([&](LegOut& out) { return session->feed(Leg::far, octets, out); });
    }
    void far_ends(LegEnding why, std::string_view detail = "gone") {
        far_open = dialling = securing = behind = false;
        call([&](LegOut& out) { return session->ended(Leg::far, why, detail, out); });
    }
    void near_ends(LegEnding why = LegEnding::peer_closed) {
        call([&](LegOut& out) { return session->ended(Leg::near, why, "gone", out); });
    }
    void hop_takes() {
        must(std::exchange(behind, false), "something to take");
        call([&](LegOut& out) { return session->far_written(out); });
    }
    /// The deadline passes.
    void late() { pass(named_at_ + named_->after - world.clock); }
    /// Time passes, and with it perhaps the deadline.
    void pass(Instant::duration time) {
        world.clock += time;
        if (!closed && world.clock >= named_at_ + named_->after) call([&](LegOut& out) { return session->late(out); });
    }
    /// The world's turn: what was asked is answered.
    void turn() {
        world.end_turn();
        while (std::exchange(woken_, false) && !closed) {
            feed_near();
            world.end_turn();
        }
    }

private:
    /// As net does: whoever reads on needs no call, and gets none.
    void wake() { woken_ = woken_ || calling_ || state == LegState::waiting; }

    template <class Call>
    void call(const Call& what) {
        if (closed) return;
        LegOut out;
        const auto step = [&](const auto& one) {
            out.clear();
            calling_ = true;
            const LegStep taken = one(out);
            calling_ = false;
            take(out, taken);
        };
        step(what);
        while (behind && hop_takes_all && !closed) {
            behind = false;
            step([this](LegOut& to) { return session->far_written(to); });
        }
        turn();
        if (state == LegState::reading && !input.empty() && !feeding_) feed_near();
    }
    void take(const LegOut& out, const LegStep& step) {
        near += out.near;
        if (out.close_far) {
            far_open = dialling = securing = behind = false;
            far.clear();
        }
        if (out.dial) {
            dialling = true;
            dialled = session->target();
        }
        if (far_open || dialling) far += out.far;
        if (out.start_tls) securing = true;
        behind = behind || out.more_far;
        state = step.state;
        if (const LegDeadline deadline = session->deadline(); deadline != named_) {
            must(deadline.after.count() > 0, "a deadline");
            named_ = deadline;
            named_at_ = world.clock;
        }
        if (state == LegState::reading) woken_ = false;
        closed = closed || state == LegState::closing;
    }
    void feed_near() {
        feeding_ = true;
        for (bool more = true; more && !closed;) {
            const std::string given = input;
            std::size_t consumed = 0;
            call([&](LegOut& out) {
                const LegStep step = session->feed(Leg::near, given, out);
                consumed = step.consumed;
                must(consumed <= given.size(), "no more consumed than given");
                input.erase(0, consumed);
                return step;
            });
            more = consumed > 0 && !input.empty() && state == LegState::reading;
        }
        feeding_ = false;
    }
    bool woken_ = false, calling_ = false, feeding_ = false;
    std::optional<LegDeadline> named_;
    Instant named_at_{};
};

}  // namespace exota::gate::testing
