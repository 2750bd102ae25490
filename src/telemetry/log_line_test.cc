#include "telemetry/log_line.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <optional>

#include "base/text.h"
#include "base/unicode.h"
#include "base/utf8.h"

namespace exota::telemetry {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

const auto some_time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));

std::string logfmt_of(std::string_view text) {
    const LogField fields[] = {LogField::of("subject", text), LogField::of_number("n", 7)};
    std::string out;
    append_logfmt(out, {some_time, LogLevel::info, "message", fields});
    return out;
}

std::string json_of(std::string_view text) {
    const LogField fields[] = {LogField::of("subject", text), LogField::of_number("n", 7)};
    std::string out;
    append_json(out, {some_time, LogLevel::info, "message", fields});
    return out;
}

struct Case {
    const char* name;
    std::string text;
    std::string logfmt;                                 // of the value
    std::optional<std::string> journal = std::nullopt;  // where it differs from that
};

const Case cases[] = {
    {"plain", "example.com", "example.com"},
    {"empty", "", "\"\"", ""},
    {"blank", "a b", "\"a b\"", "a b"},
    {"forged field", "x verdict=accept", "\"x verdict=accept\"", "x verdict=accept"},
    {"equals sign", "verdict=accept", "\"verdict=accept\"", "verdict=accept"},
    {"forged end of quotes", "x\" verdict=\"accept", "\"x\\\" verdict=\\\"accept\"", "x\" verdict=\"accept"},
    {"backslash before the quote", "x\\\" verdict=accept", "\"x\\\\\\\" verdict=accept\"", "x\\\" verdict=accept"},
    {"final backslash", "x\\", "\"x\\\\\"", "x\\"},
    {"forged line", "x\ntime=now event=message", "\"x\\ntime=now event=message\""},
    {"carriage return", "x\rtime=now", "\"x\\rtime=now\""},
    {"NUL", "a\0b"s, "\"a\\u0000b\""},
    {"escape sequence of a terminal", "\x1b[2K", "\"\\u001b[2K\""},
    {"DEL", "\x7f", "\"\\u007f\""},
    {"C1 control in UTF-8",
     "\xc2\x9b"
     "2K",
     "\"\\u009b2K\""},
    {"next line",
     "a\xc2\x85"
     "b",
     "\"a\\u0085b\""},
    {"line separator",
     "a\xe2\x80\xa8"
     "b",
     "\"a\\u2028b\""},
    {"right-to-left override",
     "a\xe2\x80\xae"
     "b",
     "\"a\\u202eb\""},
    {"zero width",
     "a\xe2\x80\x8b"
     "b",
     "\"a\\u200bb\""},
    {"tag characters", "\xf3\xa0\x81\xa1", "\"\\udb40\\udc61\""},
    {"joiner, word joiner, filler", "\xe2\x80\x8d\xe2\x81\xa0\xe3\x85\xa4", "\"\\u200d\\u2060\\u3164\""},
    {"quotes of its own", "\"x\"", "\"\\\"x\\\"\""},
    {"umlaut stays", "m\xc3\xbcller", "\"m\xc3\xbcller\"", "m\xc3\xbcller"},
    {"emoji stays", "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80"},
    {"Latin-1", "m\xfcller", "\"m\xef\xbf\xbdller\""},
    {"overlong newline", "\xc0\x8a", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {"surrogate", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"cut sequence", "a\xe2\x80", "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
};

TEST(LogLine, no_text_forges_a_field_or_a_line) {
    for (const Case& c : cases) {
        EXPECT_EQ(logfmt_of(c.text), "time=2023-11-14T22:13:20.123Z level=info event=message subject=" + c.logfmt + " n=7") << c.name;
        const std::string json = json_of(c.text);
        EXPECT_EQ(json.find('\n'), std::string::npos) << c.name;
        EXPECT_TRUE(base::is_plain_text(json)) << c.name;
        EXPECT_TRUE(base::is_plain_text(logfmt_of(c.text))) << c.name;
        boost::system::error_code error;
        const boost::json::value value = boost::json::parse(json, error);
        ASSERT_FALSE(error) << c.name << ": " << json;
        const boost::json::object& object = value.as_object();
        ASSERT_EQ(object.size(), 5U) << c.name;
        if (base::is_utf8(c.text)) {
            EXPECT_EQ(std::string_view(object.at("subject").as_string()), c.text) << c.name;
        }
        EXPECT_EQ(object.at("n").as_int64(), 7) << c.name;
    }
}

/// Every octet before and behind each octet that is treated in a way of its own, in both forms.
TEST(LogLine, every_pair_of_octets_stays_within_its_value) {
    static constexpr std::string_view special = "\"\\= \n\r\t\x1b\x7f\x80\x9b\xc2\xe2\xf0\xffnu";
    for (int i = 0; i < 512; ++i)
        for (const char b : special) {
            const char a = static_cast<char>(i / 2);
            const std::string text = i % 2 == 0 ? std::string{a, b} : std::string{b, a};
            const std::string line = logfmt_of(text);
            for (const char c : line) ASSERT_FALSE(base::is_control(c)) << i << ' ' << +b;
            ASSERT_TRUE(base::is_utf8(line)) << i << ' ' << +b;
            ASSERT_TRUE(line.ends_with(" n=7")) << i << ' ' << +b;
            boost::system::error_code error;
            const boost::json::value value = boost::json::parse(json_of(text), error);
            ASSERT_FALSE(error) << i << ' ' << +b;
            ASSERT_EQ(value.as_object().size(), 5U) << i << ' ' << +b;
        }
}

TEST(LogLine, kinds_of_values) {
    const LogField fields[] = {LogField::of_boolean("forward", true), LogField::of_number("n", -5),
                               LogField::of_json("evidence", R"({"a":"b c"})")};
    const LogRecord record{some_time, LogLevel::warning, "message", fields};
    std::string out;
    append_logfmt(out, record);
    EXPECT_EQ(out, R"(time=2023-11-14T22:13:20.123Z level=warning event=message forward=true n=-5 evidence="{\"a\":\"b c\"}")");
    out.clear();
    append_json(out, record);
    EXPECT_EQ(out,
              R"({"time":"2023-11-14T22:13:20.123Z","level":"warning","event":"message","forward":true,"n":-5,"evidence":{"a":"b c"}})");
}

/// Reads a datagram of the journal's protocol as the journal does, values with a length left out: we write none.
std::vector<std::pair<std::string, std::string>> read_journal(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> fields;
    while (!text.empty()) {
        const std::size_t end = text.find_first_of("=\n");
        if (end == std::string_view::npos) return {{"malformed", ""}};
        const std::string name(text.substr(0, end));
        if (text[end] == '\n') return {{"malformed", ""}};
        text.remove_prefix(end + 1);
        const std::size_t octets = text.find('\n');
        fields.emplace_back(name, text.substr(0, octets));
        text.remove_prefix(octets);
        if (!text.starts_with('\n')) return {{"malformed", ""}};
        text.remove_prefix(1);
    }
    return fields;
}

TEST(LogLine, the_journal_gets_each_field_and_only_those) {
    for (const Case& c : cases) {
        const LogField fields[] = {LogField::of("author_domain", c.text), LogField::of_boolean("forward", false)};
        std::string out;
        append_journal(out, {some_time, LogLevel::error, "message", fields}, LogFormat::logfmt, "exota");
        const auto read = read_journal(out);
        ASSERT_EQ(read.size(), 7U) << c.name;
        EXPECT_EQ(read[0].first, "MESSAGE");
        EXPECT_TRUE(read[0].second.starts_with("time=2023-11-14T22:13:20.123Z level=error event=message author_domain="));
        EXPECT_EQ(read[1], (std::pair{"PRIORITY"s, "3"s}));
        EXPECT_EQ(read[2], (std::pair{"SYSLOG_IDENTIFIER"s, "exota"s}));
        EXPECT_EQ(read[4], (std::pair{"EXOTA_EVENT"s, "message"s}));
        EXPECT_EQ(read[5], (std::pair{"EXOTA_AUTHOR_DOMAIN"s, c.journal ? *c.journal : c.logfmt})) << c.name;
        EXPECT_EQ(read[6], (std::pair{"EXOTA_FORWARD"s, "false"s}));
    }
}

TEST(LogLine, a_word_is_written_as_a_text_is) {
    const auto written = [](const LogField& field, auto append) {
        std::string out;
        append(out, LogRecord{some_time, LogLevel::info, "message", {&field, 1}});
        return out;
    };
    const auto is_alike = [&](auto append) {
        EXPECT_EQ(written(LogField::of_word("reason", "not-proven"), append), written(LogField::of("reason", "not-proven"), append));
    };
    is_alike(append_logfmt);
    is_alike(append_json);
    for (const LogFormat format : {LogFormat::logfmt, LogFormat::json})
        is_alike([format](std::string& out, const LogRecord& record) { append_journal(out, record, format, "exota"); });
}

TEST(LogLine, syslog_is_one_line_with_facility_mail) {
    const LogField fields[] = {LogField::of("text", "a\nb")};
    std::string out;
    append_syslog(out, {some_time, LogLevel::warning, "start", fields}, LogFormat::logfmt, "exota", 42);
    EXPECT_TRUE(out.starts_with("<20>Nov 1")) << out;
    EXPECT_NE(out.find(" exota[42]: time=2023-11-14T22:13:20.123Z level=warning event=start text=\"a\\nb\""), std::string::npos) << out;
    EXPECT_EQ(out.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace exota::telemetry
