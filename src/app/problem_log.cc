#include "app/problem_log.h"

#include "directory/file_stamp.h"
#include "telemetry/log.h"

namespace exota::app {
namespace {

using telemetry::LogField;
using telemetry::LogLevel;
using Severity = config::Problem::Severity;

std::string place_of(const config::Problem& problem) {
    std::string place = problem.file;
    if (problem.line > 0) place += ':' + std::to_string(problem.line);
    if (!problem.key.empty()) place += (place.empty() ? "" : ": ") + problem.key;
    return place;
}

}  // namespace

void log_start(telemetry::Log& log, std::string_view version, const config::Config& config, std::size_t threads) {
    log.service(LogLevel::info, "start", "exota starts",
                {LogField::of("version", version), LogField::of("config", config.path.empty() ? "environment" : config.path),
                 LogField::of_number("threads", static_cast<std::int64_t>(threads))});
    if (config.rules.force_monitor)
        log.service(LogLevel::warning, "forced-monitor",
                    "started with --monitor: nothing is refused, whatever the configuration and the tenants say");
}

void log_problems(telemetry::Log& log, const std::vector<config::Problem>& problems, const std::string& tenants) {
    for (const config::Problem& problem : problems) {
        const LogLevel level = problem.severity == Severity::error ? LogLevel::error : LogLevel::warning;
        const std::string place = place_of(problem);
        const bool of_tenants = !tenants.empty() && problem.file == tenants;
        if (of_tenants)
            log.service(level, "tenants-problem", problem.text, {LogField::of("place", place)});
        else
            log.service(level, "config-problem", problem.text, {LogField::of("place", place)});
    }
}

void log_restart_needed(telemetry::Log& log, const config::Config& in_use, const config::Config& read) {
    for (const std::string& setting : config::changed_start_values(in_use.start_values, read.start_values))
        log.service(LogLevel::warning, "restart-needed", "this setting is only read at start; the old value stays until then",
                    {LogField::of("setting", setting)});
}

void log_warning(telemetry::Log& log, std::string_view place, const std::optional<std::string>& text) {
    if (text) log.service(LogLevel::warning, "config-problem", *text, {LogField::of("place", place)});
}

void log_vanished(telemetry::Log& log, const std::string& what, const std::string& path) {
    const auto stamp = directory::stamp_of(path);
    const std::string why = stamp ? "it is there again" : stamp.error().detail;
    const std::string text = "the " + what + " file cannot be looked at (" + why + "); the " + what + " stay as they were";
    if (what == "tenants")
        log.service(LogLevel::error, "tenants-vanished", text, {LogField::of("place", path)});
    else
        log.service(LogLevel::error, "endpoints-vanished", text, {LogField::of("place", path)});
}

}  // namespace exota::app
