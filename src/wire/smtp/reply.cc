#include "wire/smtp/reply.h"

namespace exota::smtp {
namespace {

void append_line(std::string& out, int code, std::string_view enhanced, std::string_view text) {
    out += std::to_string(code >= 200 && code <= 599 ? code : 451);
    for (const std::string_view part : {enhanced, text}) {
        if (part.empty()) continue;
        out += ' ';
        out += part;
    }
    out += "\r\n";
}

}  // namespace

void append_reply(std::string& out, const FixedReply& reply) { append_line(out, reply.code, reply.enhanced, reply.text); }

void append_reply(std::string& out, const mail::Reply& reply) {
    append_line(out, reply.code, mail::safe_reply_text(reply.enhanced), mail::safe_reply_text(reply.text));
}

mail::Reply to_reply(const FixedReply& reply) { return {reply.code, std::string(reply.enhanced), std::string(reply.text)}; }

}  // namespace exota::smtp
