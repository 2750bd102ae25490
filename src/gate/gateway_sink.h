// For tests and fuzzers: a backend that takes mail, by its own reading of SMTP, and can fail at any step. Several connections, one after
// another, have one store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exota::gate::testing {

/// What happens instead of the answer to a step.
enum class Trouble : std::uint8_t {
    none,
    closes,          // without the answer
    answers_closes,  // answers as ever, then closes
    garbage,         // what is no reply
    shuts,           // 421, then closes
    defers,          // 451
    refuses,         // 550
    hangs,           // says nothing any more
};
inline constexpr std::size_t trouble_count = 8;

struct StoredMessage {
    std::vector<std::string> envelope;  // "MAIL FROM:<…>", "RCPT TO:<…>", those that were accepted
    std::string text;                   // without the dots that are for transparency
};

class Sink {
public:
    std::string offers =
        "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 100000\r\n250-XCLIENT NAME ADDR PORT PROTO HELO\r\n250 DSN\r\n";
    Trouble trouble = Trouble::none;
    std::size_t trouble_at = ~std::size_t{0};  // the how-manieth step of all connections, from 0

    std::vector<StoredMessage> stored;
    std::vector<std::string> violations;  // what no proper client says
    std::size_t steps = 0, connections = 0;
    bool closed = false;  // this connection, by us

    /// @return what it says first.
    std::string connect() {
        ++connections;
        lines_.clear();
        data_.clear();
        envelope_.clear();
        in_data_ = closed = hangs_ = false;
        return step("220 sink.test ESMTP\r\n");
    }
    /// @return what it answers. Nothing once it is closed.
    std::string take(std::string_view octets) {
        std::string out;
        lines_ += octets;
        skip_proxy_header();
        while (!closed && !hangs_) {
            if (in_data_) {
                if (!take_data(out)) break;
                continue;
            }
            const std::size_t end = lines_.find('\n');
            if (end == std::string::npos) break;
            std::string line = lines_.substr(0, end + 1);
            lines_.erase(0, end + 1);
            if (line.size() < 2 || line[line.size() - 2] != '\r' || line.find_first_of(std::string_view("\r\n\0", 3)) != line.size() - 2)
                violations.push_back("a command with a bare CR, LF or NUL: " + line);
            line.resize(line.find_first_of("\r\n"));
            out += command(line);
        }
        return out;
    }
    /// Octets of a message whose end was not seen.
    std::size_t unfinished() const { return in_data_ ? lines_.size() : 0; }
    /// The client hung up.
    void hung_up() {
        closed = true;
        in_data_ = false;
        lines_.clear();
    }

private:
    void skip_proxy_header() {
        if (!lines_.starts_with(std::string_view("\r\n\r\n\0\r\nQUIT\n", 12)) || lines_.size() < 16) return;
        lines_.erase(0, 16 + static_cast<unsigned char>(lines_[15]));
    }
    std::string step(std::string answer) {
        if (steps++ != trouble_at) return answer;
        switch (trouble) {
            case Trouble::none:
                break;
            case Trouble::closes:
                closed = true;
                return {};
            case Trouble::answers_closes:
                closed = true;
                return answer;
            case Trouble::garbage:
                return "what?\r\n";
            case Trouble::shuts:
                closed = true;
                return "421 4.3.2 shutting down\r\n";
            case Trouble::defers:
                return "451 4.3.0 not now\r\n";
            case Trouble::refuses:
                return "550 5.7.1 never\r\n";
            case Trouble::hangs:
                hangs_ = true;
                return {};
        }
        return answer;
    }
    static bool is_good(std::string_view answer) { return answer.starts_with('2') || answer.starts_with('3'); }

    std::string command(const std::string& line) {
        const auto begins = [&](std::string_view verb) { return line.starts_with(verb); };
        if (begins("EHLO ")) {
            envelope_.clear();
            return step(offers);
        }
        if (begins("HELO ")) {
            envelope_.clear();
            return step("250 sink.test\r\n");
        }
        if (begins("XCLIENT ")) {
            envelope_.clear();
            return step("220 sink.test ESMTP\r\n");
        }
        if (begins("MAIL FROM:<")) {
            if (!envelope_.empty()) violations.push_back("MAIL within a transaction");
            const std::string answer = step("250 2.1.0 Ok\r\n");
            if (is_good(answer)) envelope_.push_back(line);
            return answer;
        }
        if (begins("RCPT TO:<")) {
            if (envelope_.empty()) return step("503 5.5.1 MAIL first\r\n");
            const std::string answer = step("250 2.1.5 Ok\r\n");
            if (is_good(answer)) envelope_.push_back(line);
            return answer;
        }
        if (line == "DATA") {
            if (envelope_.size() < 2) violations.push_back("DATA without a recipient");
            const std::string answer = step("354 go on\r\n");
            in_data_ = is_good(answer);
            return answer;
        }
        if (line == "RSET") {
            envelope_.clear();
            return step("250 2.0.0 Ok\r\n");
        }
        if (line == "NOOP") return step("250 2.0.0 Ok\r\n");
        if (line == "QUIT") {
            closed = true;
            return "221 2.0.0 Bye\r\n";
        }
        violations.push_back("not a command: " + line);
        return "500 5.5.1 what\r\n";
    }

    /// Line by line. @return false: there is no whole one.
    bool take_data(std::string& out) {
        const std::size_t end = lines_.find("\r\n");
        if (end == std::string::npos) return false;
        const std::string line = lines_.substr(0, end + 2);
        lines_.erase(0, end + 2);
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != end) violations.push_back("a bare CR, LF or NUL in a message");
        if (line != ".\r\n") {
            data_ += line.starts_with('.') ? line.substr(1) : line;
            return true;
        }
        in_data_ = false;
        const std::string answer = step("250 2.0.0 Queued\r\n");
        if (is_good(answer) || (answer.empty() && closed)) stored.push_back({envelope_, data_});
        envelope_.clear();
        data_.clear();
        out += answer;
        return true;
    }

    std::string lines_, data_;
    std::vector<std::string> envelope_;
    bool in_data_ = false, hangs_ = false;
};

}  // namespace exota::gate::testing
