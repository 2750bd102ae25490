#include "wire/smtp/received.h"

#include <cstddef>
#include <utility>

#include "base/text.h"

namespace exota::smtp {
namespace {

constexpr std::size_t max_line_octets = 78;
constexpr std::size_t max_word_octets = 255;

/// A stranger's word as one that can stand in the field.
std::string word_of(std::string_view text, std::string_view none) {
    std::string word(text.empty() ? none : text.substr(0, max_word_octets));
    for (char& c : word)
        if (!base::is_alnum(c) && std::string_view(".-_:[]").find(c) == std::string_view::npos) c = '?';
    return word;
}

/// Words on lines of at most 78 octets: one that does not fit begins a line of its own.
class Folded {
public:
    void word(std::string_view text) {
        const bool first = out_.empty();
        if (!first && column_ + 1 + text.size() > max_line_octets) {
            line();
            first_of_line_ = true;
        }
        if (!first && !first_of_line_) add(" ");
        add(text);
        first_of_line_ = false;
    }
    void line() {
        out_ += "\n\t";
        column_ = 1;
        first_of_line_ = true;
    }
    std::string take() && { return std::move(out_); }

private:
    void add(std::string_view text) {
        out_ += text;
        column_ += text.size();
    }
    std::string out_;
    std::size_t column_ = std::string_view("Received: ").size();
    bool first_of_line_ = false;
};

/// RFC 3848 and RFC 6531 section 4.3.
std::string with_of(const ReceivedFacts& facts) {
    const bool plain = !facts.lmtp && !facts.extended;
    std::string with = plain ? "SMTP" : facts.lmtp ? "LMTP" : facts.smtputf8 ? "SMTP" : "ESMTP";
    if (plain) return with;
    if (facts.smtputf8) with = "UTF8" + with;
    if (facts.tls) with += 'S';
    return with;
}

void append_two(std::string& out, unsigned number) {
    out += static_cast<char>('0' + number / 10 % 10);
    out += static_cast<char>('0' + number % 10);
}

}  // namespace

std::string mail_date(std::chrono::sys_seconds time) {
    using namespace std::chrono;
    constexpr std::string_view days = "SunMonTueWedThuFriSat", months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const sys_days midnight = floor<std::chrono::days>(time);
    const year_month_day date(midnight);
    const hh_mm_ss clock(time - midnight);
    std::string out(days.substr(3 * weekday(midnight).c_encoding(), 3));
    out += ", " + std::to_string(static_cast<unsigned>(date.day())) + " ";
    out += months.substr(3 * (static_cast<unsigned>(date.month()) - 1), 3);
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    out += ' ';
    append_two(out, year / 100);
    append_two(out, year % 100);
    for (const auto& [before, number] :
         {std::pair{' ', clock.hours().count()}, {':', clock.minutes().count()}, {':', clock.seconds().count()}}) {
        out += before;
        append_two(out, static_cast<unsigned>(number));
    }
    return out + " +0000";
}

std::string received_value(const ReceivedFacts& facts) {
    Folded out;
    out.word("from");
    out.word(word_of(facts.helo, "unknown"));
    if (facts.address) {
        out.word("(" + word_of(facts.rdns, "unknown"));
        out.word("[" + (facts.address->is_v4() ? "" : std::string("IPv6:")) + facts.address->text() + "])");
    }
    out.line();
    out.word("by");
    out.word(word_of(facts.by, "localhost"));
    out.word("with");
    out.word(with_of(facts));
    out.word("id");
    out.word(word_of(facts.id, "unknown") + ";");
    out.line();
    out.word(mail_date(facts.date));
    return std::move(out).take();
}

}  // namespace exota::smtp
