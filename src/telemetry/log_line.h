// One record of the log, encoded so that no text of a sender can forge a field or a line.
//
// A record is a time, a level, an event and fields. It is written as logfmt (name=value, quoted where needed), as one JSON object, or as
// an entry of the journal's native protocol; the fields and their names are the same in all (docs/reference/log.md lists them). In every
// form a value is text between marks that it cannot contain, written by base::append_json_string: quotes, backslashes and every character
// that does not show are escaped, what is not UTF-8 becomes U+FFFD.
//
// Tested by log_line_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/log_config.h"

namespace exota::telemetry {

struct LogField {
    /// word: a text of ours that needs no quotes, not empty.
    enum class Kind : std::uint8_t { text, number, boolean, json, word } kind = Kind::text;
    std::string_view name;  // ours: lower case letters and '_'
    std::string_view text;  // text, word, json (a complete JSON value of one line, made by us)
    std::int64_t number = 0;

    static LogField of(std::string_view name, std::string_view text) { return {Kind::text, name, text, 0}; }
    static LogField of_word(std::string_view name, std::string_view word) { return {Kind::word, name, word, 0}; }
    static LogField of_number(std::string_view name, std::int64_t number) { return {Kind::number, name, {}, number}; }
    static LogField of_boolean(std::string_view name, bool value) { return {Kind::boolean, name, {}, value ? 1 : 0}; }
    static LogField of_json(std::string_view name, std::string_view json) { return {Kind::json, name, json, 0}; }
};

/// A field of Kind::json with its name, as it is written. A longer one is left out, and NAME_octets says how long its value is: what a
/// sender makes long could be cut elsewhere (the journal cuts lines of standard error at 48 KiB), and what is behind the cut would be a
/// line of its own.
inline constexpr std::size_t max_json_field_octets = 40 * 1024;

struct LogRecord {
    std::chrono::system_clock::time_point time;
    LogLevel level = LogLevel::info;
    std::string_view event;
    std::span<const LogField> fields;
};

std::string_view name_of(LogLevel level) noexcept;
/// As in syslog(3): 3 error, 4 warning, 6 informational, 7 debug.
int syslog_severity(LogLevel level) noexcept;

/// "2026-01-31T09:05:00.123Z".
void append_time(std::string& out, std::chrono::system_clock::time_point time);

/// time=… level=… event=… and the fields, without a line break.
void append_logfmt(std::string& out, const LogRecord& record);
/// The same as one JSON object, without a line break.
void append_json(std::string& out, const LogRecord& record);
/// A datagram of the journal's native protocol: MESSAGE (the record as logfmt or JSON), PRIORITY, SYSLOG_IDENTIFIER, and each field as
/// EXOTA_NAME: a text as it is, or as a JSON string if it begins with a quote or something in it does not show.
void append_journal(std::string& out, const LogRecord& record, LogFormat format, std::string_view name);
/// A datagram for /dev/log (RFC 3164 as syslog(3) writes it, no host): facility mail.
void append_syslog(std::string& out, const LogRecord& record, LogFormat format, std::string_view name, int process);

}  // namespace exota::telemetry
