// A conversation in SMTP as a text file (tests/smtp/TOPIC/NAME.smtp): a client, a gateway from Exchange, its backend.
//
//   # comment
//   set KEY VALUE             a setting of the gateway, or of the test (smtp_file.cc has them all)
//
//   C: B: S: G: do is         the conversation, as src/gate/gateway_fixture.h has it; every line that anybody says stands there
//
//   then judged VERDICT REASON STAGE | ANSWER      what is known of it at its end, in this order, all of it
//   then unjudged ID ANSWER
//   then failed BACKEND WHY
//
// Each file is played twice: with what is said in one piece a line, and octet by octet; with `set pieces whole` only the first, where the
// place of a cut matters.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace exota::conversations {

struct SmtpFile {
    std::vector<std::pair<std::string, std::string>> settings;
    std::string dialogue;            // lines, as many as the file has, so that numbers are right
    std::vector<std::string> known;  // behind "then "
    std::vector<std::string> problems;
};

SmtpFile read_smtp_file(std::string_view text);

}  // namespace exota::conversations
