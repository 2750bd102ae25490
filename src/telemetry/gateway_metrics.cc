#include "telemetry/gateway_metrics.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "decision/decision.h"
#include "telemetry/families.h"

namespace exota::telemetry {

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

/// By word, over all loops.
std::map<std::string_view, double> sum_of(const std::vector<const GatewayCounters*>& loops, auto counters) {
    std::map<std::string_view, double> words;
    for (const GatewayCounters* loop : loops)
        counters(*loop).each([&](std::string_view word, std::uint64_t count) { words[word] += static_cast<double>(count); });
    return words;
}

/// Of two words that are counted together.
std::string_view first_of(std::string_view words) noexcept { return words.substr(0, words.find(' ')); }
std::string_view second_of(std::string_view words) noexcept { return words.substr(std::min(words.find(' '), words.size() - 1) + 1); }

double sum_of(const std::vector<const net::ServerCounters*>& servers, auto read) {
    std::uint64_t total = 0;
    for (const net::ServerCounters* server : servers) total += read(*server);
    return static_cast<double>(total);
}

}  // namespace

void GatewayMetrics::add_gateway(std::string name, const HeldOctets* held) { gateways_.push_back({std::move(name), held, {}, {}}); }

void GatewayMetrics::add_counters(std::string_view name, const GatewayCounters& counters) { find(name).loops.push_back(&counters); }

void GatewayMetrics::add_server(std::string_view name, const net::ServerCounters& server) { find(name).servers.push_back(&server); }

GatewayMetrics::Gateway& GatewayMetrics::find(std::string_view name) {
    const auto found = std::ranges::find(gateways_, name, &Gateway::name);
    if (found == gateways_.end()) std::abort();  // a slip of ours: it is added first
    return *found;
}

void GatewayMetrics::collect(std::vector<MetricFamily>& all) const {
    if (gateways_.empty()) return;
    MetricFamily sessions = family("exota_gateway_sessions", "Gateway sessions that are open", MetricType::Gauge);
    MetricFamily opened = family("exota_gateway_sessions_total", "Gateway sessions that were opened", MetricType::Counter);
    MetricFamily ended = family("exota_gateway_sessions_ended_total", "Gateway sessions that ended, by why", MetricType::Counter);
    MetricFamily refused = family("exota_gateway_sessions_refused_total",
                                  "Connections refused because their client had max_sessions_per_client", MetricType::Counter);
    MetricFamily messages =
        family("exota_gateway_messages_total", "Judged messages of a gateway, by the stage of their verdict", MetricType::Counter);
    MetricFamily unjudged =
        family("exota_gateway_unjudged_total", "Messages of a gateway that got a reply of ours without being judged, by its codes",
               MetricType::Counter);
    MetricFamily failures =
        family("exota_gateway_backend_failures_total", "Times that a backend was given up, by why", MetricType::Counter);
    MetricFamily handshakes =
        family("exota_gateway_tls_handshakes_total", "TLS handshakes with clients and backends, by result", MetricType::Counter);
    MetricFamily held = family("exota_gateway_held_octets", "Octets of messages whose verdict is pending", MetricType::Gauge);
    MetricFamily relayed =
        family("exota_gateway_relayed_total", "Deliveries of a gateway to Exchange, by what TLS was asked for and there, and their result",
               MetricType::Counter);
    MetricFamily long_lines =
        family("exota_gateway_long_lines_total", "Text lines above 998 octets in messages of a gateway", MetricType::Counter);
    MetricFamily tls_failures = family("exota_gateway_tls_failures_total",
                                       "Connections to next hops that did not show the TLS that they must", MetricType::Counter);
    MetricFamily xoorg = family("exota_gateway_xoorg_total", "Deliveries for which an organisation was named", MetricType::Counter);
    MetricFamily testing = family("exota_gateway_mta_sts_testing_failures_total",
                                  "Deliveries that an MTA-STS policy in testing mode would have hindered", MetricType::Counter);
    MetricFamily clients =
        family("exota_gateway_clients_refused_total", "Connections of clients that are not among `clients`", MetricType::Counter);
    for (const Gateway& gateway : gateways_) {
        const auto name = label("gateway", gateway.name);
        add(sessions, sum_of(gateway.servers, [](const net::ServerCounters& s) { return s.open(); }), {name});
        add(opened, sum_of(gateway.servers, [](const net::ServerCounters& s) { return s.opened.value(); }), {name});
        for (std::size_t why = 0; why < net::ending_count; ++why) {
            const double count = sum_of(gateway.servers, [&](const net::ServerCounters& s) { return s.ended[why].value(); });
            if (count > 0) add(ended, count, {name, label("why", net::ending_names[why])});
        }
        add(refused, sum_of(gateway.servers, [](const net::ServerCounters& s) { return s.refused.value(); }), {name});
        using enum decision::Verdict;
        for (const auto verdict : {accept, tempfail, reject}) {
            const auto of_verdict = [&](const GatewayCounters& c) -> auto& { return c.messages_[static_cast<std::size_t>(verdict)]; };
            for (const auto& [stage, count] : sum_of(gateway.loops, of_verdict))
                add(messages, count, {name, label("stage", stage), label("verdict", decision::name_of(verdict))});
        }
        for (const auto& [status, count] : sum_of(gateway.loops, [](const GatewayCounters& c) -> auto& { return c.unjudged_; }))
            add(unjudged, count, {name, label("status", status)});
        for (const auto& [kind, count] : sum_of(gateway.loops, [](const GatewayCounters& c) -> auto& { return c.backend_failures_; }))
            add(failures, count, {name, label("kind", kind)});
        for (const auto& [result, count] : sum_of(gateway.loops, [](const GatewayCounters& c) -> auto& { return c.client_handshakes_; }))
            add(handshakes, count, {name, label("side", "client"), label("result", result)});
        for (const auto& [result, count] : sum_of(gateway.loops, [](const GatewayCounters& c) -> auto& { return c.backend_handshakes_; }))
            add(handshakes, count, {name, label("side", "backend"), label("result", result)});
        constexpr std::string_view results[] = {"delivered", "deferred", "refused"};
        for (std::size_t result = 0; result < std::size(results); ++result)
            for (const auto& [word, count] : sum_of(gateway.loops, [&](const GatewayCounters& c) -> auto& { return c.relayed_[result]; }))
                add(relayed, count,
                    {name, label("policy", first_of(word)), label("tls", second_of(word)), label("result", results[result])});
        for (const auto& [word, count] : sum_of(gateway.loops, [](const GatewayCounters& c) -> auto& { return c.tls_failures_; }))
            add(tls_failures, count, {name, label("policy", first_of(word)), label("kind", second_of(word))});
        const auto add_counter = [&](MetricFamily& to, auto counter) {
            std::uint64_t total = 0;
            for (const GatewayCounters* loop : gateway.loops) total += ((*loop).*counter).value();
            if (total > 0) add(to, static_cast<double>(total), {name});
        };
        add_counter(long_lines, &GatewayCounters::long_lines_);
        add_counter(xoorg, &GatewayCounters::xoorg_);
        add_counter(testing, &GatewayCounters::testing_failures_);
        add_counter(clients, &GatewayCounters::clients_refused_);
        if (!gateway.held) continue;
        add(held, static_cast<double>(gateway.held->memory.load()), {name, label("where", "memory")});
        add(held, static_cast<double>(gateway.held->disk.load()), {name, label("where", "disk")});
    }
    for (MetricFamily* one : {&sessions, &opened, &ended, &refused, &messages, &unjudged, &failures, &handshakes, &held, &relayed,
                              &long_lines, &tls_failures, &xoorg, &testing, &clients})
        all.push_back(std::move(*one));
}

}  // namespace exota::telemetry
