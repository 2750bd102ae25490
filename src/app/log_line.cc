#include "app/log_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

#include "base/text.h"

namespace exota::app {

namespace {

/// Octets of the UTF-8 sequence that begins `text` and its code point; 0 octets if it is none.
struct Decoded {
    std::size_t octets = 0;
    char32_t point = 0;
};

Decoded decode(std::string_view text) noexcept {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80) return {1, first};
    const std::size_t octets = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (text.size() < octets || !base::is_utf8(text.substr(0, octets))) return {};
    char32_t point = first & (0xffU >> (octets + 1));
    for (std::size_t i = 1; i < octets; ++i) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    return {octets, point};
}

/// Characters that move the cursor, end a line somewhere, or turn the direction of what follows.
bool is_unsafe(char32_t point) noexcept {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c || (point >= 0x200b && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

/// Printable ASCII that stands for itself within quotes; of that, what may stand without quotes behind '='.
struct Plain {
    enum : std::uint8_t { quoted = 1, bare = 2 };
    constexpr Plain() noexcept {
        for (unsigned char c = ' '; c < 0x7f; ++c)
            if (c != '"' && c != '\\') kinds[c] = c == ' ' || c == '=' ? quoted : quoted | bare;
    }
    constexpr bool is(char c, std::uint8_t kind) const noexcept { return (kinds[static_cast<unsigned char>(c)] & kind) != 0; }
    std::array<std::uint8_t, 256> kinds{};
};
constexpr Plain plain;

std::size_t plain_octets(std::string_view text) noexcept {
    std::size_t octets = 0;
    while (octets < text.size() && plain.is(text[octets], Plain::quoted)) ++octets;
    return octets;
}

/// A JSON string (RFC 8259 section 7) that is safe to look at as well.
void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (;;) {
        const std::size_t unchanged = plain_octets(text);
        out.append(text.substr(0, unchanged));
        text.remove_prefix(unchanged);
        if (text.empty()) break;
        const char c = text.front();
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
            text.remove_prefix(1);
            continue;
        }
        if (c == '\n' || c == '\r' || c == '\t') {
            out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
            text.remove_prefix(1);
            continue;
        }
        const Decoded next = decode(text);
        if (next.octets == 0) {
            out += "\xef\xbf\xbd";  // U+FFFD
            text.remove_prefix(1);
            continue;
        }
        if (is_unsafe(next.point))
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(next.point));
        else
            out.append(text.substr(0, next.octets));
        text.remove_prefix(next.octets);
    }
    out += '"';
}

/// May stand without quotes behind '='.
bool is_bare(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return plain.is(c, Plain::bare); });
}

void append_logfmt_text(std::string& out, std::string_view text) {
    if (is_bare(text))
        out += text;
    else
        append_quoted(out, text);
}

void append_value(std::string& out, const LogField& field, LogFormat format) {
    switch (field.kind) {
        case LogField::Kind::number:
            out += std::string_view(fmt::format_int(field.number).c_str());
            return;
        case LogField::Kind::boolean:
            out += field.number != 0 ? "true" : "false";
            return;
        case LogField::Kind::json:
            if (format == LogFormat::json)
                out += field.text;
            else
                append_quoted(out, field.text);
            return;
        case LogField::Kind::text:
            if (format == LogFormat::json)
                append_quoted(out, field.text);
            else
                append_logfmt_text(out, field.text);
            return;
    }
}

/// Decimal digits, as many as there is room for.
void write_digits(std::span<char> out, unsigned value) noexcept {
    for (std::size_t at = out.size(); at-- > 0; value /= 10) out[at] = static_cast<char>('0' + value % 10);
}

/// One field of logfmt or JSON. A JSON value that is too long as it is written here (quotes within quotes are twice as long) gives way to
/// its length.
void append_field(std::string& out, const LogField& field, LogFormat format) {
    const auto begin = [&](std::string_view suffix) {
        out += format == LogFormat::json ? ",\"" : " ";
        out += field.name;
        out += suffix;
        out += format == LogFormat::json ? "\":" : "=";
    };
    const std::size_t before = out.size();
    begin("");
    append_value(out, field, format);
    if (field.kind != LogField::Kind::json || out.size() - before <= max_json_field_octets) return;
    out.resize(before);
    begin("_octets");
    out += std::to_string(field.text.size());
}

void append_record(std::string& out, const LogRecord& record, LogFormat format) {
    format == LogFormat::json ? append_json(out, record) : append_logfmt(out, record);
}

/// A field of the journal's protocol: with a length where the value has a line break, so that it cannot begin a field of its own.
void append_journal_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    if (value.find('\n') == std::string_view::npos) {
        out += '=';
        out += value;
    } else {
        out += '\n';
        for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(static_cast<std::uint64_t>(value.size()) >> shift & 0xff);
        out += value;
    }
    out += '\n';
}

}  // namespace

std::string_view name_of(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::error:
            return "error";
        case LogLevel::warning:
            return "warning";
        case LogLevel::info:
            return "info";
        case LogLevel::debug:
            return "debug";
    }
    return "info";
}

int syslog_severity(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::error:
            return 3;
        case LogLevel::warning:
            return 4;
        case LogLevel::info:
            return 6;
        case LogLevel::debug:
            return 7;
    }
    return 6;
}

void append_time(std::string& out, std::chrono::system_clock::time_point time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<milliseconds>(time - day));
    std::array<char, 24> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                              '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
    const auto write = [&text](std::size_t at, std::size_t width, auto value) {
        write_digits(std::span(text).subspan(at, width), static_cast<unsigned>(value));
    };
    write(0, 4, static_cast<int>(date.year()));
    write(5, 2, static_cast<unsigned>(date.month()));
    write(8, 2, static_cast<unsigned>(date.day()));
    write(11, 2, clock.hours().count());
    write(14, 2, clock.minutes().count());
    write(17, 2, clock.seconds().count());
    write(20, 3, clock.subseconds().count());
    out.append(text.data(), text.size());
}

void append_logfmt(std::string& out, const LogRecord& record) {
    out += "time=";
    append_time(out, record.time);
    out += " level=";
    out += name_of(record.level);
    out += " event=";
    out += record.event;
    for (const LogField& field : record.fields) append_field(out, field, LogFormat::logfmt);
}

void append_json(std::string& out, const LogRecord& record) {
    out += "{\"time\":\"";
    append_time(out, record.time);
    out += "\",\"level\":\"";
    out += name_of(record.level);
    out += "\",\"event\":\"";
    out += record.event;
    out += '"';
    for (const LogField& field : record.fields) append_field(out, field, LogFormat::json);
    out += '}';
}

void append_journal(std::string& out, const LogRecord& record, LogFormat format, std::string_view name) {
    std::string value;
    append_record(value, record, format);
    append_journal_field(out, "MESSAGE", value);
    append_journal_field(out, "PRIORITY", std::to_string(syslog_severity(record.level)));
    append_journal_field(out, "SYSLOG_IDENTIFIER", name);
    append_journal_field(out, "SYSLOG_FACILITY", "2");
    append_journal_field(out, "EXOTA_EVENT", record.event);
    std::string field_name;
    for (const LogField& field : record.fields) {
        field_name = "EXOTA_";
        for (const char c : field.name) field_name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        value.clear();
        if (field.kind == LogField::Kind::text)
            value = field.text;  // the protocol carries any octets
        else
            append_value(value, field, LogFormat::json);
        append_journal_field(out, field_name, value);
    }
}

void append_syslog(std::string& out, const LogRecord& record, LogFormat format, std::string_view name, int process) {
    constexpr int mail = 2;  // facility
    const std::time_t seconds = std::chrono::system_clock::to_time_t(record.time);
    std::tm local{};
    localtime_r(&seconds, &local);
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    fmt::format_to(std::back_inserter(out), "<{}>{} {:2} {:02}:{:02}:{:02} {}[{}]: ", mail * 8 + syslog_severity(record.level),
                   months[local.tm_mon % 12], local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, name, process);
    append_record(out, record, format);
}

}  // namespace exota::app
