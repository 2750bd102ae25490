#include "app/loop_observer.h"

#include <algorithm>
#include <utility>

#include "tenant/candidates.h"

namespace exota::app {

namespace {

using telemetry::LogField;
using telemetry::LogLevel;

/// TLS from one of Exchange Online's addresses, and the MTA names no certificate: nearly always a setting of the MTA.
bool lacks_certificate(const gate::Judged& message) noexcept {
    const evidence::Session& session = message.evidence.session;
    if (session.tls.hint != evidence::CertificateHint::no_certificate_seen || !session.tls.in_use()) return false;
    const base::IpAddress* const address = evidence::value_of(session.client.address);
    const decision::Rules& rules = message.snapshot.rules;
    return address && any_contains(rules.exchange_online, *address) && !any_contains(rules.relay_pool, *address);
}

}  // namespace

bool Pace::due() noexcept {
    const auto now = std::chrono::steady_clock::now();
    if (last_ && now < *last_ + std::chrono::minutes(1)) return false;
    last_ = now;
    return true;
}

bool PaceOfEach::due(const std::string& text, Time now) {
    std::erase_if(said_, [now](const auto& one) { return now >= one.second + std::chrono::minutes(1); });
    return said_.size() < most_texts && said_.try_emplace(text, now).second;
}

void LoopObserver::judged(const gate::Judged& message) {
    telemetry::Record record{.decision = message.decision, .evidence = message.evidence, .judging = message.judging};
    const auto gateway = std::ranges::find(gateways_, message.front.instance, &Gateway::name);
    if (gateway != gateways_.end()) {
        record.front = message.front.name;
        record.gateway = message.front.instance;
        record.stage = name_of(message.stage);
        record.backend = message.delivery.backend;
        record.backend_reply = message.delivery.backend_reply;
        record.answered = message.delivery.answered;
        gateway->counters->judged(record);
    }
    if (message.front.door == gate::Door::inbound) {
        record.door = "inbound";
        record.stage = name_of(message.stage);
    }
    metrics_.judged(record);
    messages_.message(record);
    if (message.stage == gate::Stage::client || message.stage == gate::Stage::recipient) return;  // once a message
    if (gateway != gateways_.end() || !lacks_certificate(message)) return;                        // a gateway sees certificates itself
    metrics_.missing_certificate();
    if (certificate_pace_.due())
        log_.service(LogLevel::warning, "missing-certificate",
                     "a client at one of Exchange Online's addresses used TLS, but the MTA names no verified certificate: set "
                     "smtpd_tls_ask_ccert = yes, and see that the MTA takes certificates without the clientAuth purpose",
                     {LogField::of("queue_id", message.evidence.envelope.queue_id)});
}

void LoopObserver::protocol_error(std::string_view what) {
    metrics_.protocol_error(what);
    if (protocol_pace_.due())
        log_.service(LogLevel::warning, "protocol-error", "an MTA broke the milter protocol; the connection was closed",
                     {LogField::of("kind", what)});
}

void LoopObserver::sighted(tenant::Sighting&& sighting) {
    if (take_sighting_) take_sighting_(std::move(sighting));
}

void LoopObserver::near_limit(std::string_view tenant, const tenant::Limit& limit) {
    metrics_.near_limit();
    log_.service(LogLevel::warning, "limit-near", "a tenant has reached four fifths of a limit",
                 {LogField::of("tenant", tenant), LogField::of("limit", limit.text())});
}

void LoopObserver::unusable_tenant(const std::string& problem) {
    if (tenant_pace_.due(problem, std::chrono::steady_clock::now()))
        log_.service(LogLevel::warning, "tenants-problem", "an entry of the directory cannot be used, so its messages are deferred",
                     {LogField::of("error", problem)});
}

void LoopObserver::trouble_accepting(const base::Error& error) {
    if (error.code != base::Errc::too_long)
        log_.service(LogLevel::error, "accept-trouble", error.detail);
    else if (full_pace_.due())
        log_.service(LogLevel::warning, "sessions-full", error.detail);
}

}  // namespace exota::app
