// What is counted of the sections [gateway.NAME]: each by its name.
//
// Tested by metrics_test.cc, which also compares names and labels with docs/reference/metrics.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/counter.h"
#include "net/server_counters.h"
#include "telemetry/record.h"
#include "telemetry/word_counters.h"

namespace prometheus {
struct MetricFamily;
}

namespace exota::telemetry {

/// Of one section on one loop; written on it, read from anywhere.
class GatewayCounters {
public:
    void judged(const Record& message) noexcept { messages_[static_cast<std::size_t>(message.decision.verdict)].add(message.stage); }
    /// @param status  code and enhanced code of the reply to a message that was not judged.
    void unjudged(std::string_view status) noexcept { unjudged_.add(status); }
    void long_lines(std::uint64_t lines) noexcept { long_lines_.add(lines); }
    void backend_failed(std::string_view kind) noexcept { backend_failures_.add(kind); }
    enum class Side : std::uint8_t { client, backend };
    /// @param result  "verified", "unverified", "no-certificate", "failed".
    void handshake(Side side, std::string_view result) noexcept {
        (side == Side::client ? client_handshakes_ : backend_handshakes_).add(result);
    }

    // Of a gateway towards Exchange:
    enum class Relayed : std::uint8_t { delivered, deferred, refused };
    /// One delivery has its reply.
    /// @param policy  where the TLS level came from, in one word, and what TLS there was: "dane dane"; "none none": no connection.
    void relayed(Relayed result, std::string_view policy_and_tls) noexcept {
        relayed_[static_cast<std::size_t>(result)].add(policy_and_tls);
    }
    /// A connection to a next hop that did not show the TLS that it must. For TLS reports (RFC 8460).
    /// @param policy_and_kind  "dane not-proven".
    void tls_failed(std::string_view policy_and_kind) noexcept { tls_failures_.add(policy_and_kind); }
    void said_xoorg() noexcept { xoorg_.add(); }
    /// A delivery that its domain's MTA-STS policy would have hindered, were it enforced.
    void testing_failed() noexcept { testing_failures_.add(); }
    void client_refused() noexcept { clients_refused_.add(); }

private:
    friend class GatewayMetrics;
    static constexpr std::size_t verdict_count = 3;
    WordCounters messages_[verdict_count];  // by stage
    static constexpr std::size_t relayed_count = 3;
    WordCounters relayed_[relayed_count];  // by policy and TLS
    net::Counter long_lines_, xoorg_, testing_failures_, clients_refused_;
    WordCounters tls_failures_;  // by policy and kind
    WordCounters unjudged_, backend_failures_, client_handshakes_, backend_handshakes_;
};

/// Octets of held messages, kept up by whoever holds them.
struct HeldOctets {
    std::atomic<std::uint64_t> memory{0}, disk{0};
};

/// Sums over loops when asked; what it is told of outlives it.
class GatewayMetrics {
public:
    /// Before the loops run.
    /// @param name  NAME of the section.
    /// @param held  nullptr: it holds nothing.
    void add_gateway(std::string name, const HeldOctets* held);
    void add_counters(std::string_view name, const GatewayCounters& counters);
    void add_server(std::string_view name, const net::ServerCounters& server);

    /// Appends the families; none while there is no gateway.
    void collect(std::vector<prometheus::MetricFamily>& all) const;

private:
    struct Gateway {
        std::string name;
        const HeldOctets* held;
        std::vector<const GatewayCounters*> loops;
        std::vector<const net::ServerCounters*> servers;
    };
    Gateway& find(std::string_view name);
    std::vector<Gateway> gateways_;
};

}  // namespace exota::telemetry
