// An SMTP reply of one line (RFC 5321 section 4.2) with its enhanced status code (RFC 3463).
//
// Tested by reply_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace exota::mail {

struct Reply {
    int code = 250;
    std::string enhanced;  // "5.7.1"
    std::string text;      // safe: made by safe_reply_text
    /// "550 5.7.1 text", without CRLF.
    std::string line() const;
    friend bool operator==(const Reply&, const Reply&) = default;
};

inline constexpr std::size_t max_reply_text_octets = 480;  // RFC 5321 section 4.5.3.1.5: 512 with codes and CRLF

/// Text of strangers as one line of printable ASCII: anything else becomes '?', longer text is cut with "...".
std::string safe_reply_text(std::string_view text);

}  // namespace exota::mail
