#include "app/gateway_front_end.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "app/leg_words.h"
#include "app/loop_observer.h"
#include "app/transaction_ids.h"
#include "gate/gateway_session.h"
#include "gate/judge.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

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
    char octet = 0;
    client.spoke_first = ::recv(peer.descriptor, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    return client;
}

}  // namespace

/// What sessions go by that began between two reloads. Shared by the loops.
struct GatewayFront::Generation {
    explicit Generation(config::GatewayConfig of)
        : config(std::move(of)),
          settings(std::make_shared<const gate::GatewaySettings>(config.session)),
          lacks_xclient(config.backends.size()) {}

    const config::GatewayConfig config;
    const std::shared_ptr<const gate::GatewaySettings> settings;
    std::vector<std::atomic<bool>> lacks_xclient;  // by backend: seen last
};

struct GatewayFront::OfLoop {
    explicit OfLoop(const LoopParts& parts) : judge(parts.judge), world(parts.world) {}

    gate::Judge& judge;
    gate::World& world;
    GatewayCounters counters;
    TransactionIds ids;
    gate::LegOut out;                                     // of the session that is being called
    std::array<Pace, gate::backend_failure_count> paces;  // of the log
    std::shared_ptr<House> house;                         // of the last session's generation
};

/// Of one generation on one loop. Its sessions share it, and keep it.
class GatewayFront::House final : public gate::GatewayHouse {
public:
    House(GatewayFront& front, OfLoop& loop, std::shared_ptr<Generation> generation)
        : front_(front), loop_(loop), generation_(std::move(generation)), front_end_{"gateway", front.name_, gate::HoldQueue::none} {}

    const gate::FrontEnd& front() const noexcept override { return front_end_; }
    std::unique_ptr<gate::Spool> make_spool(const std::optional<base::IpAddress>& client) override {
        return front_.spool_->make(generation_->config.session.hold_octets, client);
    }
    std::string make_id() override { return loop_.ids.next(); }
    void backend_failed(std::size_t backend, gate::BackendFailure why, std::string_view detail) override {
        const bool lacks_xclient = why == gate::BackendFailure::xclient_missing;
        if (lacks_xclient) generation_->lacks_xclient.at(backend) = true;
        loop_.counters.backend_failed(name_of(why));
        const LogLevel level = lacks_xclient ? LogLevel::error : LogLevel::warning;
        if (loop_.paces.at(static_cast<std::size_t>(why)).due())
            front_.log_->service(level, "backend-failed", detail,
                                 {LogField::of("gateway", front_.name_), LogField::of("kind", name_of(why)),
                                  LogField::of("backend", generation_->config.backends.at(backend).address.text())});
    }
    void backend_works(std::size_t backend) override { generation_->lacks_xclient.at(backend) = false; }

    void refused_unjudged(std::string_view id, std::string_view answered) override {
        loop_.counters.unjudged(status_of(answered));
        front_.log_->service(LogLevel::info, "message-unjudged", "",
                             {LogField::of("gateway", front_.name_), LogField::of("queue_id", id), LogField::of("answered", answered)});
    }

    Generation& generation() const noexcept { return *generation_; }
    OfLoop& loop() const noexcept { return loop_; }

private:
    GatewayFront& front_;
    OfLoop& loop_;
    const std::shared_ptr<Generation> generation_;
    const gate::FrontEnd front_end_;
};

/// gate::GatewaySession as net serves it.
class GatewayFront::Session final : public net::Session {
public:
    Session(std::shared_ptr<House> house, const net::Peer& peer, std::function<void()> wake)
        : house_(std::move(house)),
          session_(house_->generation().settings, client_of(peer), house_->loop().judge, house_->loop().world, *house_, std::move(wake)) {}

    Step feed(net::Leg leg, std::string_view bytes, net::Out& out) override {
        return call(out, [&](gate::LegOut& to) { return session_.feed(gate_leg(leg), bytes, to); });
    }
    Step opened(net::Leg leg, const net::TlsFacts* tls, net::Out& out) override {
        if (!tls) return call(out, [&](gate::LegOut& to) { return session_.opened(gate_leg(leg), nullptr, to); });
        house_->loop().counters.handshake(side_of(leg), result_of(*tls));
        const gate::LegTls shown = gate_tls(*tls);
        return call(out, [&](gate::LegOut& to) { return session_.opened(gate_leg(leg), &shown, to); });
    }
    Step written(net::Out& out) override {
        return call(out, [&](gate::LegOut& to) { return session_.far_written(to); });
    }
    Step ended(net::Leg leg, net::Ending why, std::string_view detail, net::Out& out) override {
        if (why == net::Ending::no_tls) house_->loop().counters.handshake(side_of(leg), "failed");
        return call(out, [&](gate::LegOut& to) { return session_.ended(gate_leg(leg), gate_ending(why), detail, to); });
    }
    Step late(net::Out& out) override {
        return call(out, [&](gate::LegOut& to) { return session_.late(to); });
    }
    std::optional<net::Deadline> deadline() const override {
        const gate::LegDeadline deadline = session_.deadline();
        return net::Deadline{deadline.after, deadline.step};
    }
    bool busy() const noexcept override { return session_.busy(); }

private:
    static GatewayCounters::Side side_of(net::Leg leg) noexcept {
        return leg == net::Leg::near ? GatewayCounters::Side::client : GatewayCounters::Side::backend;
    }

    Step call(net::Out& out, auto work) {
        gate::LegOut& to = house_->loop().out;
        to.clear();
        const gate::LegStep step = work(to);
        const config::GatewayConfig& config = house_->generation().config;
        if (to.dial) {
            dialled_ = *to.dial;
            out.dial = config.backends.at(dialled_).address;
        }
        if (to.start_tls == gate::Leg::near)
            out.start_tls = net::StartTls{.leg = net::Leg::near, .context = config.listener_tls};
        else if (to.start_tls == gate::Leg::far)
            out.start_tls = to_backend(config);
        return put_into(step, to, out);
    }

    net::StartTls to_backend(const config::GatewayConfig& config) const {
        const std::string& host = config.backends.at(dialled_).host;
        const bool is_name = !host.empty() && !base::IpAddress::parse(host);
        return {.leg = net::Leg::far,
                .context = config.backend_context,
                .server_name = is_name ? host : std::string(),
                .reference_names = is_name ? std::vector{host} : std::vector<std::string>{}};
    }

    const std::shared_ptr<House> house_;  // outlives the session below
    std::size_t dialled_ = 0;
    gate::GatewaySession session_;
};

base::Result<std::unique_ptr<GatewayFront>> GatewayFront::open(const config::GatewayConfig& config) {
    const gate::GatewaySettings& of = config.session;
    auto spool = SpoolRoom::open({of.hold_memory, of.spool_directory, of.spool_octets});
    if (!spool) return std::unexpected(spool.error());
    return std::unique_ptr<GatewayFront>(new GatewayFront(config, *std::move(spool)));
}

GatewayFront::GatewayFront(const config::GatewayConfig& config, std::unique_ptr<SpoolRoom> spool)
    : name_(config.session.name),
      max_sessions_(config.session.max_sessions),
      max_sessions_per_client_(config.session.max_sessions_per_client),
      spool_(std::move(spool)),
      current_(std::make_shared<Generation>(config)) {}

GatewayFront::~GatewayFront() = default;

FrontEndOptions GatewayFront::options(telemetry::Log& log, telemetry::Metrics& metrics) {
    log_ = &log;
    metrics.gateways().add_gateway(name_, &spool_->held());
    FrontEndOptions options;
    options.gateway = name_;
    options.on_loop = [this, &metrics](const LoopParts& parts) {
        OfLoop& loop = *loops_.emplace_back(std::make_unique<OfLoop>(parts));
        parts.observer.add_gateway(name_, loop.counters);
        metrics.gateways().add_counters(name_, loop.counters);
    };
    options.make_session = [this](gate::Judge& judge, const net::Peer& peer, std::function<void()> wake) {
        return make_session(judge, peer, std::move(wake));
    };
    options.max_sessions = max_sessions_;
    options.max_sessions_per_client = max_sessions_per_client_;
    options.refusal = [this](const net::Peer&) { return refusal(); };
    return options;
}

void GatewayFront::use(const config::GatewayConfig& config) {
    auto next = std::make_shared<Generation>(config);
    const std::lock_guard lock(current_mutex_);
    current_ = std::move(next);
}

bool GatewayFront::ready() const {
    const std::shared_ptr<Generation> now = current();
    return !std::ranges::all_of(now->lacks_xclient, [](const std::atomic<bool>& lacks) { return lacks.load(); });
}

std::shared_ptr<GatewayFront::Generation> GatewayFront::current() const {
    const std::lock_guard lock(current_mutex_);
    return current_;
}

std::unique_ptr<net::Session> GatewayFront::make_session(gate::Judge& judge, const net::Peer& peer, std::function<void()> wake) {
    const auto found = std::ranges::find_if(loops_, [&](const auto& loop) { return &loop->judge == &judge; });
    if (found == loops_.end()) return nullptr;
    OfLoop& loop = **found;
    std::shared_ptr<Generation> now = current();
    if (!loop.house || &loop.house->generation() != now.get()) loop.house = std::make_shared<House>(*this, loop, std::move(now));
    return std::make_unique<Session>(loop.house, peer, std::move(wake));
}

std::string GatewayFront::refusal() const {
    return "421 4.7.0 " + current()->config.session.hostname + " Too many sessions from your address\r\n";
}

std::optional<std::vector<std::unique_ptr<GatewayFront>>> open_gateways(const std::vector<config::GatewayConfig>& sections,
                                                                        const std::function<void(std::string_view)>& complain) {
    std::vector<std::unique_ptr<GatewayFront>> gateways;
    for (const config::GatewayConfig& section : sections) {
        auto opened = GatewayFront::open(section);
        if (opened)
            gateways.push_back(*std::move(opened));
        else
            complain("exota: gateway." + section.session.name + ".spool_directory: " + opened.error().detail);
    }
    if (gateways.size() < sections.size()) return std::nullopt;
    return gateways;
}

}  // namespace exota::app
