#include "telemetry/log.h"

#include <unistd.h>

#include <algorithm>
#include <span>
#include <thread>

#include "decision/proofs.h"
#include "decision/render.h"
#include "evidence/json.h"

namespace exota::telemetry {

namespace {

std::unique_ptr<LogSink> sink_for(const LogConfig& config) {
    switch (config.target) {
        case LogTarget::standard_error:
            break;
        case LogTarget::syslog:
            return make_datagram_sink(config.socket.empty() ? "/dev/log" : config.socket, DatagramKind::syslog);
        case LogTarget::journal:
            return make_datagram_sink(config.socket.empty() ? "/run/systemd/journal/socket" : config.socket, DatagramKind::journal);
    }
    return make_stream_sink(STDERR_FILENO);
}

bool wants_evidence(LogEvidence setting, const decision::Decision& decision) noexcept {
    return setting == LogEvidence::all || (setting == LogEvidence::refused && decision.judged != decision::Verdict::accept);
}

/// The first missing factor of the proof that came closest, as the reply names it; empty if it is about something else.
std::string_view first_missing(const decision::Decision& decision) noexcept {
    if (decision.reason != decision::Reason::not_proven && decision.reason != decision::Reason::unavailable) return {};
    if (std::ranges::any_of(decision.proofs, &decision::ProofOutcome::holds)) return {};
    const auto among = decision.reason == decision::Reason::unavailable ? decision::Among::undecided : decision::Among::all;
    const decision::ProofOutcome* closest = decision::closest_proof(decision.proofs, decision.findings, among);
    return closest ? tenant::name_of(closest->missing.front()) : std::string_view{};
}

/// "fail 601"
std::string text_of(const decision::Compauth& compauth) {
    std::string out(decision::name_of(compauth.result));
    if (!compauth.reason) return out;
    const std::string digits = std::to_string(*compauth.reason);
    return out.append(" ").append(3 - std::min<std::size_t>(digits.size(), 3), '0').append(digits);
}

/// What only an inbound door says.
void collect_inbound(std::vector<LogField>& fields, MessageTexts& texts, const Record& message) {
    const auto text = [&fields](std::string_view name, std::string_view value) {
        if (!value.empty()) fields.push_back(LogField::of(name, value));
    };
    text("door", message.door);
    if (const auto& inbound = message.decision.inbound) {
        if (inbound->compauth) texts.compauth = text_of(*inbound->compauth);
        text("compauth", texts.compauth);
        if (!inbound->setting.empty()) text("action", decision::name_of(inbound->action));
        text("setting", inbound->setting);
    }
    const std::vector<std::string>& recipients = message.evidence.envelope.recipients;
    if ((message.stage == "client" || message.stage == "recipient") && !recipients.empty()) text("recipient", recipients.front());
}

/// In the order of message_field_names.
void collect_fields(std::vector<LogField>& fields, MessageTexts& texts, const Record& message, LogEvidence evidence_setting,
                    const HintSentences& hints) {
    const decision::Decision& decision = message.decision;
    const evidence::Evidence& evidence = message.evidence;
    const auto text = [&fields](std::string_view name, std::string_view value) {
        if (!value.empty()) fields.push_back(LogField::of(name, value));
    };
    const auto word = [&fields](std::string_view name, std::string_view value) { fields.push_back(LogField::of_word(name, value)); };
    word("verdict", decision::name_of(decision.verdict));
    word("judged", decision::name_of(decision.judged));
    word("reason", decision::name_of(decision.reason));
    word("mode", tenant::name_of(decision.mode));
    if (decision.quarantine) fields.push_back(LogField::of_boolean("quarantine", true));
    text("tenant", decision.tenant_name);
    text("author_domain", decision.author_domain);
    fields.push_back(LogField::of_boolean("forward", decision.forward));
    if (decision.proof && *decision.proof < decision.proofs.size()) text("proof", decision.proofs[*decision.proof].text);
    text("missing", first_missing(decision));
    if (decision.judged != decision::Verdict::accept) text("why", decision.why);
    if (decision.judged_at_all) findings_for_log(decision, texts.findings, texts.hint, hints);
    text("findings", texts.findings);
    text("hint", texts.hint);
    text("queue_id", evidence.envelope.queue_id);
    if (const base::IpAddress* address = evidence::value_of(evidence.session.client.address)) texts.client = address->text();
    if (!texts.client.empty()) word("client", texts.client);
    text("client_name", evidence.session.client.name);
    text("helo", evidence.session.helo);
    text("tls", evidence.session.tls.version);
    if (const std::string* name = evidence::value_of(evidence.session.tls.certificate_name)) text("certificate", *name);
    if (evidence.session.tls.hint != evidence::CertificateHint::none)
        text("certificate_hint", evidence::name_of(evidence.session.tls.hint));
    if (evidence.envelope.has_mail) fields.push_back(LogField::of("mail_from", evidence.envelope.reverse_path));  // empty: the null sender
    fields.push_back(LogField::of_number("recipients", evidence.envelope.recipient_count));
    word("mail_class", evidence::name_of(evidence.header.mail_class));
    fields.push_back(LogField::of_boolean("peer_proven", decision.peer_proven));
    if (decision.reply) texts.reply = decision.reply->line();
    text("reply", texts.reply);
    text("front", message.front);
    text("gateway", message.gateway);
    text("stage", message.stage);
    text("backend", message.backend);
    text("backend_reply", message.backend_reply);
    const bool is_answered_elsewhere = message.stage == "recipient" && decision.verdict == decision::Verdict::accept;  // by the backend
    if (!message.front.empty() && !is_answered_elsewhere) text("answered", message.answered.empty() ? "none" : message.answered);
    if (!message.door.empty()) collect_inbound(fields, texts, message);
    fields.push_back(LogField::of_number("judging_us", std::chrono::duration_cast<std::chrono::microseconds>(message.judging).count()));
    if (wants_evidence(evidence_setting, decision)) {
        texts.evidence = evidence::to_json(evidence);
        fields.push_back(LogField::of_json("evidence", texts.evidence));  // evidence_octets where it is too long
    }
}

}  // namespace

Log::Log(const LogConfig& config, std::unique_ptr<LogSink> sink, NameDocuments name_documents)
    : target_(config.target),
      name_(config.name),
      process_(getpid()),
      name_documents_(std::move(name_documents)),
      hints_(name_documents_ ? HintSentences(name_documents_) : HintSentences()),
      writer_(sink ? std::move(sink) : sink_for(config)),
      service_channel_(writer_.add_channel()),
      settings_(Settings{config.format, config.level, config.evidence}) {}

Log::~Log() = default;

void Log::encode(std::string& out, const LogRecord& record, LogFormat format) const {
    switch (target_) {
        case LogTarget::standard_error:
            format == LogFormat::json ? append_json(out, record) : append_logfmt(out, record);
            out += '\n';
            return;
        case LogTarget::syslog:
            append_syslog(out, record, format, name_, process_);
            return;
        case LogTarget::journal:
            append_journal(out, record, format, name_);
            return;
    }
}

void Log::service(LogLevel level, std::string_view event, std::string_view text, std::initializer_list<LogField> fields) {
    const Settings settings = settings_.load(std::memory_order_relaxed);
    if (level > settings.level) return;
    const std::string named = name_documents_ ? name_documents_(text) : std::string(text);
    std::vector<LogField> all{LogField::of("text", named)};
    all.insert(all.end(), fields);
    const std::lock_guard lock(service_mutex_);
    encode(service_channel_.record(), {std::chrono::system_clock::now(), level, event, all}, settings.format);
    service_channel_.end_record();
    while (!service_channel_.flush()) std::this_thread::yield();  // for the moment of a swap
}

void Log::reconfigure(const LogConfig& config) {
    settings_.store(Settings{config.format, config.level, config.evidence}, std::memory_order_relaxed);
}

void Log::settle() {
    for (const auto& loop : loops_)
        while (!loop->channel_.flush()) std::this_thread::yield();  // its loop ended before the turn that would have done it
    writer_.settle();
}

MessageLog& Log::add_loop(net::Loop& loop) {
    loops_.push_back(std::make_unique<MessageLog>(*this, loop));
    return *loops_.back();
}

MessageLog::MessageLog(Log& log, net::Loop& loop) : log_(log), loop_(loop), channel_(log.writer_.add_channel()) {}

void MessageLog::message(const Record& judged) {
    const Log::Settings settings = log_.settings_.load(std::memory_order_relaxed);
    if (settings.level < LogLevel::info) return;
    fields_.clear();
    texts_.clear();
    collect_fields(fields_, texts_, judged, settings.evidence, log_.hints_);
    write(LogLevel::info, "message", fields_, settings.format);
}

void MessageLog::event(LogLevel level, std::string_view event, std::span<const LogField> fields) {
    const Log::Settings settings = log_.settings_.load(std::memory_order_relaxed);
    if (settings.level >= level) write(level, event, fields, settings.format);
}

void MessageLog::write(LogLevel level, std::string_view event, std::span<const LogField> fields, LogFormat format) {
    log_.encode(channel_.record(), {std::chrono::system_clock::now(), level, event, fields}, format);
    channel_.end_record();
    if (!flush_posted_) post_flush();
}

/// At the end of this turn of the loop; if the writer is just taking the last batch, at the end of the next one.
void MessageLog::post_flush() {
    flush_posted_ = true;
    loop_.post([this] {
        flush_posted_ = false;
        if (!channel_.flush()) post_flush();
    });
}

}  // namespace exota::telemetry
