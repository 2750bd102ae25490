#include "telemetry/log_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <iterator>

#include "base/encode.h"
#include "base/json_writer.h"
#include "base/sixteen.h"
#include "base/unicode.h"

namespace exota::telemetry {

namespace {

/// How a text stands behind '='. A stricter one has all bits of the others.
enum class Form : std::uint8_t { bare = 0, quoted = 1, escaped = 3 };
constexpr Form stricter(Form a, Form b) noexcept { return static_cast<Form>(static_cast<unsigned>(a) | static_cast<unsigned>(b)); }

/// The form that each octet asks for.
constexpr std::array<Form, 256> forms = [] {
    std::array<Form, 256> all{};
    for (std::size_t c = 0; c < all.size(); ++c)
        all[c] = c < ' ' || c > '~' || c == '"' || c == '\\' ? Form::escaped : c == ' ' || c == '=' ? Form::quoted : Form::bare;
    return all;
}();

/// The strictest that one of sixteen asks for.
Form form_of(base::SixteenOctets c) noexcept {
    if (base::bits_of((c < ' ') | (c == '"') | (c == '\\') | (c == 0x7f)) != 0) return Form::escaped;  // what is no ASCII is below 0
    return base::bits_of((c == ' ') | (c == '=')) != 0 ? Form::quoted : Form::bare;
}

/// The last look at sixteen octets overlaps the one before.
Form form_of(std::string_view text) noexcept {
    if (text.empty()) return Form::quoted;
    Form form = Form::bare;
    if (text.size() < base::sixteen) {
        for (const char c : text) form = stricter(form, forms[static_cast<unsigned char>(c)]);
        return form;
    }
    const char* const last = text.data() + text.size() - base::sixteen;
    for (const char* at = text.data(); at < last; at += base::sixteen) form = stricter(form, form_of(base::sixteen_octets(at)));
    return stricter(form, form_of(base::sixteen_octets(last)));
}

/// Appends pieces to a string through a pointer: room is made once for many of them.
class Line {
public:
    /// @param octets  what all calls of add() together take.
    Line(std::string& out, std::size_t octets) : out_(out), size_(out.size()), room_(octets) { out_.resize(size_ + room_); }
    ~Line() { out_.resize(size_); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void add(std::string_view text) noexcept {
        std::memcpy(out_.data() + size_, text.data(), text.size());
        size_ += text.size();
        room_ -= text.size();
    }
    void add(char c) noexcept {
        out_[size_++] = c;
        --room_;
    }
    /// What `write(std::string&)` appends, however long it is.
    void add_by(auto write) {
        out_.resize(size_);
        write(out_);
        size_ = out_.size();
        out_.resize(size_ + room_);
    }

private:
    std::string& out_;
    std::size_t size_, room_;  // what is written; what is left behind it
};

void append_logfmt_text(std::string& out, std::string_view text) {
    if (form_of(text) == Form::bare)
        out += text;
    else
        base::append_json_string(out, text);
}

std::string_view word_of(const LogField& boolean) noexcept { return boolean.number != 0 ? "true" : "false"; }

void put_as_json(const base::JsonPlace& place, const LogField& field) {
    switch (field.kind) {
        case LogField::Kind::number:
            return place.put(field.number);
        case LogField::Kind::boolean:
            return place.put(field.number != 0);
        case LogField::Kind::json:
            return place.put(base::JsonText{field.text});
        case LogField::Kind::text:
        case LogField::Kind::word:
            return place.put(field.text);
    }
}

void append_logfmt_value(std::string& out, const LogField& field) {
    switch (field.kind) {
        case LogField::Kind::number:
            out += std::string_view(fmt::format_int(field.number).c_str());
            return;
        case LogField::Kind::boolean:
            out += word_of(field);
            return;
        case LogField::Kind::json:
            base::append_json_string(out, field.text);
            return;
        case LogField::Kind::text:
        case LogField::Kind::word:
            append_logfmt_text(out, field.text);
            return;
    }
}

/// Decimal digits, as many as there is room for.
void write_digits(std::span<char> out, unsigned value) noexcept {
    for (std::size_t at = out.size(); at-- > 0; value /= 10) out[at] = static_cast<char>('0' + value % 10);
}

using TimeText = std::array<char, 24>;

TimeText text_of(std::chrono::system_clock::time_point time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<milliseconds>(time - day));
    TimeText text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0', '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
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
    return text;
}

constexpr std::string_view octets_suffix = "_octets";  // of what stands in place of a JSON value that is too long

/// A JSON value that is too long as it is written here (quotes within quotes are twice as long) gives way to its length.
void append_logfmt_field(std::string& out, const LogField& field) {
    const auto begin = [&](std::string_view suffix) {
        out += ' ';
        out += field.name;
        out += suffix;
        out += '=';
    };
    const std::size_t before = out.size();
    begin("");
    append_logfmt_value(out, field);
    if (field.kind != LogField::Kind::json || out.size() - before <= max_json_field_octets) return;
    out.resize(before);
    begin(octets_suffix);
    out += std::to_string(field.text.size());
}

void add_json_field(base::JsonObject& line, const LogField& field) {
    constexpr std::size_t around = 4;  // a comma, two quotes, a colon
    if (field.kind == LogField::Kind::json && around + field.name.size() + field.text.size() > max_json_field_octets)
        line.add(std::string(field.name).append(octets_suffix), field.text.size());
    else
        put_as_json(line.place(field.name), field);
}

void append_record(std::string& out, const LogRecord& record, LogFormat format) {
    format == LogFormat::json ? append_json(out, record) : append_logfmt(out, record);
}

/// The protocol carries any octets, but `journalctl -o json` and its like hand most of them on.
void append_journal_text(std::string& out, std::string_view text) {
    if (base::is_plain_text(text) && !text.starts_with('"'))
        out += text;
    else
        base::append_json_string(out, text);
}

/// No value has a line break: each is of our own writing.
void append_journal_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += '=';
    out += value;
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
    const TimeText text = text_of(time);
    out.append(text.data(), text.size());
}

void append_logfmt(std::string& out, const LogRecord& record) {
    constexpr std::string_view level = " level=", event = " event=";
    constexpr std::size_t around = 4, most_of_a_number = 20;  // blank, '=' and two quotes; a sign and 19 digits
    out += "time=";
    append_time(out, record.time);
    std::size_t octets = level.size() + name_of(record.level).size() + event.size() + record.event.size();
    for (const LogField& field : record.fields) octets += field.name.size() + around + std::max(field.text.size(), most_of_a_number);
    Line line(out, octets);
    line.add(level);
    line.add(name_of(record.level));
    line.add(event);
    line.add(record.event);
    for (const LogField& field : record.fields) {
        const Form form = field.kind == LogField::Kind::text ? form_of(field.text) : Form::bare;
        if (form == Form::escaped || field.kind == LogField::Kind::json) [[unlikely]] {
            line.add_by([&field](std::string& text) { append_logfmt_field(text, field); });
            continue;
        }
        line.add(' ');
        line.add(field.name);
        line.add('=');
        if (form == Form::quoted) line.add('"');
        switch (field.kind) {
            case LogField::Kind::number: {
                const fmt::format_int digits(field.number);
                line.add({digits.data(), digits.size()});
                break;
            }
            case LogField::Kind::boolean:
                line.add(word_of(field));
                break;
            case LogField::Kind::text:
            case LogField::Kind::word:
            case LogField::Kind::json:
                line.add(field.text);
                break;
        }
        if (form == Form::quoted) line.add('"');
    }
}

void append_json(std::string& out, const LogRecord& record) {
    base::JsonPlace(out).put([&record](base::JsonObject& line) {
        const TimeText time = text_of(record.time);
        line.add("time", std::string_view(time.data(), time.size()));
        line.add("level", name_of(record.level));
        line.add("event", record.event);
        for (const LogField& field : record.fields) add_json_field(line, field);
    });
}

void append_journal(std::string& out, const LogRecord& record, LogFormat format, std::string_view name) {
    std::string value;
    append_record(value, record, format);
    append_journal_field(out, "MESSAGE", value);
    append_journal_field(out, "PRIORITY", std::to_string(syslog_severity(record.level)));
    value.clear();
    append_journal_text(value, name);
    append_journal_field(out, "SYSLOG_IDENTIFIER", value);
    append_journal_field(out, "SYSLOG_FACILITY", "2");
    append_journal_field(out, "EXOTA_EVENT", record.event);
    std::string field_name;
    for (const LogField& field : record.fields) {
        field_name = "EXOTA_";
        for (const char c : field.name) field_name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        value.clear();
        if (field.kind == LogField::Kind::text || field.kind == LogField::Kind::word)
            append_journal_text(value, field.text);
        else
            put_as_json(base::JsonPlace(value), field);
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

}  // namespace exota::telemetry
