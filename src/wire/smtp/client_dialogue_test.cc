#include "wire/smtp/client_dialogue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace exota::smtp {
namespace {

using Phase = ClientDialogue::Phase;

constexpr std::string_view greeting = "220 mx.example\r\n";
constexpr std::string_view full = "250-mx.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250-XCLIENT NAME ADDR\r\n250 DSN\r\n";
constexpr std::string_view plain = "250 mx.example\r\n";

/// Commands by a letter: E EHLO, H HELO, S STARTTLS, X XCLIENT, M MAIL, R RCPT, D DATA, . message, Z RSET, N NOOP, Q QUIT.
Sent sent_of(char letter) {
    constexpr std::string_view letters = "EHSXMRD.ZNQ";
    return static_cast<Sent>(static_cast<std::size_t>(Sent::ehlo) + letters.find(letter));
}
static_assert(static_cast<int>(Sent::quit) - static_cast<int>(Sent::ehlo) == 10);

/// A step is a letter (send), "T" (TLS is up), or a reply. Answers what happened to the last one: "" or "may not" of a command, of a reply
/// its command, index and whether it was accepted, or the fault.
std::string last_of(ClientDialogue& dialogue, const std::vector<std::string_view>& steps) {
    std::string last;
    for (const std::string_view step : steps) {
        last.clear();
        if (step == "T") {
            dialogue.tls_started();
        } else if (step.size() == 1) {
            if (!dialogue.may_send(sent_of(step[0]))) return "may not";
            dialogue.sent(sent_of(step[0]));
        } else {
            std::string_view bytes = step;
            while (!bytes.empty()) {
                const auto answer = dialogue.next(bytes);
                if (!answer) return std::string(name_of(answer.error()));
                if (!*answer) break;
                const Answer& a = **answer;
                last += a.to == Sent::greeting ? 'G'
                        : a.to == Sent::nothing
                            ? '-'
                            : std::string_view("EHSXMRD.ZNQ")[static_cast<std::size_t>(a.to) - static_cast<std::size_t>(Sent::ehlo)];
                if (a.to == Sent::rcpt) last += std::to_string(a.recipient);
                last += a.accepted ? '+' : '!';
                if (a.closing) last += "closing";
            }
        }
    }
    return last;
}

TEST(ClientDialogue, matches_replies_to_commands) {
    const std::string_view ok = "250 ok\r\n", no = "550 no\r\n", go = "354 go\r\n", hi = "220 go\r\n", shut = "421 bye\r\n",
                           two = "250 ok\r\n550 no\r\n";
    struct Case {
        std::vector<std::string_view> steps;
        std::string want;
        Phase end;
    };
    const Case cases[] = {
        {{"E"}, "may not", Phase::greeting},
        {{greeting}, "G+", Phase::fresh},
        {{"554 no\r\n"}, "G!", Phase::over},
        {{"250 ok\r\n"}, "G!", Phase::over},
        {{"354 ok\r\n"}, "wrong kind of reply", Phase::greeting},
        {{shut}, "G!closing", Phase::over},
        {{greeting, "M"}, "may not", Phase::fresh},
        {{greeting, "E", full}, "E+", Phase::ready},
        {{greeting, "E", "E"}, "may not", Phase::fresh},
        {{greeting, "E", no, "H", plain}, "H+", Phase::ready},
        {{greeting, "E", ok, ok}, "unexpected reply", Phase::ready},
        {{greeting, "E", full, shut}, "-!closing", Phase::over},
        {{greeting, "E", full, shut, "N"}, "may not", Phase::over},
        {{greeting, "E", full, shut, ok}, "unexpected reply", Phase::over},
        // STARTTLS
        {{greeting, "E", plain, "S"}, "may not", Phase::ready},
        {{greeting, "E", full, "S", hi}, "S+", Phase::starting_tls},
        {{greeting, "E", full, "S", hi, "N"}, "may not", Phase::starting_tls},
        {{greeting, "E", full, "S", "220 go\r\n250 injected\r\n"}, "octets behind STARTTLS", Phase::starting_tls},
        {{greeting, "E", full, "S", hi, ok}, "octets behind STARTTLS", Phase::starting_tls},
        {{greeting, "E", full, "S", "250 go\r\n"}, "S!", Phase::ready},
        {{greeting, "E", full, "S", "454 no\r\n"}, "S!", Phase::ready},
        {{greeting, "E", full, "S", hi, "T", "M"}, "may not", Phase::fresh},
        {{greeting, "E", full, "S", hi, "T", "E", full, "S"}, "may not", Phase::ready},
        // XCLIENT
        {{greeting, "E", plain, "X"}, "may not", Phase::ready},
        {{greeting, "E", full, "X", hi}, "X+", Phase::fresh},
        {{greeting, "E", full, "X", hi, "X"}, "may not", Phase::fresh},
        {{greeting, "E", full, "X", ok}, "X!", Phase::ready},
        {{greeting, "E", full, "X", no}, "X!", Phase::ready},
        {{greeting, "E", full, "M", ok, "X"}, "may not", Phase::transaction},
        // A transaction, step by step
        {{greeting, "E", plain, "R"}, "may not", Phase::ready},
        {{greeting, "E", plain, "M"}, "", Phase::transaction},
        {{greeting, "E", plain, "M", "R"}, "may not", Phase::transaction},
        {{greeting, "E", plain, "M", no}, "M!", Phase::ready},
        {{greeting, "E", plain, "M", ok, "M"}, "may not", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "D"}, "may not", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", no, "D"}, "may not", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", no, "R", ok}, "R1+", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go}, "D+", Phase::message},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", ok}, "wrong kind of reply", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", "355 go\r\n"}, "wrong kind of reply", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", no}, "D!", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", no, "Z", ok}, "Z+", Phase::ready},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, "N"}, "may not", Phase::message},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, "Z"}, "may not", Phase::message},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, ok}, "unexpected reply", Phase::message},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, shut}, "-!closing", Phase::over},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, ".", ok}, ".+", Phase::ready},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, ".", no}, ".!", Phase::ready},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, ".", go}, "wrong kind of reply", Phase::message},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, ".", shut}, ".!closing", Phase::over},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, ".", ok, "M", ok, "D"}, "may not", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", ok, "D", go, ".", ok, "M", ok, "R", ok}, "R0+", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", ok, "N", ok}, "N+", Phase::transaction},
        {{greeting, "E", plain, "M", "Z"}, "may not", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", ok, "Z", ok, "M", ok, "D"}, "may not", Phase::transaction},
        {{greeting, "E", plain, "M", ok, "R", ok, "Z", no}, "Z!", Phase::transaction},
        {{greeting, "Z", ok}, "Z+", Phase::fresh},
        {{greeting, "E", plain, "Q", "221 bye\r\n"}, "Q+", Phase::over},
        {{greeting, "Q", "221 bye\r\n"}, "Q+", Phase::over},
        // Pipelining
        {{greeting, "E", full, "M", "R", "R", ok, two}, "R0+R1!", Phase::transaction},
        {{greeting, "E", full, "M", "R", "D"}, "may not", Phase::transaction},
        {{greeting, "E", full, "M", "R", "M"}, "may not", Phase::transaction},
        {{greeting, "E", full, "M", "R", "N"}, "may not", Phase::transaction},
        {{greeting, "E", full, "M", "R", no, "R"}, "may not", Phase::ready},
        {{greeting, "E", full, "M", "R", no, "M"}, "may not", Phase::ready},
        {{greeting, "E", full, "M", "R", no, ok}, "R0+", Phase::ready},
        {{greeting, "E", full, "M", "R", no, ok, "M", ok, "D"}, "may not", Phase::transaction},
        {{greeting, "E", full, "M", "R", "Z", ok, ok, ok}, "Z+", Phase::ready},
        {{greeting, "E", full, "M", "R", "Z", "M"}, "may not", Phase::transaction},
        {{greeting, "E", full, "M", "R", "Z", "R"}, "may not", Phase::transaction},
        {{greeting, "E", full, "M", "R", shut}, "M!closing", Phase::over},
        {{greeting, "H", plain, "M", "R"}, "may not", Phase::transaction},
        {{greeting, "E", full, "H", plain, "M", "R"}, "may not", Phase::transaction},
        {{greeting, "E", "250 ok\n"}, "", Phase::fresh},
        {{greeting, "E", "250-ok\r\n251 ok\r\n"}, "bad reply", Phase::fresh},
    };
    for (const Case& c : cases) {
        ClientDialogue dialogue;
        std::string steps;
        for (const std::string_view step : c.steps) steps += std::string(step) + " ";
        EXPECT_EQ(last_of(dialogue, c.steps), c.want) << steps;
        EXPECT_EQ(dialogue.phase(), c.end) << steps;
    }
}

TEST(ClientDialogue, forgets_what_was_offered_in_the_clear) {
    ClientDialogue dialogue;
    last_of(dialogue, {greeting, "E", full});
    EXPECT_TRUE(dialogue.extensions().dsn);
    last_of(dialogue, {"S", "220 go\r\n", "T"});
    EXPECT_EQ(dialogue.extensions(), Extensions{});
    EXPECT_TRUE(dialogue.tls_active());
    last_of(dialogue, {"E", full, "X", "220 go\r\n"});
    EXPECT_EQ(dialogue.extensions(), Extensions{});
}

TEST(ClientDialogue, waits_for_a_limited_number_of_replies) {
    ClientDialogue dialogue;
    last_of(dialogue, {greeting, "E", full, "M"});
    while (dialogue.may_send(Sent::rcpt)) dialogue.sent(Sent::rcpt);
    EXPECT_EQ(dialogue.outstanding(), ClientDialogue::max_outstanding);
    EXPECT_EQ(last_of(dialogue, {"250 ok\r\n250 ok\r\n"}), "M+R0+");
    EXPECT_TRUE(dialogue.may_send(Sent::rcpt));
    EXPECT_EQ(dialogue.accepted_recipients(), 1u);
}

}  // namespace
}  // namespace exota::smtp
