// What a next server says. The first octets are commands to send when they may be, up to a '|'; the rest is what the server writes.
//
// Properties: cutting the octets anywhere gives the same answers; a reply that is passed on reads back with its code and as many lines, and
// on one line is one; extensions that are offered again read back; HELO and names from a server put no line break into what we write.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/smtp/client_dialogue.h"
#include "wire/smtp/received.h"
#include "wire/smtp/xclient.h"

namespace {

using namespace exota::smtp;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_reply(const ServerReply& reply) {
    require(reply.code >= 200 && reply.code <= 559 && !reply.lines.empty() && reply.lines.size() <= max_reply_lines);
    std::string passed;
    append_reply(passed, reply);
    std::string_view rest = passed;
    ReplyReader reader;
    const auto read = reader.next(rest);
    require(read && *read && rest.empty() && (*read)->code == reply.code && (*read)->lines.size() == reply.lines.size());
    require((*read)->enhanced() == reply.enhanced());
    const std::string line = on_one_line(reply).line();
    require(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
}

void check_extensions(const Extensions& seen) {
    const Extensions offered = offer_to_client(seen, {.max_octets = 1000, .starttls = seen.starttls, .xoorg = seen.xoorg});
    require(!offered.xclient && offered.size && *offered.size <= 1000);
    std::string out;
    append_ehlo_reply(out, "gw.example", offered);
    std::string_view rest = out;
    ReplyReader reader;
    const auto reply = reader.next(rest);
    require(reply && *reply && rest.empty() && parse_extensions((*reply)->lines) == offered);
}

void check_names(std::string_view words) {
    const auto address = *exota::base::IpAddress::parse("2001:db8::1");
    const XclientFacts facts{XclientFacts::NameState::known, words, address, 25, true, words};
    for (const std::string& command : xclient_commands({true, true, true, true, true}, facts))
        require(command.size() <= max_xclient_octets && command.ends_with("\r\n") && std::ranges::count(command, '\n') == 1 &&
                command.find("LOGIN=") == std::string::npos);
    ReceivedFacts received;
    received.helo = received.rdns = received.by = received.id = words;
    received.address = address;
    const std::string value = received_value(received);
    require(std::ranges::count(value, '(') == 1 && std::ranges::count(value, ')') == 1 && std::ranges::count(value, ';') == 1);
    for (std::size_t at = value.find('\n'); at != std::string::npos; at = value.find('\n', at + 1)) require(value[at + 1] == '\t');
}

/// Answers in order; commands are sent as soon as they may be, before each read and after each answer.
std::string answers_by_pieces(std::string_view commands, std::string_view bytes, std::size_t piece, bool check) {
    std::string out;
    ClientDialogue dialogue;
    const auto send = [&] {
        for (; !commands.empty(); commands.remove_prefix(1)) {
            const auto command = static_cast<Sent>(1 + static_cast<unsigned char>(commands.front()) % static_cast<int>(Sent::quit));
            if (!dialogue.may_send(command)) return;
            dialogue.sent(command);
        }
    };
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        std::string_view part = bytes.substr(at, piece);
        for (;;) {
            const auto answer = dialogue.next(part);
            if (!answer) return out + std::string(name_of(answer.error()));
            if (!*answer) break;
            const Answer& a = **answer;
            out += std::to_string(static_cast<int>(a.to)) + "." + std::to_string(a.recipient) + (a.accepted ? "+" : "-") +
                   std::to_string(a.reply.code);
            for (const std::string& line : a.reply.lines) out += "|" + line;
            require(!a.accepted || a.reply.code < 400);
            require(a.closing == (dialogue.phase() == ClientDialogue::Phase::over && a.reply.code == 421));
            if (check) check_reply(a.reply);
            if (check && a.to == Sent::ehlo && a.accepted) check_extensions(dialogue.extensions());
            if (dialogue.phase() == ClientDialogue::Phase::starting_tls) return out + "tls";
            send();
        }
        require(part.empty());
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t bar = input.find('|');
    if (bar == std::string_view::npos) return 0;
    const std::string_view commands = input.substr(0, bar), bytes = input.substr(bar + 1);
    const std::string whole = answers_by_pieces(commands, bytes, std::max<std::size_t>(bytes.size(), 1), true);
    // Octets behind STARTTLS are seen as such only when they are there in time; the session reads no further in either case.
    if (whole.find("STARTTLS") == std::string::npos)
        for (const std::size_t piece : {1u, 3u, 64u}) require(answers_by_pieces(commands, bytes, piece, false) == whole);
    check_names(bytes.substr(0, 400));
    return 0;
}
