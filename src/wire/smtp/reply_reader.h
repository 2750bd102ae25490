// Replies of another server (RFC 5321 section 4.2): octets → replies. Strict: lines end with CRLF, each has the code of the first, there
// are not too many and none is too long; anything else ends the connection, for who reads replies in two ways answers the wrong command.
//
// Tested by reply_reader_test.cc and fuzz/smtp_reply_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/reply.h"
#include "wire/smtp/line.h"

namespace exota::smtp {

inline constexpr std::size_t max_reply_lines = 100;
inline constexpr std::size_t max_reply_line_octets = 1000;  // with its CRLF

struct ServerReply {
    int code = 0;
    std::vector<std::string> lines;  // at least one: the texts behind code and separator, as they came (without CR, LF, NUL)

    bool positive() const noexcept { return code / 100 == 2; }
    bool intermediate() const noexcept { return code / 100 == 3; }
    /// The enhanced status code (RFC 3463) with which the first line begins, if its class is the code's; else empty. Points into lines.
    std::string_view enhanced() const noexcept;
};

enum class ReplyFault : std::uint8_t { no_reply, codes_differ, too_many_lines, line_too_long, bad_octets };
std::string_view name_of(ReplyFault fault) noexcept;

class ReplyReader {
public:
    /// Takes octets off the front of `bytes`, up to the end of the first reply.
    /// @return  nullopt: `bytes` is used up. After an error the reader is of no further use.
    std::expected<std::optional<ServerReply>, ReplyFault> next(std::string_view& bytes);
    /// Part of a reply has been taken and not its end.
    bool within_reply() const noexcept { return !reply_.lines.empty() || lines_.within_line(); }

private:
    LineReader lines_{{max_reply_line_octets, max_reply_line_octets}};
    ServerReply reply_;
};

/// Passes a reply on: code and text of each line as they came, made safe (mail::safe_reply_text).
void append_reply(std::string& out, const ServerReply& reply);
/// The reply on one line, its lines parted by " / ", for the log and where one line is wanted; safe.
mail::Reply on_one_line(const ServerReply& reply);

}  // namespace exota::smtp
