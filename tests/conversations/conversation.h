// Conversations as text files (tests/cases/*.case): what each side says, the configuration, the tenants, the decision expected.
//
// Nothing in a file is of one protocol: the same folder runs through every front end. A file:
//
//   # comment
//   [environment]        drop-in mode: lines NAME=VALUE; or instead
//   [config]             the configuration as JSON
//   [tenants]            the tenants file, or the one word `unavailable`
//   [conversation]
//   mta Postfix 3.7.11                what the MTA calls itself
//   connect 192.0.2.1 [NAME]          or: connect local, connect unknown
//   helo NAME
//   tls VERSION verified NAME         also: verified-without-name, unverified NAME, no-certificate; STARTTLS and the EHLO behind it
//   sasl MECHANISM IDENTITY           logged in to the MTA; holds for the messages that follow
//   mail <PATH>    rcpt <PATH>    queue-id ID
//   header NAME: VALUE                a line that begins with a blank goes on with it, folded
//   headers COUNT NAME: VALUE         the same field COUNT times
//   body TEXT
//   eom                               the end of the message; the lines that follow it say what must come back:
//   => VERDICT REASON [JUDGED]        accept, reject or tempfail; the reason's code; what `enforce` would have said, if it is not VERDICT
//   => reply LINE                     as the client sees it
//   => add NAME: VALUE    => insert INDEX NAME: VALUE    => remove INDEX NAME       all edits, in order
//   => held                           into the hold queue
//   reset                             RSET
//   new-client                        the next `connect` is of another client
//
// In values and expectations \n, \r, \t, \0, \\ and \xHH are octets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mail/header_edit.h"

namespace exota::conversations {

struct Expectation {
    std::size_t line = 0;
    std::string verdict, reason, judged, reply;
    std::vector<mail::HeaderEdit> edits;
    bool held = false;
    friend bool operator==(const Expectation& a, const Expectation& b) {
        return a.verdict == b.verdict && a.reason == b.reason && a.judged == b.judged && a.reply == b.reply && a.edits == b.edits &&
               a.held == b.held;
    }
};
/// As the file would say it, a line each.
std::string described(const Expectation& expectation);

struct Step {
    enum class Kind : std::uint8_t {
        mta,
        connect,
        helo,
        tls,
        sasl,
        mail,
        recipient,
        queue_id,
        header,
        body,
        end_of_message,
        reset,
        new_client
    };
    Kind kind;
    std::size_t line = 0;
    std::vector<std::string> words;  // of tls, sasl, connect
    std::string text;                // everything behind the keyword; of a header its value as behind the colon
    std::string name;                // of a header
    std::size_t count = 1;           // of headers
    Expectation expected;            // of end_of_message
};

struct Conversation {
    std::vector<std::string> environment;
    std::string config, tenants;
    bool tenants_unavailable = false;
    std::vector<Step> steps;
    std::vector<std::string> problems;  // of the file itself, "12: unknown keyword"
};

Conversation read_conversation(std::string_view text);

}  // namespace exota::conversations
