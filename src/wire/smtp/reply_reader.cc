#include "wire/smtp/reply_reader.h"

#include <utility>

#include "base/cursor.h"
#include "base/text.h"

namespace exota::smtp {
namespace {

/// Reply-code of RFC 5321 section 4.2, or 0.
int code_of(std::string_view line) noexcept {
    if (line.size() < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '5' || !base::is_digit(line[2])) return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

bool skip_number(base::Cursor& in) noexcept {
    const std::string_view digits = in.take_while(base::is_digit);
    return !digits.empty() && digits.size() <= 3;
}

}  // namespace

std::string_view name_of(ReplyFault fault) noexcept {
    switch (fault) {
        case ReplyFault::no_reply:
            return "no reply";
        case ReplyFault::codes_differ:
            return "codes differ";
        case ReplyFault::too_many_lines:
            return "too many lines";
        case ReplyFault::line_too_long:
            return "line too long";
        case ReplyFault::bad_octets:
            return "bare CR, bare LF or NUL";
    }
    return "";
}

std::string_view ServerReply::enhanced() const noexcept {
    if (lines.empty() || lines.front().empty() || lines.front().front() != '0' + code / 100 || code / 100 == 3) return {};
    base::Cursor in(lines.front());
    in.advance();
    if (!in.skip('.') || !skip_number(in) || !in.skip('.') || !skip_number(in)) return {};
    return in.at_end() || in.next_is(' ') ? in.since(0) : std::string_view{};
}

std::expected<std::optional<ServerReply>, ReplyFault> ReplyReader::next(std::string_view& bytes) {
    while (const auto line = lines_.next(bytes)) {
        if (line->fault == LineFault::too_long) return std::unexpected(ReplyFault::line_too_long);
        if (line->fault != LineFault::none) return std::unexpected(ReplyFault::bad_octets);
        const int code = code_of(line->text);
        const char separator = line->text.size() > 3 ? line->text[3] : ' ';
        if (code == 0 || (separator != ' ' && separator != '-')) return std::unexpected(ReplyFault::no_reply);
        if (!reply_.lines.empty() && code != reply_.code) return std::unexpected(ReplyFault::codes_differ);
        if (reply_.lines.size() == max_reply_lines) return std::unexpected(ReplyFault::too_many_lines);
        reply_.code = code;
        reply_.lines.emplace_back(line->text.size() > 4 ? line->text.substr(4) : std::string_view{});
        if (separator == ' ') return std::exchange(reply_, {});
    }
    return std::nullopt;
}

void append_reply(std::string& out, const ServerReply& reply) {
    const std::string code = std::to_string(reply.code);
    for (std::size_t i = 0; i < reply.lines.size(); ++i) {
        out += code;
        out += i + 1 < reply.lines.size() ? '-' : ' ';
        out += mail::safe_reply_text(reply.lines[i]);
        out += "\r\n";
    }
}

mail::Reply on_one_line(const ServerReply& reply) {
    const std::string_view enhanced = reply.enhanced();
    std::string text;
    for (std::string_view line : reply.lines) {
        if (!enhanced.empty() && line.starts_with(enhanced) && (line.size() == enhanced.size() || line[enhanced.size()] == ' '))
            line = base::trim(line.substr(enhanced.size()));
        if (!text.empty() && !line.empty()) text += " / ";
        text += line;
        if (text.size() > mail::max_reply_text_octets) break;
    }
    return {reply.code, std::string(enhanced), mail::safe_reply_text(text)};
}

}  // namespace exota::smtp
