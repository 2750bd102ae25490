// Evidence. Properties: JSON that is read, written and read again is the same evidence; whatever a header holds, what the collector
// makes of it survives JSON, its bounds hold, and a message leaves nothing behind for the next. Nothing in JSON or in a log line of either
// format fails to show, and what a JSON string was written of is read back.
#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "base/encode.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "evidence/authres_trust.h"
#include "evidence/collector.h"
#include "evidence/json.h"
#include "property.h"
#include "telemetry/log_line.h"

namespace {

using namespace exota::evidence;

using exota::fuzz::require;

/// The input as lines "name:value"; a line that begins with a blank continues the one before.
void collect(Collector& collector, std::string_view text) {
    while (!text.empty()) {
        std::size_t end = text.find('\n');
        while (end != std::string_view::npos && end + 1 < text.size() && text[end + 1] == ' ') end = text.find('\n', end + 1);
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            collector.xoorg(line, Source::smtp_parameter);
        else
            collector.header_field(line.substr(0, colon), line.substr(colon + 1));
    }
}

/// JSON strings, alone and in a log line.
void write_strings(std::string_view text) {
    using exota::telemetry::LogField;
    std::string written;
    exota::base::append_json_string(written, text);
    require(exota::base::is_plain_text(written));
    const boost::json::value read = boost::json::parse(written);
    require(!exota::base::is_utf8(text) || std::string_view(read.get_string()) == text);
    const LogField fields[] = {LogField::of("text", text), LogField::of_json("json", written), LogField::of_boolean("last", true)};
    const exota::telemetry::LogRecord record{{}, exota::telemetry::LogLevel::info, "message", fields};
    std::string json, logfmt;
    exota::telemetry::append_json(json, record);
    exota::telemetry::append_logfmt(logfmt, record);
    require(exota::base::is_plain_text(json) && exota::base::is_plain_text(logfmt) && logfmt.ends_with(" last=true"));
    require(boost::json::parse(json).get_object().at("text") == read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    write_strings(text);
    if (const auto evidence = from_json(text)) {
        const std::string written = to_json(*evidence);
        const auto again = from_json(written);
        require(again && *again == *evidence && to_json(*again) == written);
    }
    static const MessageLimits tight{.field_octets = 200, .header_octets = 2000, .header_fields = 30, .kept_fields = 4};
    static const AuthresTrust trust{.authserv_ids = {"gw.example"}};
    Collector collector(tight);
    collector.mail("<>");
    const Evidence empty = collector.finish();
    collector.mail(text.substr(0, text.find('\n')));
    collect(collector, text);
    const Evidence evidence = collector.finish();
    require(exota::base::is_plain_text(to_json(evidence)) && from_json(to_json(evidence)) == evidence);
    require(evidence.header.from.size() <= tight.kept_fields && evidence.header.authentication_results.size() <= tight.kept_fields);
    require(evidence.header.firewall.size() <= tight.header_fields);
    require(evidence.header.from.size() == evidence.header.from_count || !evidence.too_complex.empty());
    const BelievedDkim believed = believed_dkim(evidence.header, evidence.envelope.queue_id, trust);
    require(believed.named || believed.results.empty());
    require(believed.not_counted.empty() || believed.results.empty());  // at the top one field decides
    for (const DkimResult& result : believed.results) require(!result.counts || result.sdid.has_value());
    collector.mail("<>");
    require(collector.finish() == empty);
    return 0;
}
