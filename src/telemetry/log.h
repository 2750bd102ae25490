// The log: one record a judged message, and records of the daemon's own life.
//
// Records of messages are made on the loop that judged them, in its own channel (log_writer.h); service records come from any thread,
// are rare, and take a lock. Format, level and evidence may change with a reload, target and name do not.
//
// Tested by log_test.cc, which also compares the fields with docs/reference/log.md.
#pragma once

#include <array>
#include <atomic>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "net/loop.h"
#include "telemetry/log_config.h"
#include "telemetry/log_hints.h"
#include "telemetry/log_line.h"
#include "telemetry/log_writer.h"
#include "telemetry/record.h"

namespace exota::telemetry {

/// The fields of `event=message`, in order. Those without a value are left out of a record.
inline constexpr std::array<std::string_view, 39> message_field_names{
    "verdict",     "judged",        "reason",     "mode",           "quarantine",
    "tenant",      "author_domain", "forward",    "proof",          "missing",
    "why",         "findings",      "hint",       "queue_id",       "client",
    "client_name", "helo",          "tls",        "certificate",    "certificate_hint",
    "mail_from",   "recipients",    "mail_class", "peer_proven",    "reply",
    "front",       "gateway",       "stage",      "backend",        "backend_reply",
    "answered",    "door",          "compauth",   "action",         "setting",
    "recipient",   "judging_us",    "evidence",   "evidence_octets"};

/// What the fields of one record view into.
struct MessageTexts {
    std::string client, hint, findings, reply, compauth, evidence;
    void clear() noexcept {
        for (std::string* text : {&client, &hint, &findings, &reply, &compauth}) text->clear();
        std::string().swap(evidence);  // may be long, and is rare
    }
};

/// The fields of `event=relayed`, in order. Those without a value are left out of a record.
inline constexpr std::array<std::string_view, 19> relayed_field_names{
    "front", "gateway", "queue_id", "client",    "mail_from", "recipients", "octets", "destination", "next_hop", "address",
    "tls",   "cipher",  "policy",   "tls_level", "proof",     "tried",      "xoorg",  "reply",       "why"};

class MessageLog;

class Log {
public:
    /// @param sink            nullptr: made from the configuration's target.
    /// @param name_documents  of service records and hints; empty: "docs/….md" stays. Called from any thread.
    explicit Log(const LogConfig& config, std::unique_ptr<LogSink> sink = nullptr, NameDocuments name_documents = {});
    ~Log();

    /// From any thread.
    /// @param event  a stable word: docs/reference/log.md lists them.
    void service(LogLevel level, std::string_view event, std::string_view text, std::initializer_list<LogField> fields = {});
    /// Format, level and evidence of a new configuration.
    void reconfigure(const LogConfig& config);
    /// Waits until everything recorded so far is written, or lost. Only while no loop with a log runs.
    void settle();
    /// The log of one loop; lives as long as this object.
    MessageLog& add_loop(net::Loop& loop);
    std::uint64_t lost() const noexcept { return writer_.lost(); }

private:
    friend class MessageLog;
    struct alignas(4) Settings {  // one word, so that reading it takes no lock
        LogFormat format;
        LogLevel level;
        LogEvidence evidence;
    };
    static_assert(std::atomic<Settings>::is_always_lock_free);
    void encode(std::string& out, const LogRecord& record, LogFormat format) const;

    const LogTarget target_;
    const std::string name_;
    const int process_;
    const NameDocuments name_documents_;
    const HintSentences hints_;
    LogWriter writer_;
    std::mutex service_mutex_;
    LogChannel& service_channel_;
    std::atomic<Settings> settings_;
    std::vector<std::unique_ptr<MessageLog>> loops_;
};

/// On its loop only.
class MessageLog {
public:
    MessageLog(Log& log, net::Loop& loop);
    void message(const Record& judged);
    /// Another record of what came by on this loop. The fields' texts are used during the call only.
    void event(LogLevel level, std::string_view event, std::span<const LogField> fields);

private:
    friend class Log;
    void write(LogLevel level, std::string_view event, std::span<const LogField> fields, LogFormat format);
    void post_flush();

    Log& log_;
    net::Loop& loop_;
    LogChannel& channel_;
    bool flush_posted_ = false;
    // Of one record after the other, so that the memory is there already:
    std::vector<LogField> fields_;
    MessageTexts texts_;
};

}  // namespace exota::telemetry
