// SMTP replies as text. What comes from strangers reaches a reply only through safe_reply_text.
//
// Tested by reply_test.cc.
#include "mail/reply.h"

namespace exota::mail {

std::string Reply::line() const {
    std::string out = std::to_string(code);
    for (const std::string* part : {&enhanced, &text}) {
        if (part->empty()) continue;
        out += ' ';
        out += *part;
    }
    return out;
}

std::string safe_reply_text(std::string_view text) {
    constexpr std::string_view cut = "...";
    const bool too_long = text.size() > max_reply_text_octets;
    std::string out(too_long ? text.substr(0, max_reply_text_octets - cut.size()) : text);
    for (char& c : out)
        if (c < 0x20 || c > 0x7e) c = '?';
    if (too_long) out += cut;
    return out;
}

}  // namespace exota::mail
