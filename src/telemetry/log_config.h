// What an operator sets of the log: section [log] of the configuration. docs/reference/settings.md has each key.
#pragma once

#include <cstdint>
#include <string>

namespace exota::telemetry {

enum class LogFormat : std::uint8_t { logfmt, json };
enum class LogTarget : std::uint8_t { standard_error, syslog, journal };
enum class LogEvidence : std::uint8_t { none, refused, all };
enum class LogLevel : std::uint8_t { error, warning, info, debug };

struct LogConfig {
    LogFormat format = LogFormat::logfmt;
    LogTarget target = LogTarget::standard_error;
    std::string socket;          // of syslog (/dev/log) or the journal (/run/systemd/journal/socket)
    std::string name = "exota";  // in syslog and journal; drop-in: MILTER_NAME
    LogEvidence evidence = LogEvidence::none;
    LogLevel level = LogLevel::info;
};

}  // namespace exota::telemetry
