// For tests: a conversation through a RelaySession as text, one step a line:
//
//   C TEXT      the client sends the line (CRLF is added; "\r", "\n", "\0" and "\xHH" stand for octets)
//   S TEXT      we answer the client: the next line begins so
//   dial HOST ADDRESS     a dial is under way to there; it succeeds
//   dial HOST ADDRESS fails
//   H TEXT      the next hop sends the line
//   G TEXT      the next hop gets the line
//   tls CERT    TLS was begun; CERT is none, bad, good, name (good, but of another), or a chain of that text
//   tls fails   the handshake fails
//   hop closes, hop late, client closes, client late, closed (the connection with the client is)
//
// At its end nothing is left unread on either side.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/text.h"
#include "gate/relay_fixture.h"

namespace exota::gate::testing {

inline std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        const char kind = text[++i];
        if (kind == 'x') {
            out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            out += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == '0' ? '\0' : kind;
        }
    }
    return out;
}

class Conversation {
public:
    explicit Conversation(Relay& relay) : relay_(relay) {}

    void hold(std::string_view script) {
        begin(script);
        EXPECT_EQ(relay_.near, "") << "the client was told more";
        EXPECT_EQ(relay_.far, "") << "the next hop was told more";
    }
    /// The same with more to come: what was said may be left unread.
    void begin(std::string_view script) {
        while (!script.empty()) {
            const std::string_view line = base::trim(base::take_until(script, '\n'));
            if (!line.empty()) step(line);
            if (::testing::Test::HasFatalFailure()) return;
        }
    }

private:
    void step(std::string_view line) {
        SCOPED_TRACE(std::string(line));
        std::string_view rest = line;
        const std::string_view word = base::take_until(rest, ' ');
        if (word == "C") {
            relay_.say(unescaped(rest) + "\r\n");
        } else if (word == "S") {
            expect_line(relay_.near, rest);
        } else if (word == "G") {
            expect_line(relay_.far, rest);
        } else if (word == "H") {
            ASSERT_TRUE(relay_.far_open);
            relay_.hop_says(unescaped(rest) + "\r\n");
        } else if (word == "dial") {
            dial(rest);
        } else if (word == "tls") {
            ASSERT_TRUE(relay_.securing);
            if (rest == "fails")
                relay_.far_ends(LegEnding::no_tls, "handshake failed");
            else
                relay_.tls_is_up(tls_with(rest));
        } else if (line == "hop closes") {
            ASSERT_TRUE(relay_.far_open);
            relay_.far_ends(LegEnding::peer_closed);
        } else if (line == "client closes") {
            relay_.near_ends();
        } else if (line == "hop late" || line == "client late") {
            relay_.late();
        } else if (line == "closed") {
            EXPECT_TRUE(relay_.closed);
        } else {
            FAIL() << "no step";
        }
    }
    void dial(std::string_view rest) {
        const std::string host(base::take_until(rest, ' ')), address(base::take_until(rest, ' '));
        ASSERT_TRUE(relay_.dialling) << "nobody is dialled; the client was told " << relay_.near;
        EXPECT_EQ(relay_.dialled->host, host);
        EXPECT_EQ(relay_.dialled->address.text(), address);
        if (rest == "fails")
            relay_.far_ends(LegEnding::unreachable, "refused");
        else
            relay_.dial_succeeds();
    }
    static void expect_line(std::string& from, std::string_view begin) {
        const std::size_t end = from.find("\r\n");
        ASSERT_NE(end, std::string::npos) << "nothing more was said: " << from;
        const std::string line = from.substr(0, end);
        EXPECT_EQ(line.substr(0, unescaped(begin).size()), unescaped(begin)) << line;
        from.erase(0, end + 2);
    }

    Relay& relay_;
};

}  // namespace exota::gate::testing
