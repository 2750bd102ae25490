// What a next server says. The first octets are commands to send when they may be, up to a '|'; the rest is what the server writes.
//
// Properties: cutting the octets anywhere gives the same answers; a reply that is passed on reads back with its code and as many lines, and
// on one line is one; extensions that are offered again read back; HELO and names from a server put no line break into what we write; and
// XCLIENT and the PROXY protocol read back as whom they were written for.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/text.h"
#include "property.h"
#include "wire/smtp/client_dialogue.h"
#include "wire/smtp/proxy2.h"
#include "wire/smtp/received.h"
#include "wire/smtp/xclient.h"
#include "wire/smtp/xtext.h"

namespace {

using namespace exota::smtp;
using exota::base::IpAddress;

using exota::fuzz::require;

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

/// Of 16 octets from there on, which may be fewer; of version 4 by the first.
IpAddress address_in(std::string_view words, std::size_t at) {
    std::array<std::uint8_t, 16> octets{};
    for (std::size_t i = 0; i < octets.size() && at + i < words.size(); ++i) octets[i] = static_cast<std::uint8_t>(words[at + i]);
    if (octets[0] % 2 == 0) return IpAddress::from_octets(octets);
    std::ranges::fill(octets, 0);
    octets[10] = octets[11] = 0xff;
    for (std::size_t i = 12; i < octets.size() && at + i < words.size(); ++i) octets[i] = static_cast<std::uint8_t>(words[at + i]);
    return IpAddress::from_octets(octets);
}

/// As a server reads them: blanks part the attributes, of which each stands once.
std::map<std::string, std::string> read_xclient(const std::vector<std::string>& commands) {
    std::map<std::string, std::string> attributes;
    for (const std::string& command : commands) {
        require(command.size() <= max_xclient_octets && command.starts_with("XCLIENT ") && command.ends_with("\r\n"));
        for (std::string_view rest = std::string_view(command).substr(8, command.size() - 10); !rest.empty();) {
            std::string_view value = exota::base::take_until(rest, ' ');
            const std::string_view attribute = exota::base::take_until(value, '=');
            const auto decoded = decode_xtext(value, max_xclient_octets);
            require(decoded && attributes.emplace(attribute, *decoded).second);
        }
    }
    return attributes;
}

void check_xclient(std::string_view words) {
    const XclientFacts facts{.name_state = XclientFacts::NameState::known,
                             .name = words,
                             .address = address_in(words, 0),
                             .port = static_cast<std::uint16_t>(words.size() * 257),
                             .extended = words.size() % 2 == 0,
                             .helo = words};
    const auto read = read_xclient(xclient_commands({true, true, true, true, true}, facts));
    require(read.size() == 5 && !read.contains("LOGIN"));
    const bool fits = !words.empty() && words.size() <= 85;  // three octets of xtext each at most
    for (const char* const name : {"NAME", "HELO"}) require(read.at(name) == words || (!fits && read.at(name) == "[UNAVAILABLE]"));
    std::string_view address = read.at("ADDR");
    require(address.starts_with("IPv6:") != facts.address->is_v4());
    if (!facts.address->is_v4()) address.remove_prefix(5);
    require(exota::base::IpAddress::parse(address).value() == facts.address);
    require(read.at("PORT") == (facts.port == 0 ? "[UNAVAILABLE]" : std::to_string(facts.port)));
    require(read.at("PROTO") == (facts.extended ? "ESMTP" : "SMTP"));
    require(xclient_commands({.name = true}, facts).empty());
}

/// By the PROXY protocol's section 2.2: 16 octets, then as many as they say.
void check_proxy(std::string_view words) {
    const ProxyInet facts{.source = address_in(words, 0),
                          .destination = address_in(words, 16),
                          .source_port = static_cast<std::uint16_t>(words.size() * 257),
                          .destination_port = 25};
    std::string header;
    append_proxy2_header(header, facts);
    const auto number = [&](std::size_t at) {
        return static_cast<std::size_t>(static_cast<std::uint8_t>(header[at])) << 8 | static_cast<std::uint8_t>(header[at + 1]);
    };
    require(header.size() >= 16 && header.starts_with(std::string_view("\r\n\r\n\0\r\nQUIT\n\x21", 13)) &&
            header.size() == 16 + number(14));
    const bool v4 = facts.source.is_v4() && facts.destination.is_v4();
    const std::size_t width = v4 ? 4 : 16;
    require(header[13] == (v4 ? 0x11 : 0x21) && number(14) == 2 * width + 4);
    const auto address = [&](std::size_t at) {
        std::array<std::uint8_t, 16> octets{};
        if (v4) octets[10] = octets[11] = 0xff;
        std::ranges::copy(header.substr(at, width), octets.end() - static_cast<std::ptrdiff_t>(width));
        return IpAddress::from_octets(octets);
    };
    require(address(16) == facts.source && address(16 + width) == facts.destination);
    require(number(16 + 2 * width) == facts.source_port && number(18 + 2 * width) == 25);

    header.clear();
    append_proxy2_header(header, ProxyUnix{.source = words, .destination = "/run/backend"});
    const std::string_view path = words.substr(0, 108);
    require(header.size() == 16 + number(14) && header[13] == 0x31 && number(14) == 216 &&
            std::string_view(header).substr(16).starts_with(path));
    require(std::string_view(header).substr(16 + path.size(), 108 - path.size()).find_first_not_of('\0') == std::string_view::npos);
}

void check_names(std::string_view words) {
    check_xclient(words);
    check_proxy(words);
    const auto address = *IpAddress::parse("2001:db8::1");
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
