#include "wire/smtp/reply_reader.h"

#include <gtest/gtest.h>

namespace exota::smtp {
namespace {

using namespace std::string_literals;

/// Replies as they would be passed on, then the fault, if any.
std::string read_as(std::string_view bytes, std::size_t piece) {
    ReplyReader reader;
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        std::string_view part = bytes.substr(at, piece);
        for (;;) {
            const auto reply = reader.next(part);
            if (!reply) return out + std::string(name_of(reply.error()));
            if (!*reply) break;
            append_reply(out, **reply);
        }
    }
    return out + (reader.within_reply() ? "more" : "");
}

TEST(ReplyReader, reads_replies_whole) {
    std::string hundred, hundred_and_one;
    for (int i = 0; i < 99; ++i) hundred += "250-x\r\n";
    hundred_and_one = hundred + "250-x\r\n250 x\r\n";
    hundred += "250 x\r\n";
    const std::string longest = "250 " + std::string(994, 'x') + "\r\n", cut = "250 " + std::string(477, 'x') + "...\r\n";
    struct Case {
        std::string bytes, want;
    };
    const Case cases[] = {
        {"", ""},
        {"220 mx.example ESMTP\r\n", "220 mx.example ESMTP\r\n"},
        {"250 2.1.5 Ok\r\n354 \r\n", "250 2.1.5 Ok\r\n354 \r\n"},
        {"250\r\n", "250 \r\n"},
        {"250-a\r\n250-\r\n250 b\r\n", "250-a\r\n250-\r\n250 b\r\n"},
        {"250-a\r\n250\r\n", "250-a\r\n250 \r\n"},
        {"250-a\r\n", "more"},
        {"250 a\r", "more"},
        {"550 5.1.1 h\xc3\xa9\t.\r\n", "550 5.1.1 h???.\r\n"},
        {"250-a\r\n251 b\r\n", "codes differ"},
        {"250 ok\r\n999 x\r\n", "250 ok\r\nno reply"},
        {"199 x\r\n", "no reply"},
        {"260 x\r\n", "no reply"},
        {"25 x\r\n", "no reply"},
        {"2500 x\r\n", "no reply"},
        {"250x\r\n", "no reply"},
        {"\r\n", "no reply"},
        {" 250 x\r\n", "no reply"},
        {"SSH-2.0-x\r\n", "no reply"},
        {"250 x\n250 y\r\n", "bare CR, bare LF or NUL"},
        {"250 x\ry\r\n", "bare CR, bare LF or NUL"},
        {"250 x\0y\r\n"s, "bare CR, bare LF or NUL"},
        {hundred, hundred},
        {hundred_and_one, "too many lines"},
        {longest, cut},
        {"250 x" + longest.substr(4), "line too long"},
    };
    for (const Case& c : cases)
        for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::max<std::size_t>(c.bytes.size(), 1)})
            EXPECT_EQ(read_as(c.bytes, piece), c.want) << c.bytes.substr(0, 80) << " by " << piece;
}

TEST(ReplyReader, finds_the_enhanced_status) {
    struct Case {
        int code;
        std::vector<std::string> lines;
        std::string want, text;
    };
    const Case cases[] = {
        {550, {"5.7.1 no"}, "5.7.1", "no"},
        {550, {"5.7.509 no"}, "5.7.509", "no"},
        {550, {"5.7.1"}, "5.7.1", ""},
        {550, {"5.7.1 one", "5.7.1 two", "three"}, "5.7.1", "one / two / three"},
        {550, {"5.7.1", "", "5.7.12 x"}, "5.7.1", "5.7.12 x"},
        {550, {"4.7.1 no"}, "", "4.7.1 no"},
        {550, {"5.7 no"}, "", "5.7 no"},
        {550, {"5.7.1234 no"}, "", "5.7.1234 no"},
        {550, {"5.7.1no"}, "", "5.7.1no"},
        {550, {"#5.7.1 no"}, "", "#5.7.1 no"},
        {354, {"3.0.0 go"}, "", "3.0.0 go"},
        {250, {""}, "", ""},
    };
    for (const Case& c : cases) {
        const ServerReply reply{c.code, c.lines};
        EXPECT_EQ(reply.enhanced(), c.want) << c.lines.front();
        EXPECT_EQ(on_one_line(reply), (mail::Reply{c.code, c.want, c.text})) << c.lines.front();
    }
    const ServerReply much{250, std::vector<std::string>(100, std::string(900, 'x'))};
    EXPECT_EQ(on_one_line(much).text.size(), mail::max_reply_text_octets);
}

}  // namespace
}  // namespace exota::smtp
