// What Prometheus reads: counters of each loop, summed when asked, and gauges of the daemon's state.
//
// A loop counts in plain words that only it writes (net/counter.h); reading adds the loops up. Names, types and labels are stable:
// docs/reference/metrics.md has them, and a test compares both ways. Tested by metrics_test.cc.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/counter.h"
#include "net/resolver.h"
#include "net/server.h"
#include "telemetry/gateway_metrics.h"
#include "telemetry/log.h"
#include "telemetry/record.h"
#include "telemetry/tenant_counters.h"
#include "telemetry/word_counters.h"
#include "tenant/factor.h"

namespace exota::telemetry {

/// Of one loop; written on it, read from anywhere.
class LoopMetrics {
public:
    static constexpr std::size_t verdict_count = 3, mode_count = 4, finding_count = 4, compauth_count = 4;
    /// Upper bounds of the histogram of judging, in seconds; the last bucket is +Inf.
    static constexpr std::array<double, 14> judging_bounds{0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001,
                                                           0.005,   0.025,    0.1,     0.5,    1,       5,      30};

    void judged(const Record& message);
    /// Before the loop runs: TenantCounters::tell_apart().
    void tell_tenants_apart(std::size_t most) noexcept { tenants_.tell_apart(most); }
    void protocol_error(std::string_view kind) noexcept { protocol_errors_.add(kind); }
    void missing_certificate() noexcept { missing_certificates_.add(); }
    void near_limit() noexcept { near_limits_.add(); }

private:
    friend class Metrics;

    // [verdict][judged][reason][mode]
    net::Counter messages_[verdict_count][verdict_count][decision::reason_count][mode_count];
    net::Counter findings_[tenant::factor_count][finding_count];
    std::array<net::Counter, judging_bounds.size() + 1> judging_;
    std::array<net::Counter, compauth_count> compauth_;  // of inbound doors
    net::Counter judging_nanoseconds_;
    net::Counter missing_certificates_, near_limits_;
    WordCounters protocol_errors_;
    TenantCounters tenants_;
};

/// Of look-ups of tenants, or of recipients, on one loop; written on it, read from anywhere.
struct Lookups {
    // Every name that is looked up is one of these …
    net::Counter cached, cached_none, asked, joined;
    // … and of those for which the server was asked some got no answer:
    net::Counter stale;    // served by what was kept
    net::Counter unknown;  // by nothing
    net::Counter evicted;
    net::Counter kept;  // answers, now
};

/// Of messages that are counted together with other nodes, on one loop; written on it, read from anywhere.
struct LimitsStoreCounters {
    net::Counter within, exceeded;  // that the store counted, or told to be too many
    net::Counter failed;            // for which it was asked, and gave no answer in time, or a wrong one
    net::Counter fell_back_local, fell_back_accept, fell_back_tempfail;  // that were dealt with without it, by how
    net::Counter away;                                                   // 1 while the last message was one of those
};

class Metrics {
public:
    /// @param tenants_apart  of each loop, as TenantCounters::tell_apart() takes it.
    explicit Metrics(std::string version, std::size_t tenants_apart = 0);
    ~Metrics();

    /// Before the loops run; all live as long as this object, which does not own them.
    void add_loop(const LoopMetrics& metrics, const net::ResolverCounters* resolver = nullptr);
    /// The milter's, on one loop.
    void add_server(const net::ServerCounters& server) { servers_.push_back(&server); }
    /// Before the loops run; lives as long as this object.
    void add_lookups(const Lookups& lookups) { lookups_.push_back(&lookups); }
    void add_recipient_lookups(const Lookups& lookups) { recipient_lookups_.push_back(&lookups); }
    /// Likewise.
    void add_limits_store(const LimitsStoreCounters& store) { limits_stores_.push_back(&store); }
    std::size_t tenants_apart() const noexcept { return tenants_apart_; }
    GatewayMetrics& gateways() noexcept { return gateways_; }
    void set_log(const Log& log) noexcept { log_ = &log; }

    /// What is in use since now.
    struct State {
        std::uint64_t generation = 0;
        std::size_t tenants = 0, domains = 0, endpoint_prefixes = 0;
        double loaded_at = 0;  // seconds since 1970
    };
    void set_state(const State& state);
    /// Of a source of tenants that is a server. @param state  "loaded", "stale", "failed": text that outlives this object.
    struct TenantsSource {
        std::string_view state = "loaded";
        double age = 0;  // seconds since the server last confirmed what is served; meaningless while nothing is
    };
    void set_tenants_source(const TenantsSource& source);
    /// What inbound doors look up in, since now.
    struct DoorState {
        std::size_t allowed = 0, blocked = 0, recipients = 0;  // entries of the lists
    };
    void set_door_state(const DoorState& state);
    /// How a DNS list fares, as it is when the metrics are read.
    struct DnsblSample {
        std::string list;  // as it may be shown
        std::string family;
        bool in_use = false;
    };
    struct DnsblAnswers {
        std::string list, says;
        std::uint64_t count = 0;
    };
    struct DnsblSamples {
        std::vector<DnsblSample> use;
        std::vector<DnsblAnswers> answers;
    };
    /// Before the first text(); called within it, from any thread.
    void set_dnsbl(std::function<DnsblSamples()> read) { read_dnsbl_ = std::move(read); }
    /// Of discovery.
    struct CandidateSamples {
        std::size_t known = 0, conflicting = 0;
        std::uint64_t recorded = 0, dropped = 0, displaced = 0, write_failures = 0;
    };
    /// Before the first text(); called within it, from any thread. nullopt: there is no discovery.
    void set_candidates(std::function<std::optional<CandidateSamples>()> read) { read_candidates_ = std::move(read); }
    /// Whether the server that is asked for recipients answers; not told: there is none.
    void set_recipients_answered(bool answers) noexcept { recipients_answered_ = answers ? 1 : 0; }
    void set_http_made_room(std::uint64_t count) noexcept { http_made_room_ = count; }
    /// Since when nobody knows of a newer endpoint list than the one in use: seconds since 1970; 0: there is no list, or it is not known.
    void set_endpoints_as_of(std::int64_t seconds) noexcept { endpoints_as_of_ = seconds; }
    /// Snapshots that were replaced and that messages in hand are still judged by.
    void set_retired_snapshots(std::size_t count) noexcept { retired_snapshots_ = count; }
    void reload_succeeded() noexcept { ++reloads_; }
    void reload_failed() noexcept { ++reload_failures_; }

    /// Prometheus' text form. From any thread.
    std::string text() const;

private:
    class Collector;
    const std::string version_;
    const double started_at_;
    const std::size_t tenants_apart_;
    struct Loop {
        const LoopMetrics* metrics;
        const net::ResolverCounters* resolver;
    };
    std::vector<Loop> loops_;
    std::vector<const net::ServerCounters*> servers_;
    std::vector<const Lookups*> lookups_, recipient_lookups_;
    std::vector<const LimitsStoreCounters*> limits_stores_;
    GatewayMetrics gateways_;
    const Log* log_ = nullptr;
    std::atomic<std::uint64_t> reloads_{0}, reload_failures_{0};
    std::atomic<std::size_t> retired_snapshots_{0};
    std::atomic<std::uint64_t> http_made_room_{0};
    std::atomic<std::int64_t> endpoints_as_of_{0};
    std::atomic<int> recipients_answered_{-1};  // -1: nobody is asked
    mutable std::mutex state_mutex_;
    State state_;
    TenantsSource tenants_source_;
    DoorState door_state_;
    std::function<DnsblSamples()> read_dnsbl_;
    std::function<std::optional<CandidateSamples>()> read_candidates_;
};

}  // namespace exota::telemetry
