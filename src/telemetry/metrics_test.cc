#include "telemetry/metrics.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace exota::telemetry {
namespace {

/// A decision with the findings that a real one has: all there.
decision::Decision decided(decision::Verdict verdict, decision::Verdict judged, decision::Reason reason, tenant::Mode mode) {
    decision::Decision d;
    d.verdict = verdict;
    d.judged = judged;
    d.reason = reason;
    d.mode = mode;
    d.findings[static_cast<std::size_t>(tenant::Factor::dkim)].finding = decision::Finding::holds;
    return d;
}

void count(LoopMetrics& metrics, const decision::Decision& d, std::chrono::nanoseconds took = std::chrono::microseconds(30)) {
    const evidence::Evidence evidence;
    metrics.judged({.decision = d, .evidence = evidence, .judging = took});
}

void count(GatewayCounters& counters, decision::Verdict verdict, std::string_view stage) {
    const decision::Decision d = decided(verdict, verdict, decision::Reason::authorised, tenant::Mode::enforce);
    const evidence::Evidence evidence;
    counters.judged({.decision = d, .evidence = evidence, .front = "gateway", .gateway = "exchange", .stage = stage});
}

TEST(Metrics, gateways_are_counted_each_by_its_name) {
    Metrics metrics("1");
    EXPECT_EQ(metrics.text().find("exota_gateway"), std::string::npos);
    HeldOctets held;
    held.memory = 5;
    held.disk = 7;
    GatewayCounters first, second, other;
    net::ServerCounters server_1, server_2, server_other, milter;
    metrics.gateways().add_gateway("exchange", &held);
    metrics.gateways().add_gateway("other", nullptr);
    metrics.add_server(milter);
    milter.opened.add(9);
    for (const GatewayCounters* one : {&first, &second}) metrics.gateways().add_counters("exchange", *one);
    for (const net::ServerCounters* one : {&server_1, &server_2}) metrics.gateways().add_server("exchange", *one);
    metrics.gateways().add_counters("other", other);
    metrics.gateways().add_server("other", server_other);
    using enum decision::Verdict;
    count(first, accept, "header");
    count(second, accept, "header");
    count(second, reject, "mail");
    count(other, tempfail, "message");
    first.backend_failed("xclient-missing");
    second.backend_failed("xclient-missing");
    first.handshake(GatewayCounters::Side::client, "verified");
    second.handshake(GatewayCounters::Side::backend, "failed");
    second.unjudged("550 5.6.11");
    first.long_lines(3);
    second.long_lines(4);
    for (GatewayCounters* one : {&first, &second}) {
        one->relayed(GatewayCounters::Relayed::delivered, "mta-sts verified");
        one->said_xoorg();
    }
    first.relayed(GatewayCounters::Relayed::deferred, "none none");
    first.tls_failed("dane not-proven");
    second.tls_failed("dane not-proven");
    other.testing_failed();
    other.client_refused();
    server_1.opened.add(3);
    server_2.opened.add(2);
    server_2.ended[static_cast<std::size_t>(net::Ending::late)].add();
    server_other.refused.add();
    const std::string text = metrics.text();
    for (const char* want : {
             "exota_sessions 9\n",
             "exota_gateway_sessions{gateway=\"exchange\"} 4\n",
             "exota_gateway_sessions_total{gateway=\"exchange\"} 5\n",
             "exota_gateway_sessions_total{gateway=\"other\"} 0\n",
             "exota_gateway_sessions_ended_total{gateway=\"exchange\",why=\"late\"} 1\n",
             "exota_gateway_sessions_refused_total{gateway=\"other\"} 1\n",
             "exota_gateway_messages_total{gateway=\"exchange\",stage=\"header\",verdict=\"accept\"} 2\n",
             "exota_gateway_messages_total{gateway=\"exchange\",stage=\"mail\",verdict=\"reject\"} 1\n",
             "exota_gateway_messages_total{gateway=\"other\",stage=\"message\",verdict=\"tempfail\"} 1\n",
             "exota_gateway_unjudged_total{gateway=\"exchange\",status=\"550 5.6.11\"} 1\n",
             "exota_gateway_backend_failures_total{gateway=\"exchange\",kind=\"xclient-missing\"} 2\n",
             "exota_gateway_tls_handshakes_total{gateway=\"exchange\",side=\"client\",result=\"verified\"} 1\n",
             "exota_gateway_tls_handshakes_total{gateway=\"exchange\",side=\"backend\",result=\"failed\"} 1\n",
             "exota_gateway_relayed_total{gateway=\"exchange\",policy=\"mta-sts\",tls=\"verified\",result=\"delivered\"} 2\n",
             "exota_gateway_relayed_total{gateway=\"exchange\",policy=\"none\",tls=\"none\",result=\"deferred\"} 1\n",
             "exota_gateway_tls_failures_total{gateway=\"exchange\",policy=\"dane\",kind=\"not-proven\"} 2\n",
             "exota_gateway_xoorg_total{gateway=\"exchange\"} 2\n",
             "exota_gateway_long_lines_total{gateway=\"exchange\"} 7\n",
             "exota_gateway_mta_sts_testing_failures_total{gateway=\"other\"} 1\n",
             "exota_gateway_clients_refused_total{gateway=\"other\"} 1\n",
             "exota_gateway_held_octets{gateway=\"exchange\",where=\"memory\"} 5\n",
             "exota_gateway_held_octets{gateway=\"exchange\",where=\"disk\"} 7\n",
         })
        EXPECT_NE(text.find(want), std::string::npos) << want << "\nin\n" << text;
}

TEST(Metrics, inbound_doors) {
    Metrics metrics("1");
    LoopMetrics first, second;
    metrics.add_loop(first);
    metrics.add_loop(second);
    for (const char* none : {"exota_compauth", "exota_door", "exota_dnsbl"})
        EXPECT_EQ(metrics.text().find(none), std::string::npos) << none;
    decision::Decision d =
        decided(decision::Verdict::reject, decision::Verdict::reject, decision::Reason::own_domain, tenant::Mode::enforce);
    d.inbound.emplace().compauth = decision::Compauth{.result = decision::CompauthResult::fail};
    count(first, d);
    count(second, d);
    metrics.set_door_state({.allowed = 1, .blocked = 2, .recipients = 3});
    metrics.set_dnsbl([] {
        return Metrics::DnsblSamples{.use = {{"bl.example", "ipv4", true}, {"bl.example", "ipv6", false}},
                                     .answers = {{"bl.example", "listed", 5}}};
    });
    const std::string text = metrics.text();
    for (const char* want : {
             "exota_messages_total{verdict=\"reject\",judged=\"reject\",reason=\"own-domain\",mode=\"enforce\"} 2\n",
             "exota_compauth_total{result=\"fail\"} 2\n",
             "exota_door_entries{list=\"allow\"} 1\n",
             "exota_door_entries{list=\"block\"} 2\n",
             "exota_door_entries{list=\"recipients\"} 3\n",
             "exota_dnsbl_in_use{list=\"bl.example\",family=\"ipv4\"} 1\n",
             "exota_dnsbl_in_use{list=\"bl.example\",family=\"ipv6\"} 0\n",
             "exota_dnsbl_answers_total{list=\"bl.example\",says=\"listed\"} 5\n",
         })
        EXPECT_NE(text.find(want), std::string::npos) << want << "\nin\n" << text;
}

TEST(Metrics, loops_are_summed) {
    using enum decision::Verdict;
    Metrics metrics("1.2.3");
    LoopMetrics first, second;
    net::ServerCounters server_1, server_2;
    metrics.add_loop(first);
    metrics.add_server(server_1);
    metrics.add_loop(second);
    metrics.add_server(server_2);
    count(first, decided(accept, accept, decision::Reason::authorised, tenant::Mode::enforce));
    count(first, decided(accept, reject, decision::Reason::not_proven, tenant::Mode::monitor));
    count(second, decided(accept, reject, decision::Reason::not_proven, tenant::Mode::monitor), std::chrono::seconds(60));
    first.protocol_error("frame-too-long");
    second.protocol_error("frame-too-long");
    second.protocol_error("empty-frame");
    second.missing_certificate();
    server_1.opened.add(3);
    server_2.opened.add(2);
    server_2.ended[static_cast<std::size_t>(net::Ending::idle)].add();
    metrics.set_state({.generation = 4, .tenants = 2, .domains = 9, .endpoint_prefixes = 5, .loaded_at = 1000});
    metrics.set_tenants_source({"stale", 90});
    Lookups lookups_1, lookups_2;
    lookups_1.cached.add(3);
    lookups_2.cached.add(4);
    lookups_2.stale.add(2);
    lookups_1.kept.add(9);
    metrics.add_lookups(lookups_1);
    metrics.add_lookups(lookups_2);
    metrics.set_candidates([] {
        return Metrics::CandidateSamples{.known = 7, .conflicting = 2, .recorded = 30, .dropped = 1, .displaced = 4, .write_failures = 5};
    });
    Lookups recipients;
    recipients.asked.add(5);
    recipients.unknown.add(1);
    metrics.add_recipient_lookups(recipients);
    metrics.set_recipients_answered(false);
    LimitsStoreCounters store_1, store_2;
    store_1.within.add(3);
    store_2.within.add(4);
    store_2.fell_back_local.add(5);
    store_1.away.add();
    metrics.add_limits_store(store_1);
    metrics.add_limits_store(store_2);
    first.near_limit();
    metrics.reload_failed();
    metrics.set_retired_snapshots(3);
    metrics.set_http_made_room(7);
    EXPECT_EQ(metrics.text().find("exota_endpoints_timestamp_seconds"), std::string::npos) << "there is no list";
    metrics.set_endpoints_as_of(1'700'000'000);
    const std::string text = metrics.text();
    for (const char* want : {
             "exota_messages_total{verdict=\"accept\",judged=\"accept\",reason=\"authorised\",mode=\"enforce\"} 1\n",
             "exota_messages_total{verdict=\"accept\",judged=\"reject\",reason=\"not-proven\",mode=\"monitor\"} 2\n",
             "exota_factor_findings_total{factor=\"dkim\",finding=\"holds\"} 3\n",
             "exota_factor_findings_total{factor=\"client-cert\",finding=\"absent\"} 3\n",
             "exota_judging_seconds_count 3\n",
             "exota_judging_seconds_bucket{le=\"+Inf\"} 3\n",
             "exota_judging_seconds_bucket{le=\"30\"} 2\n",
             "exota_protocol_errors_total{kind=\"frame-too-long\"} 2\n",
             "exota_protocol_errors_total{kind=\"empty-frame\"} 1\n",
             "exota_missing_certificates_total 1\n",
             "exota_sessions 4\n",
             "exota_sessions_total 5\n",
             "exota_sessions_ended_total{why=\"idle\"} 1\n",
             "exota_tenants 2\n",
             "exota_tenant_domains 9\n",
             "exota_tenants_state{state=\"loaded\"} 0\n",
             "exota_tenants_state{state=\"stale\"} 1\n",
             "exota_tenants_age_seconds 90\n",
             "exota_tenant_lookups_total{from=\"cache\"} 7\n",
             "exota_tenant_lookups_unanswered_total{served=\"stale\"} 2\n",
             "exota_tenant_cache_entries 9\n",
             "exota_candidates 7\n",
             "exota_candidates_conflicting 2\n",
             "exota_candidates_displaced_total 4\n",
             "exota_candidates_write_failures_total 5\n",
             "exota_candidate_sightings_total{fate=\"recorded\"} 30\n",
             "exota_candidate_sightings_total{fate=\"dropped\"} 1\n",
             "exota_recipient_lookups_total{from=\"server\"} 5\n",
             "exota_recipient_lookups_unanswered_total{served=\"nothing\"} 1\n",
             "exota_recipient_cache_entries 0\n",
             "exota_recipients_answered 0\n",
             "exota_limits_near_total 1\n",
             "exota_limits_store_messages_total{limit=\"within\"} 7\n",
             "exota_limits_store_messages_total{limit=\"exceeded\"} 0\n",
             "exota_limits_store_fallback_total{fallback=\"local\"} 5\n",
             "exota_limits_store_loops_away 1\n",
             "exota_endpoint_prefixes 5\n",
             "exota_endpoints_timestamp_seconds 1700000000\n",
             "exota_snapshot_generation 4\n",
             "exota_reload_failures_total 1\n",
             "exota_reloads_total 0\n",
             "exota_snapshots_retired 3\n",
             "exota_http_made_room_total 7\n",
             "exota_build_info{version=\"1.2.3\"} 1\n",
         })
        EXPECT_NE(text.find(want), std::string::npos) << want << "\nin\n" << text;
}

TEST(Metrics, tenants_are_told_apart_if_wanted) {
    using enum decision::Verdict;
    Metrics metrics("1", 1);
    EXPECT_EQ(metrics.tenants_apart(), 1U);
    LoopMetrics first, second, unasked;
    for (LoopMetrics* loop : {&first, &second}) loop->tell_tenants_apart(metrics.tenants_apart());
    for (const LoopMetrics* loop : {&first, &second, &unasked}) metrics.add_loop(*loop);
    decision::Decision of_contoso = decided(accept, reject, decision::Reason::not_proven, tenant::Mode::monitor), of_fabrikam = of_contoso;
    of_contoso.tenant_name = "contoso";
    of_fabrikam.tenant_name = "fabrikam";
    for (LoopMetrics* loop : {&first, &second, &unasked}) count(*loop, of_contoso);
    for (int i = 0; i < 3; ++i) count(first, of_fabrikam);
    const std::string text = metrics.text();
    EXPECT_NE(text.find("exota_tenant_messages_total{tenant=\"contoso\",verdict=\"accept\",judged=\"reject\"} 2\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("exota_tenant_messages_total{tenant=\"(others)\",verdict=\"accept\",judged=\"reject\"} 3\n"), std::string::npos)
        << text;
    EXPECT_EQ(text.find("fabrikam"), std::string::npos) << text;
}

TEST(Metrics, bounds_belong_to_their_bucket) {
    Metrics metrics("1");
    LoopMetrics loop;
    net::ServerCounters server;
    metrics.add_loop(loop);
    metrics.add_server(server);
    const decision::Decision d =
        decided(decision::Verdict::accept, decision::Verdict::accept, decision::Reason::authorised, tenant::Mode::enforce);
    count(loop, d, std::chrono::milliseconds(1));
    count(loop, d, std::chrono::milliseconds(1) + std::chrono::nanoseconds(1));
    count(loop, d, std::chrono::nanoseconds(-5));  // a clock that jumped
    const std::string text = metrics.text();
    EXPECT_NE(text.find("exota_judging_seconds_bucket{le=\"0.001\"} 2\n"), std::string::npos) << text;
    EXPECT_NE(text.find("exota_judging_seconds_bucket{le=\"0.005\"} 3\n"), std::string::npos) << text;
}

TEST(Metrics, bypassed_messages_have_no_findings) {
    Metrics metrics("1");
    LoopMetrics loop;
    net::ServerCounters server;
    metrics.add_loop(loop);
    metrics.add_server(server);
    decision::Decision d = decided(decision::Verdict::accept, decision::Verdict::accept, decision::Reason::bypassed, tenant::Mode::enforce);
    d.judged_at_all = false;
    count(loop, d);
    EXPECT_EQ(metrics.text().find("exota_factor_findings_total{"), std::string::npos);
}

TEST(Metrics, kinds_of_protocol_errors_are_bounded_and_encoded) {
    Metrics metrics("1");
    LoopMetrics loop;
    net::ServerCounters server;
    metrics.add_loop(loop);
    metrics.add_server(server);
    for (std::size_t i = 0; i < WordCounters::max_words + 10; ++i) loop.protocol_error("kind-" + std::to_string(i));
    loop.protocol_error("kind-0");
    loop.protocol_error(std::string(1000, 'k'));
    const std::string text = metrics.text();
    EXPECT_NE(text.find("exota_protocol_errors_total{kind=\"kind-0\"} 2\n"), std::string::npos);
    EXPECT_NE(text.find("exota_protocol_errors_total{kind=\"other\"} 11\n"), std::string::npos) << text;
    LoopMetrics odd;
    Metrics quoted("1\"}\nforged 1");
    quoted.add_loop(odd);
    quoted.add_server(server);
    odd.protocol_error("a\"} 5\nforged 1");
    for (const std::string& t : {quoted.text()}) EXPECT_EQ(t.find("\nforged"), std::string::npos) << t;
}

/// Name → type and labels, as the document says and as the text form shows.
using Catalogue = std::map<std::string, std::pair<std::string, std::set<std::string>>>;

Catalogue documented() {
    std::ifstream file(EXOTA_SOURCE_DIR "/docs/reference/metrics.md");
    Catalogue catalogue;
    const std::regex row(R"(^\| `(exota_\w+)` \| (\w+) \|([^|]*)\|.*)"), quoted("`(\\w+)`");
    for (std::string line; std::getline(file, line);) {
        std::smatch found;
        if (!std::regex_match(line, found, row)) continue;
        auto& entry = catalogue[found[1]];
        entry.first = found[2];
        const std::string labels = found[3];
        for (std::sregex_iterator i(labels.begin(), labels.end(), quoted), end; i != end; ++i) entry.second.insert((*i)[1]);
    }
    return catalogue;
}

TEST(Metrics, documented) {
    Metrics metrics("1");
    LoopMetrics loop;
    net::ServerCounters server;
    net::ResolverCounters resolver;
    const Lookups lookups;
    metrics.add_loop(loop, &resolver);
    metrics.add_server(server);
    metrics.add_lookups(lookups);
    metrics.set_candidates([] { return Metrics::CandidateSamples{}; });
    metrics.add_recipient_lookups(lookups);
    metrics.set_recipients_answered(true);
    metrics.set_endpoints_as_of(1);
    const LimitsStoreCounters store;
    metrics.add_limits_store(store);
    const HeldOctets held;
    GatewayCounters gateway;
    metrics.gateways().add_gateway("exchange", &held);
    metrics.gateways().add_counters("exchange", gateway);
    metrics.gateways().add_server("exchange", server);
    server.ended[static_cast<std::size_t>(net::Ending::late)].add();
    gateway.backend_failed("closed");
    gateway.unjudged("550 5.6.11");
    gateway.handshake(GatewayCounters::Side::client, "verified");
    gateway.relayed(GatewayCounters::Relayed::delivered, "dane dane");
    gateway.tls_failed("dane not-proven");
    gateway.said_xoorg();
    gateway.long_lines(1);
    gateway.testing_failed();
    gateway.client_refused();
    count(gateway, decision::Verdict::accept, "mail");
    resolver.answered.add();
    metrics.set_door_state({.allowed = 1, .blocked = 2, .recipients = 3});
    metrics.set_dnsbl(
        [] { return Metrics::DnsblSamples{.use = {{"bl.example", "ipv4", true}}, .answers = {{"bl.example", "listed", 1}}}; });
    decision::Decision inbound =
        decided(decision::Verdict::accept, decision::Verdict::accept, decision::Reason::passed, tenant::Mode::enforce);
    inbound.inbound.emplace().compauth = decision::Compauth{.result = decision::CompauthResult::pass};
    count(loop, inbound);
    count(loop, decided(decision::Verdict::accept, decision::Verdict::accept, decision::Reason::authorised, tenant::Mode::enforce));
    decision::Decision of_tenant;
    of_tenant.tenant_name = "contoso";
    loop.tell_tenants_apart(1);
    count(loop, of_tenant);
    loop.protocol_error("x");
    Catalogue shown;
    std::istringstream text(metrics.text());
    const std::regex type(R"(# TYPE (\w+) (\w+))"), sample(R"((\w+)(?:\{(.*)\})? .*)"), label(R"((\w+)=")");
    std::string name;
    for (std::string line; std::getline(text, line);) {
        std::smatch found;
        if (std::regex_match(line, found, type)) {
            name = found[1];
            shown[name].first = found[2];
        } else if (!line.starts_with('#') && std::regex_match(line, found, sample)) {
            const std::string labels = found[2];
            for (std::sregex_iterator i(labels.begin(), labels.end(), label), end; i != end; ++i)
                if ((*i)[1] != "le") shown[name].second.insert((*i)[1]);
        }
    }
    const Catalogue in_document = documented();
    for (const auto& [key, entry] : shown) {
        ASSERT_TRUE(in_document.contains(key)) << key << " is not documented";
        EXPECT_EQ(in_document.at(key), entry) << key;
    }
    for (const auto& [key, entry] : in_document) EXPECT_TRUE(shown.contains(key)) << key << " is documented but not there";
}

}  // namespace
}  // namespace exota::telemetry
