#include "app/relay_front_end.h"

#include <array>
#include <utility>

#include "app/leg_session.h"
#include "app/loop_observer.h"
#include "app/mta_sts_store.h"
#include "app/section_front.h"
#include "app/transaction_ids.h"
#include "gate/judge.h"
#include "gate/relay_session.h"

namespace exota::app {

namespace {

using telemetry::GatewayCounters;
using telemetry::LogField;
using telemetry::LogLevel;

struct RelayParts {
    struct Generation {
        explicit Generation(config::GatewayConfig of)
            : config(std::move(of)), settings(std::make_shared<const gate::RelaySettings>(config.relay)) {}

        const config::GatewayConfig config;
        const std::shared_ptr<const gate::RelaySettings> settings;
    };
    class House;
    /// MTA-STS on one loop; it has sockets there.
    struct Policies {
        Policies(const LoopParts& parts, MtaStsStore& store, PolicyFetch::Trouble trouble, const PolicyFetchOptions& fetching)
            : source(parts.loop, parts.world, &store, std::move(trouble), fetching), known(parts.world, source) {}

        PolicyFetch source;
        gate::MtaStsPolicies known;  // whatever the generation: what was found out stays
    };
    struct OfLoop {
        OfLoop(const LoopParts& parts, Policies& of_loop)
            : judge(parts.judge), world(parts.world), log(parts.observer.messages()), policies(of_loop) {}

        gate::Judge& judge;
        gate::World& world;
        telemetry::MessageLog& log;
        GatewayCounters counters;
        TransactionIds ids;
        gate::LegOut out;                                 // of the session that is being called
        std::array<Pace, gate::hop_failure_count> paces;  // of the log
        Pace clients_pace;
        Policies& policies;
        std::shared_ptr<House> house;  // of the last session's generation
    };
};

GatewayCounters::Relayed result_of(const mail::Reply& reply) noexcept {
    using enum GatewayCounters::Relayed;
    return reply.code / 100 == 2 ? delivered : reply.code / 100 == 5 ? refused : deferred;
}

}  // namespace

/// Of one generation on one loop. Its sessions share it, and keep it.
class RelayParts::House final : public gate::RelayHouse {
public:
    House(const std::string& name, SpoolRoom& spool, OfLoop& loop, std::shared_ptr<Generation> generation)
        : name_(name), spool_(spool), loop_(loop), generation_(std::move(generation)) {}

    std::unique_ptr<gate::Spool> make_spool(const std::optional<base::IpAddress>& client) override {
        return spool_.make(generation_->config.session.hold_octets, client);
    }
    std::string make_id() override { return loop_.ids.next(); }
    std::shared_ptr<const gate::Snapshot> snapshot() override { return loop_.judge.current(); }
    void relayed(const gate::RelayedDelivery& delivery) override;
    void hop_failed(const gate::HopTarget& target, gate::HopFailure why, std::string_view detail) override;
    void long_lines(std::uint64_t lines) override { loop_.counters.long_lines(lines); }
    void client_refused(const std::optional<base::IpAddress>& client) override {
        loop_.counters.client_refused();
        if (!loop_.clients_pace.due()) return;
        const std::string address = client ? client->text() : std::string();
        const LogField fields[] = {LogField::of("text", "is not among `clients`, and was sent away"), LogField::of("gateway", name_),
                                   LogField::of("client", address)};
        loop_.log.event(LogLevel::warning, "client-refused", fields);
    }

    Generation& generation() const noexcept { return *generation_; }
    OfLoop& loop() const noexcept { return loop_; }

private:
    const std::string& name_;
    SpoolRoom& spool_;
    OfLoop& loop_;
    const std::shared_ptr<Generation> generation_;
};

void RelayParts::House::relayed(const gate::RelayedDelivery& delivery) {
    std::vector<LogField> fields;
    const auto text = [&fields](std::string_view name, std::string_view value) {
        if (!value.empty()) fields.push_back(LogField::of(name, value));
    };
    const std::string client = delivery.client ? delivery.client->text() : std::string();
    const std::string reply = delivery.reply.line();
    std::string address;
    std::string policy_and_tls = "none none";
    text("front", "gateway");
    text("gateway", name_);
    text("queue_id", delivery.id);
    text("client", client);
    fields.push_back(LogField::of("mail_from", delivery.sender));  // empty: the null sender
    fields.push_back(LogField::of_number("recipients", static_cast<std::int64_t>(delivery.recipients)));
    fields.push_back(LogField::of_number("octets", static_cast<std::int64_t>(delivery.octets)));
    text("destination", delivery.destination);
    if (delivery.hop != nullptr && delivery.hop->target.tls) {
        const gate::HopFacts& hop = *delivery.hop;
        address = net::Address::of(hop.target.address, hop.target.port).text();
        text("next_hop", hop.target.host);
        text("address", address);
        text("tls", hop.tls_version.empty() ? "none" : std::string_view(hop.tls_version));
        text("cipher", hop.cipher);
        text("policy", name_of(hop.target.tls->policy));
        text("tls_level", name_of(hop.target.tls->level));
        text("proof", name_of(hop.proof));
        text("tried", hop.tried);
        policy_and_tls = std::string(name_of(hop.target.tls->policy)) + ' ' + std::string(name_of(hop.proof));
        if (!hop.tried.empty()) loop_.counters.testing_failed();
    }
    text("xoorg", delivery.xoorg);
    text("reply", reply);
    text("why", delivery.why);
    if (!delivery.xoorg.empty()) loop_.counters.said_xoorg();
    loop_.counters.relayed(result_of(delivery.reply), policy_and_tls);
    loop_.log.event(LogLevel::info, "relayed", fields);
}

void RelayParts::House::hop_failed(const gate::HopTarget& target, gate::HopFailure why, std::string_view detail) {
    loop_.counters.backend_failed(name_of(why));
    const bool of_tls = why == gate::HopFailure::no_tls || why == gate::HopFailure::not_proven;
    if (of_tls && target.tls) loop_.counters.tls_failed(std::string(name_of(target.tls->policy)) + ' ' + std::string(name_of(why)));
    // What TLS reports are made of is told of each attempt.
    if (!of_tls && !loop_.paces.at(static_cast<std::size_t>(why)).due()) return;
    const std::string address = net::Address::of(target.address, target.port).text();
    std::vector<LogField> fields{LogField::of("text", detail), LogField::of("gateway", name_), LogField::of("kind", name_of(why)),
                                 LogField::of("next_hop", target.host), LogField::of("address", address)};
    if (target.tls) fields.push_back(LogField::of("policy", name_of(target.tls->policy)));
    loop_.log.event(LogLevel::warning, "hop-failed", fields);
}

namespace {

/// gate::RelaySession as net serves it.
class RelayLegs final : public LegSession<gate::RelaySession> {
public:
    RelayLegs(const std::shared_ptr<RelayParts::House>& house, const net::Peer& peer, std::function<void()> wake)
        : LegSession(house, house->loop().out, house->loop().counters), generation_(house->generation()) {
        RelayParts::OfLoop& loop = house->loop();
        begin(generation_.settings, peer.address.ip, loop.world, generation_.settings->mta_sts ? &loop.policies.known : nullptr, *house,
              std::move(wake), spoke_first(peer) ? gate::Opening::clients : gate::Opening::ours);
    }

private:
    void reach(const gate::LegOut& wanted, net::Out& out) override {
        if (wanted.dial) out.dial = net::Address::of(machine().target().address, machine().target().port);
        if (wanted.start_tls != gate::Leg::far) return;
        out.start_tls = start_tls_with(generation_.config.hop_context, machine().target().tls->names);
        out.start_tls->keep_chain = true;  // DANE looks at all that was sent
    }

    RelayParts::Generation& generation_;  // the house keeps it
};

class RelayFront final : public SectionFront<RelayParts> {
public:
    static base::Result<std::unique_ptr<GatewaySection>> open(const config::GatewayConfig& config, MtaStsStores& policies,
                                                              PolicyFetchOptions fetching) {
        auto spool = open_spool(config);
        if (!spool) return std::unexpected(spool.error());
        auto front = std::unique_ptr<RelayFront>(
            new RelayFront(config, *std::move(spool), policies.at(config.relay.mta_sts_directory), std::move(fetching)));
        if (const auto opened = front->open_store(config); !opened)
            return base::fail(opened.error().code, "mta_sts_directory: " + opened.error().detail);
        return front;
    }
    /// Which next hops work is found out with each message.
    bool ready() const override { return true; }

private:
    RelayFront(const config::GatewayConfig& config, std::unique_ptr<SpoolRoom> spool, std::shared_ptr<MtaStsStore> store,
               PolicyFetchOptions fetching)
        : SectionFront(config, std::move(spool)),
          protocol_(config.relay.protocol),
          fetching_(std::move(fetching)),
          store_(std::move(store)) {}

    base::Result<void> open_store(const config::GatewayConfig& config) {
        const bool needed = config.relay.mta_sts && config.relay.next_hop.kind != gate::NextHop::Kind::fixed;
        return needed ? store_->open() : base::Result<void>();
    }
    void store_failed(std::string_view text) { log().service(LogLevel::warning, "mta-sts-store", text, {LogField::of("gateway", name())}); }

    void keep_start_values(config::GatewayConfig& config) const override { config.relay.protocol = protocol_; }
    void get_ready(const config::GatewayConfig& config) override {
        if (const auto opened = open_store(config); !opened) store_failed(opened.error().detail);
    }
    std::unique_ptr<OfLoop> make_loop(const LoopParts& parts) override {
        const auto trouble = [this](std::string_view text) {
            if (store_pace_.due()) store_failed(text);
        };
        const auto policies = std::make_shared<RelayParts::Policies>(parts, *store_, trouble, fetching_);
        parts.keep(policies);
        return std::make_unique<OfLoop>(parts, *policies);
    }
    void make_house(OfLoop& loop, std::shared_ptr<Generation> generation) override {
        loop.policies.source.use(generation->config.policy_context);
        loop.house = std::make_shared<RelayParts::House>(name(), spool(), loop, std::move(generation));
    }
    std::unique_ptr<net::Session> make_session_in(OfLoop& loop, const net::Peer& peer, std::function<void()> wake) override {
        return std::make_unique<RelayLegs>(loop.house, peer, std::move(wake));
    }

    const gate::RelayProtocol protocol_;
    const PolicyFetchOptions fetching_;
    const std::shared_ptr<MtaStsStore> store_;  // shared with the sections that have the same directory
    SharedPace store_pace_;
};

}  // namespace

base::Result<std::unique_ptr<GatewaySection>> open_relay_front(const config::GatewayConfig& config, MtaStsStores& policies,
                                                               PolicyFetchOptions fetching) {
    return RelayFront::open(config, policies, std::move(fetching));
}

}  // namespace exota::app
