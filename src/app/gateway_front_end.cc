#include "app/gateway_front_end.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <utility>
#include <vector>

#include "app/leg_session.h"
#include "app/loop_observer.h"
#include "app/section_front.h"
#include "app/transaction_ids.h"
#include "gate/gateway_session.h"
#include "gate/judge.h"

namespace exota::app {

namespace {

using telemetry::GatewayCounters;
using telemetry::LogField;
using telemetry::LogLevel;

std::optional<net::Address> own_address(int descriptor) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
    return net::Address::of_system(&storage, size);
}

/// "550 5.6.11" of "550 5.6.11 Bare line ends"; the code alone where no enhanced one follows.
std::string_view status_of(std::string_view reply) {
    const std::size_t code = std::min(reply.find(' '), reply.size());
    const std::size_t enhanced = std::min(reply.find(' ', code + 1), reply.size());
    return reply.substr(0, reply.substr(code).starts_with(" 4.") || reply.substr(code).starts_with(" 5.") ? enhanced : code);
}

gate::GatewayClient client_of(const net::Peer& peer) {
    gate::GatewayClient client;
    client.address = peer.address.ip;
    client.port = peer.address.port;
    if (const auto own = own_address(peer.descriptor); own && own->ip) {
        client.own_address = own->ip;
        client.own_port = own->port;
    }
    client.spoke_first = spoke_first(peer);
    return client;
}

struct GatewayParts {
    /// What sessions go by that began between two reloads. Shared by the loops.
    struct Generation {
        explicit Generation(config::GatewayConfig of)
            : config(std::move(of)),
              settings(std::make_shared<const gate::GatewaySettings>(config.session)),
              lacks_xclient(config.backends.size()) {}

        const config::GatewayConfig config;
        const std::shared_ptr<const gate::GatewaySettings> settings;
        std::vector<std::atomic<bool>> lacks_xclient;  // by backend: seen last
    };
    class House;
    struct OfLoop {
        explicit OfLoop(const LoopParts& parts) : judge(parts.judge), world(parts.world), log(parts.observer.messages()) {}

        gate::Judge& judge;
        gate::World& world;
        telemetry::MessageLog& log;
        GatewayCounters counters;
        TransactionIds ids;
        gate::LegOut out;                                     // of the session that is being called
        std::array<Pace, gate::backend_failure_count> paces;  // of the log
        std::shared_ptr<House> house;                         // of the last session's generation
    };
};

/// Of one generation on one loop. Its sessions share it, and keep it.
class GatewayParts::House final : public gate::GatewayHouse {
public:
    House(const std::string& name, SpoolRoom& spool, telemetry::Log& log, OfLoop& loop, std::shared_ptr<Generation> generation)
        : spool_(spool),
          log_(log),
          loop_(loop),
          generation_(std::move(generation)),
          front_end_{"gateway", name, gate::HoldQueue::none, generation_->config.session.door} {}

    const gate::FrontEnd& front() const noexcept override { return front_end_; }
    std::unique_ptr<gate::Spool> make_spool(const std::optional<base::IpAddress>& client) override {
        return spool_.make(generation_->config.session.hold_octets, client);
    }
    std::string make_id() override { return loop_.ids.next(); }
    void backend_failed(std::size_t backend, gate::BackendFailure why, std::string_view detail) override {
        const bool lacks_xclient = why == gate::BackendFailure::xclient_missing;
        if (lacks_xclient) generation_->lacks_xclient.at(backend) = true;
        loop_.counters.backend_failed(name_of(why));
        const LogLevel level = lacks_xclient ? LogLevel::error : LogLevel::warning;
        if (!loop_.paces.at(static_cast<std::size_t>(why)).due()) return;
        const std::string address = generation_->config.backends.at(backend).address.text();
        const LogField fields[] = {LogField::of("text", detail), LogField::of("gateway", front_end_.instance),
                                   LogField::of("kind", name_of(why)), LogField::of("backend", address)};
        loop_.log.event(level, "backend-failed", fields);
    }
    void backend_works(std::size_t backend) override { generation_->lacks_xclient.at(backend) = false; }

    void long_lines(std::uint64_t lines) override { loop_.counters.long_lines(lines); }
    void refused_unjudged(std::string_view id, std::string_view answered) override {
        loop_.counters.unjudged(status_of(answered));
        log_.service(LogLevel::info, "message-unjudged", "",
                     {LogField::of("gateway", front_end_.instance), LogField::of("queue_id", id), LogField::of("answered", answered)});
    }

    Generation& generation() const noexcept { return *generation_; }
    OfLoop& loop() const noexcept { return loop_; }

private:
    SpoolRoom& spool_;
    telemetry::Log& log_;
    OfLoop& loop_;
    const std::shared_ptr<Generation> generation_;
    const gate::FrontEnd front_end_;
};

/// gate::GatewaySession as net serves it.
class GatewayLegs final : public LegSession<gate::GatewaySession> {
public:
    GatewayLegs(const std::shared_ptr<GatewayParts::House>& house, const net::Peer& peer, std::function<void()> wake)
        : LegSession(house, house->loop().out, house->loop().counters), config_(house->generation().config) {
        begin(house->generation().settings, client_of(peer), house->loop().judge, house->loop().world, *house, std::move(wake));
    }

private:
    void reach(const gate::LegOut& wanted, net::Out& out) override {
        if (wanted.dial) {
            dialled_ = *wanted.dial;
            out.dial = config_.backends.at(dialled_).address;
        }
        if (wanted.start_tls == gate::Leg::near)
            out.start_tls = net::StartTls{.leg = net::Leg::near, .context = config_.listener_tls};
        else if (wanted.start_tls == gate::Leg::far)
            out.start_tls = to_backend();
    }
    net::StartTls to_backend() const {
        const std::string& host = config_.backends.at(dialled_).host;
        return start_tls_with(config_.backend_context, host.empty() ? std::vector<std::string>{} : std::vector{host});
    }

    const config::GatewayConfig& config_;  // the house keeps it
    std::size_t dialled_ = 0;
};

class GatewayFront final : public SectionFront<GatewayParts> {
public:
    static base::Result<std::unique_ptr<GatewaySection>> open(const config::GatewayConfig& config) {
        auto spool = open_spool(config);
        if (!spool) return std::unexpected(spool.error());
        return std::unique_ptr<GatewaySection>(new GatewayFront(config, *std::move(spool)));
    }
    bool ready() const override {
        const std::shared_ptr<Generation> now = current();
        return !std::ranges::all_of(now->lacks_xclient, [](const std::atomic<bool>& lacks) { return lacks.load(); });
    }

private:
    GatewayFront(const config::GatewayConfig& config, std::unique_ptr<SpoolRoom> spool)
        : SectionFront(config, std::move(spool)), door_(config.session.door), early_refusal_(config.session.early_refusal) {}

    void keep_start_values(config::GatewayConfig& config) const override {
        if (std::exchange(config.session.door, door_) != door_) config.session.early_refusal = early_refusal_;  // it is the door's
    }
    std::unique_ptr<OfLoop> make_loop(const LoopParts& parts) override {
        auto loop = std::make_unique<OfLoop>(parts);
        parts.observer.add_gateway(name(), loop->counters);
        return loop;
    }
    void make_house(OfLoop& loop, std::shared_ptr<Generation> generation) override {
        loop.house = std::make_shared<GatewayParts::House>(name(), spool(), log(), loop, std::move(generation));
    }
    std::unique_ptr<net::Session> make_session_in(OfLoop& loop, const net::Peer& peer, std::function<void()> wake) override {
        return std::make_unique<GatewayLegs>(loop.house, peer, std::move(wake));
    }

    const gate::Door door_;
    const bool early_refusal_;
};

}  // namespace

base::Result<std::unique_ptr<GatewaySection>> open_gateway_front(const config::GatewayConfig& config) { return GatewayFront::open(config); }

}  // namespace exota::app
