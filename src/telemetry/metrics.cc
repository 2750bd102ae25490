#include "telemetry/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>

#include "telemetry/families.h"

namespace exota::telemetry {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

double now_in_seconds() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

template <class T>
std::size_t number(T value) noexcept {
    return static_cast<std::size_t>(value);
}

}  // namespace

void LoopMetrics::judged(const Record& message) {
    const decision::Decision& d = message.decision;
    messages_[number(d.verdict)][number(d.judged)][number(d.reason)][number(d.mode)].add();
    tenants_.judged(d.tenant_name, d.verdict, d.judged);
    if (d.judged_at_all)
        for (std::size_t factor = 0; factor < tenant::factor_count; ++factor) findings_[factor][number(d.findings[factor].finding)].add();
    if (d.inbound && d.inbound->compauth) compauth_[number(d.inbound->compauth->result)].add();
    const auto nanoseconds = std::max<std::int64_t>(message.judging.count(), 0);
    const double seconds = static_cast<double>(nanoseconds) / 1e9;
    const auto bound = std::ranges::lower_bound(judging_bounds, seconds);
    judging_[static_cast<std::size_t>(bound - judging_bounds.begin())].add();
    judging_nanoseconds_.add(static_cast<std::uint64_t>(nanoseconds));
}

namespace {

/// Of one kind of look-ups.
struct LookupNames {
    std::string_view total, unanswered, evicted, entries;
};
constexpr LookupNames tenant_lookups{"exota_tenant_lookups_total", "exota_tenant_lookups_unanswered_total",
                                     "exota_tenant_cache_evicted_total", "exota_tenant_cache_entries"};
constexpr LookupNames recipient_lookups{"exota_recipient_lookups_total", "exota_recipient_lookups_unanswered_total",
                                        "exota_recipient_cache_evicted_total", "exota_recipient_cache_entries"};

}  // namespace

/// Everything as metric families, when somebody asks.
class Metrics::Collector final : public prometheus::Collectable {
public:
    explicit Collector(const Metrics& metrics) : m_(metrics) {}
    std::vector<MetricFamily> Collect() const override {
        std::vector<MetricFamily> all{messages(), by_tenant(), findings(), judging()};
        protocol(all);
        sessions(all);
        inbound(all);
        m_.gateways_.collect(all);
        dns(all);
        if (m_.read_candidates_) candidates(all, m_.read_candidates_());
        if (!m_.lookups_.empty()) lookups(all, m_.lookups_, tenant_lookups, "Names that were looked up among the tenants");
        if (!m_.recipient_lookups_.empty())
            lookups(all, m_.recipient_lookups_, recipient_lookups, "Addresses and domains that were looked up among the recipients");
        if (const int answers = m_.recipients_answered_.load(); answers >= 0) {
            all.push_back(
                family("exota_recipients_answered", "Whether the server that is asked for recipients answers", MetricType::Gauge));
            add(all.back(), answers);
        }
        limits(all);
        state(all);
        return all;
    }

private:
    template <class Read>
    double sum(Read read) const {
        std::uint64_t total = 0;
        for (const Loop& loop : m_.loops_) total += read(loop);
        return static_cast<double>(total);
    }

    template <class Read>
    double sum_of_servers(Read read) const {
        std::uint64_t total = 0;
        for (const net::ServerCounters* server : m_.servers_) total += read(*server);
        return static_cast<double>(total);
    }

    /// Combinations that never occurred are left out: there are hundreds.
    MetricFamily messages() const {
        MetricFamily result = family("exota_messages_total", "Judged messages", MetricType::Counter);
        using enum decision::Verdict;
        for (const auto verdict : {accept, tempfail, reject})
            for (const auto judged : {accept, tempfail, reject})
                for (std::size_t reason = 0; reason < decision::reason_count; ++reason)
                    for (std::size_t mode = 0; mode < LoopMetrics::mode_count; ++mode) {
                        const double count =
                            sum([&](const Loop& l) { return l.metrics->messages_[number(verdict)][number(judged)][reason][mode].value(); });
                        if (count == 0) continue;
                        add(result, count,
                            {label("verdict", name_of(verdict)), label("judged", name_of(judged)),
                             label("reason", name_of(static_cast<decision::Reason>(reason))),
                             label("mode", name_of(static_cast<tenant::Mode>(mode)))});
                    }
        return result;
    }

    MetricFamily by_tenant() const {
        MetricFamily result = family("exota_tenant_messages_total", "Judged messages of a tenant", MetricType::Counter);
        std::map<std::array<std::string, 3>, std::uint64_t> sums;  // a tenant that one loop names may be another's "(others)"
        for (const Loop& loop : m_.loops_)
            loop.metrics->tenants_.each(
                [&](std::string_view tenant, decision::Verdict verdict, decision::Verdict judged, std::uint64_t count) {
                    sums[{std::string(tenant), std::string(name_of(verdict)), std::string(name_of(judged))}] += count;
                });
        for (const auto& [labels, count] : sums)
            add(result, static_cast<double>(count), {label("tenant", labels[0]), label("verdict", labels[1]), label("judged", labels[2])});
        return result;
    }

    MetricFamily findings() const {
        MetricFamily result = family("exota_factor_findings_total", "Findings of each factor", MetricType::Counter);
        using enum decision::Finding;
        for (std::size_t factor = 0; factor < tenant::factor_count; ++factor)
            for (const auto finding : {holds, absent, contradicts, unavailable}) {
                const double count = sum([&](const Loop& l) { return l.metrics->findings_[factor][number(finding)].value(); });
                if (count > 0) add(result, count, {label("factor", tenant::factor_names[factor]), label("finding", name_of(finding))});
            }
        return result;
    }

    /// Nothing where there is no inbound door.
    void inbound(std::vector<MetricFamily>& all) const {
        MetricFamily compauth =
            family("exota_compauth_total", "Composite authentication of messages at inbound doors", MetricType::Counter);
        using enum decision::CompauthResult;
        for (const auto result : {pass, softpass, none, fail})
            if (const double count = sum([&](const Loop& l) { return l.metrics->compauth_[number(result)].value(); }); count > 0)
                add(compauth, count, {label("result", name_of(result))});
        if (!compauth.metric.empty()) all.push_back(std::move(compauth));
        if (!m_.read_dnsbl_) return;
        MetricFamily entries = family("exota_door_entries", "Entries of the lists of inbound doors", MetricType::Gauge);
        {
            const std::lock_guard lock(m_.state_mutex_);
            add(entries, static_cast<double>(m_.door_state_.allowed), {label("list", "allow")});
            add(entries, static_cast<double>(m_.door_state_.blocked), {label("list", "block")});
            add(entries, static_cast<double>(m_.door_state_.recipients), {label("list", "recipients")});
        }
        all.push_back(std::move(entries));
        const DnsblSamples dnsbl = m_.read_dnsbl_();
        MetricFamily use = family("exota_dnsbl_in_use", "Whether a DNS list passed its last test and is asked", MetricType::Gauge);
        for (const DnsblSample& sample : dnsbl.use)
            add(use, sample.in_use ? 1 : 0, {label("list", sample.list), label("family", sample.family)});
        if (!use.metric.empty()) all.push_back(std::move(use));
        MetricFamily answers = family("exota_dnsbl_answers_total", "What DNS lists said of clients", MetricType::Counter);
        for (const DnsblAnswers& sample : dnsbl.answers)
            add(answers, static_cast<double>(sample.count), {label("list", sample.list), label("says", sample.says)});
        if (!answers.metric.empty()) all.push_back(std::move(answers));
    }

    MetricFamily judging() const {
        MetricFamily result = family("exota_judging_seconds", "Time from the end of a message to its verdict", MetricType::Histogram);
        ClientMetric metric;
        std::uint64_t cumulative = 0;
        for (std::size_t i = 0; i < LoopMetrics::judging_bounds.size() + 1; ++i) {
            for (const Loop& loop : m_.loops_) cumulative += loop.metrics->judging_[i].value();
            const double bound =
                i < LoopMetrics::judging_bounds.size() ? LoopMetrics::judging_bounds[i] : std::numeric_limits<double>::infinity();
            metric.histogram.bucket.push_back({cumulative, bound});
        }
        metric.histogram.sample_count = cumulative;
        metric.histogram.sample_sum = sum([](const Loop& l) { return l.metrics->judging_nanoseconds_.value(); }) / 1e9;
        result.metric.push_back(std::move(metric));
        return result;
    }

    void protocol(std::vector<MetricFamily>& all) const {
        std::map<std::string_view, double> kinds;
        for (const Loop& loop : m_.loops_)
            loop.metrics->protocol_errors_.each(
                [&](std::string_view kind, std::uint64_t count) { kinds[kind] += static_cast<double>(count); });
        MetricFamily errors =
            family("exota_protocol_errors_total", "Milter connections ended because the MTA broke the protocol", MetricType::Counter);
        for (const auto& [kind, count] : kinds) add(errors, count, {label("kind", kind)});
        all.push_back(std::move(errors));

        MetricFamily missing =
            family("exota_missing_certificates_total",
                   "Messages over TLS from Exchange Online's addresses without a certificate that the MTA names", MetricType::Counter);
        add(missing, sum([](const Loop& l) { return l.metrics->missing_certificates_.value(); }));
        all.push_back(std::move(missing));
    }

    void sessions(std::vector<MetricFamily>& all) const {
        const auto one = [&](std::string_view name, std::string_view help, MetricType type, double value) {
            all.push_back(family(name, help, type));
            add(all.back(), value);
        };
        one("exota_sessions", "Milter sessions that are open", MetricType::Gauge,
            sum_of_servers([](const net::ServerCounters& s) { return s.open(); }));
        one("exota_sessions_total", "Milter sessions that were opened", MetricType::Counter,
            sum_of_servers([](const net::ServerCounters& s) { return s.opened.value(); }));
        MetricFamily ended = family("exota_sessions_ended_total", "Milter sessions that ended, by why", MetricType::Counter);
        for (std::size_t why = 0; why < net::ending_count; ++why)
            add(ended, sum_of_servers([&](const net::ServerCounters& s) { return s.ended[why].value(); }),
                {label("why", net::ending_names[why])});
        all.push_back(std::move(ended));
        one("exota_accept_paused_total", "Times that accepting stopped because milter.max_sessions were open", MetricType::Counter,
            sum_of_servers([](const net::ServerCounters& s) { return s.paused.value(); }));
        one("exota_accept_errors_total", "Times that the system had no descriptor or memory for a connection", MetricType::Counter,
            sum_of_servers([](const net::ServerCounters& s) { return s.accept_errors.value(); }));
    }

    void dns(std::vector<MetricFamily>& all) const {
        MetricFamily questions =
            family("exota_dns_questions_total", "DNS questions of own verification, by how they ended", MetricType::Counter);
        const auto outcome = [&](std::string_view name, net::Counter net::ResolverCounters::* counter) {
            const double value = sum([&](const Loop& l) { return l.resolver ? (l.resolver->*counter).value() : 0; });
            if (value > 0) add(questions, value, {label("outcome", name)});
        };
        using Counters = net::ResolverCounters;
        outcome("answered", &Counters::answered);
        outcome("bogus", &Counters::bogus);
        outcome("timeout", &Counters::timed_out);
        outcome("refused", &Counters::refused);
        outcome("failed", &Counters::failed);
        all.push_back(std::move(questions));
        all.push_back(family("exota_dns_loops_without_validation",
                             "Loops that look names up without DNSSEC validation, because the DNS servers do not pass it on",
                             MetricType::Gauge));
        add(all.back(), sum([](const Loop& l) { return l.resolver ? l.resolver->without_validation.value() : 0; }));
    }

    static void candidates(std::vector<MetricFamily>& all, const std::optional<CandidateSamples>& samples) {
        if (!samples) return;
        const auto one = [&all](std::string_view name, std::string_view help, MetricType type, std::uint64_t value) {
            add(all.emplace_back(family(name, help, type)), static_cast<double>(value));
        };
        one("exota_candidates", "Authors without a tenant that discovery has recorded", MetricType::Gauge, samples->known);
        one("exota_candidates_conflicting", "Those of them whose messages came from different tenants", MetricType::Gauge,
            samples->conflicting);
        one("exota_candidates_displaced_total", "Candidates that left because there was no room", MetricType::Counter, samples->displaced);
        one("exota_candidates_write_failures_total", "Times that the candidates could not be written", MetricType::Counter,
            samples->write_failures);
        MetricFamily sightings =
            family("exota_candidate_sightings_total", "Messages that showed a candidate, by what became of that", MetricType::Counter);
        add(sightings, static_cast<double>(samples->recorded), {label("fate", "recorded")});
        add(sightings, static_cast<double>(samples->dropped), {label("fate", "dropped")});
        all.push_back(std::move(sightings));
    }

    /// @param looked_up  what was looked up, in a sentence.
    static void lookups(std::vector<MetricFamily>& all, const std::vector<const Lookups*>& loops, const LookupNames& names,
                        const std::string& looked_up) {
        const auto total = [&](net::Counter Lookups::* counter) {
            std::uint64_t value = 0;
            for (const Lookups* loop : loops) value += (loop->*counter).value();
            return static_cast<double>(value);
        };
        all.push_back(family(names.total, looked_up + ", by where the answer came from", MetricType::Counter));
        add(all.back(), total(&Lookups::cached), {label("from", "cache")});
        add(all.back(), total(&Lookups::cached_none), {label("from", "cache-none")});
        add(all.back(), total(&Lookups::asked), {label("from", "server")});
        add(all.back(), total(&Lookups::joined), {label("from", "server-joined")});
        all.push_back(family(names.unanswered, "Those that the server did not answer, by what was done", MetricType::Counter));
        add(all.back(), total(&Lookups::stale), {label("served", "stale")});
        add(all.back(), total(&Lookups::unknown), {label("served", "nothing")});
        all.push_back(family(names.evicted, "Answers that made room for others", MetricType::Counter));
        add(all.back(), total(&Lookups::evicted));
        all.push_back(family(names.entries, "Answers that are kept", MetricType::Gauge));
        add(all.back(), total(&Lookups::kept));
    }

    void limits(std::vector<MetricFamily>& all) const {
        all.push_back(family("exota_limits_near_total", "Times that a tenant reached four fifths of a limit", MetricType::Counter));
        add(all.back(), sum([](const Loop& l) { return l.metrics->near_limits_.value(); }));
        if (m_.limits_stores_.empty()) return;
        const auto total = [&](net::Counter LimitsStoreCounters::* counter) {
            std::uint64_t value = 0;
            for (const LimitsStoreCounters* loop : m_.limits_stores_) value += (loop->*counter).value();
            return static_cast<double>(value);
        };
        all.push_back(family("exota_limits_store_messages_total", "Messages that the store of limits counted, or told to be too many",
                             MetricType::Counter));
        add(all.back(), total(&LimitsStoreCounters::within), {label("limit", "within")});
        add(all.back(), total(&LimitsStoreCounters::exceeded), {label("limit", "exceeded")});
        all.push_back(family("exota_limits_store_failures_total",
                             "Messages for which it was asked, and gave no answer in time, or a wrong one", MetricType::Counter));
        add(all.back(), total(&LimitsStoreCounters::failed));
        all.push_back(
            family("exota_limits_store_fallback_total", "Messages that were dealt with without the store, by how", MetricType::Counter));
        add(all.back(), total(&LimitsStoreCounters::fell_back_local), {label("fallback", "local")});
        add(all.back(), total(&LimitsStoreCounters::fell_back_accept), {label("fallback", "accept")});
        add(all.back(), total(&LimitsStoreCounters::fell_back_tempfail), {label("fallback", "tempfail")});
        all.push_back(family("exota_limits_store_loops_away", "Loops whose last message was one of those", MetricType::Gauge));
        add(all.back(), total(&LimitsStoreCounters::away));
    }

    void state(std::vector<MetricFamily>& all) const {
        const auto one = [&](std::string_view name, std::string_view help, MetricType type, double value, Labels labels = {}) {
            all.push_back(family(name, help, type));
            add(all.back(), value, std::move(labels));
        };
        State state;
        TenantsSource source;
        {
            const std::lock_guard lock(m_.state_mutex_);
            state = m_.state_;
            source = m_.tenants_source_;
        }
        one("exota_tenants", "Tenants in use", MetricType::Gauge, static_cast<double>(state.tenants));
        one("exota_tenant_domains", "Domains of all tenants in use", MetricType::Gauge, static_cast<double>(state.domains));
        all.push_back(family("exota_tenants_state", "1 for what the source of tenants is: loaded, stale or failed", MetricType::Gauge));
        for (const std::string_view name : {"loaded", "stale", "failed"})
            add(all.back(), name == source.state ? 1 : 0, {label("state", name)});
        one("exota_tenants_age_seconds", "Since when the source of tenants has not confirmed what is served", MetricType::Gauge,
            source.age);
        one("exota_endpoint_prefixes", "Prefixes of Exchange Online in use", MetricType::Gauge,
            static_cast<double>(state.endpoint_prefixes));
        if (const std::int64_t as_of = m_.endpoints_as_of_.load(); as_of > 0)
            one("exota_endpoints_timestamp_seconds", "When the endpoint list in use was written, or last said to be current",
                MetricType::Gauge, static_cast<double>(as_of));
        one("exota_snapshot_generation", "Number of the configuration and tenants in use; counts up with each reload", MetricType::Gauge,
            static_cast<double>(state.generation));
        one("exota_snapshot_loaded_timestamp_seconds", "When they were loaded", MetricType::Gauge, state.loaded_at);
        one("exota_snapshots_retired", "Replaced configurations with tenants that messages in hand are still judged by", MetricType::Gauge,
            static_cast<double>(m_.retired_snapshots_.load()));
        one("exota_reloads_total", "Reloads that succeeded", MetricType::Counter, static_cast<double>(m_.reloads_.load()));
        one("exota_reload_failures_total", "Reloads that failed: the running configuration and tenants stayed", MetricType::Counter,
            static_cast<double>(m_.reload_failures_.load()));
        one("exota_log_records_dropped_total", "Log records that could not be written", MetricType::Counter,
            m_.log_ ? static_cast<double>(m_.log_->lost()) : 0);
        one("exota_http_made_room_total", "Connections to our HTTP that were closed for a new one", MetricType::Counter,
            static_cast<double>(m_.http_made_room_.load()));
        one("exota_start_timestamp_seconds", "When the daemon started", MetricType::Gauge, m_.started_at_);
        one("exota_build_info", "Always 1", MetricType::Gauge, 1, {label("version", m_.version_)});
    }

    const Metrics& m_;
};

Metrics::Metrics(std::string version, std::size_t tenants_apart)
    : version_(std::move(version)), started_at_(now_in_seconds()), tenants_apart_(tenants_apart) {}
Metrics::~Metrics() = default;

void Metrics::add_loop(const LoopMetrics& metrics, const net::ResolverCounters* resolver) { loops_.push_back({&metrics, resolver}); }

void Metrics::set_state(const State& state) {
    const std::lock_guard lock(state_mutex_);
    state_ = state;
}

void Metrics::set_tenants_source(const TenantsSource& source) {
    const std::lock_guard lock(state_mutex_);
    tenants_source_ = source;
}

void Metrics::set_door_state(const DoorState& state) {
    const std::lock_guard lock(state_mutex_);
    door_state_ = state;
}

std::string Metrics::text() const { return prometheus::TextSerializer().prometheus::Serializer::Serialize(Collector(*this).Collect()); }

}  // namespace exota::telemetry
