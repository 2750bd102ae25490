#include "gate/relayed_message.h"

#include <gtest/gtest.h>

namespace exota::gate {
namespace {

constexpr std::string_view ours = "Received: from us\r\n";

struct Passed {
    std::string far;
    std::string refusal;  // "554 5.6.3", or empty
    bool cut_off = false, ended = false;
    std::vector<std::string> from;
};
Passed pass(std::string_view data, RelayedMessage::Way way = {}, std::size_t piece = 1000, std::uint64_t message_octets = 0) {
    way.received = "from us";
    RelayedMessage message({.message_octets = message_octets}, std::move(way));
    Passed passed;
    for (std::size_t at = 0; at < data.size(); at += piece) {
        const std::string buffer(data.substr(at, piece));
        std::string_view part = buffer;
        message.read(part, &passed.far);
        EXPECT_TRUE(part.empty() || message.ended());
    }
    if (const auto refusal = message.refusal()) passed.refusal = std::to_string(refusal->code) + ' ' + std::string(refusal->enhanced);
    passed.cut_off = message.is_cut_off();
    passed.ended = message.ended();
    passed.from = message.from();
    return passed;
}

TEST(RelayedMessage, passes_as_it_is_behind_our_received_field) {
    struct Case {
        std::string name, data, far;
    };
    const Case cases[] = {
        {"header and body", "From: a\r\n\r\nbody\r\n.\r\n", "From: a\r\n\r\nbody\r\n.\r\n"},
        {"folded", "From: a\r\n b\r\n\tc\r\n\r\n\r\n.\r\n", "From: a\r\n b\r\n\tc\r\n\r\n\r\n.\r\n"},
        {"dots", "A: b\r\n\r\n..\r\n...x\r\nx.\r\n.\r\n", "A: b\r\n\r\n..\r\n...x\r\nx.\r\n.\r\n"},
        {"only a header", "A: b\r\n.\r\n", "A: b\r\n.\r\n"},
        {"only a body", "\r\nbody\r\n.\r\n", "\r\nbody\r\n.\r\n"},
        {"nothing", ".\r\n", ".\r\n"},
        {"a line that is no field begins the body for every reader", "A: b\r\nbody\r\n.\r\n", "A: b\r\n\r\nbody\r\n.\r\n"},
        {"8-bit", "A: \xc3\xa4\r\n\r\n\xff\r\n.\r\n", "A: \xc3\xa4\r\n\r\n\xff\r\n.\r\n"},
        {"Microsoft's fields of a client whom we do not vouch for", "X-MS-Exchange-Organization-AuthAs: Internal\r\n\r\n.\r\n",
         "X-MS-Exchange-Organization-AuthAs: Internal\r\n\r\n.\r\n"},
    };
    for (const Case& c : cases)
        for (const std::size_t piece : {1u, 3u, 1000u}) {
            const Passed passed = pass(c.data, {}, piece);
            EXPECT_EQ(passed.far, std::string(ours) + c.far) << c.name << ", " << piece;
            EXPECT_EQ(passed.refusal, "") << c.name;
            EXPECT_TRUE(passed.ended && !passed.cut_off) << c.name;
        }
}

TEST(RelayedMessage, what_is_refused_never_gets_its_end) {
    struct Case {
        std::string name, data, refusal;
    };
    const Case cases[] = {
        {"a bare LF", "A: b\r\n\r\nx\ny\r\n.\r\n", "550 5.6.11"},
        {"a bare CR", "A: b\r\n\r\nx\ry\r\n.\r\n", "550 5.6.11"},
        {"a smuggled end", "A: b\r\n\r\nx\n.\nMAIL FROM:<>\r\n.\r\n", "550 5.6.11"},
        {"NUL", std::string("A: b\r\n\r\nx\0\r\n.\r\n", 15), "550 5.6.11"},
        {"a bare LF in the header", "A: b\nB: c\r\n\r\n.\r\n", "550 5.6.11"},
        {"too big", "A: b\r\n\r\n" + std::string(100, 'x') + "\r\n.\r\n", "552 5.3.4"},
    };
    for (const Case& c : cases)
        for (const std::size_t piece : {1u, 1000u}) {
            const Passed passed = pass(c.data, {}, piece, 100);
            EXPECT_EQ(passed.refusal, c.refusal) << c.name;
            EXPECT_TRUE(passed.ended) << c.name;
            EXPECT_EQ(passed.far.find("\r\n.\r\n"), std::string::npos) << c.name;
        }
}

TEST(RelayedMessage, received_fields_have_a_limit) {
    std::string data;
    for (std::size_t i = 0; i < max_received_fields; ++i) data += i % 2 == 0 ? "Received: x\r\n" : "rEceived : x\r\n";
    EXPECT_EQ(pass(data + "\r\n.\r\n").refusal, "");
    const Passed passed = pass(data + "Received: x\r\n\r\nbody\r\n.\r\n");
    EXPECT_EQ(passed.refusal, "554 5.4.6");
    EXPECT_TRUE(passed.cut_off);
    EXPECT_EQ(passed.far.find("body"), std::string::npos);
}

TEST(RelayedMessage, eight_bit_for_a_hop_without) {
    const RelayedMessage::Way seven_bit{.eight_bit = false};
    EXPECT_EQ(pass("A: b\r\n\r\nplain\r\n.\r\n", seven_bit).refusal, "");
    for (const std::string_view data : {"A: \xe4\r\n\r\n.\r\n", "A: b\r\n\r\nx\xe4\r\n.\r\n"}) {
        const Passed passed = pass(data, seven_bit);
        EXPECT_EQ(passed.refusal, "554 5.6.3");
        EXPECT_EQ(passed.far.find('\xe4'), std::string::npos);
    }
}

TEST(RelayedMessage, fields_that_only_microsoft_may_write_go_where_we_vouch) {
    const std::string kept = "From: a\r\nX-MS-Exchange-Other: x\r\nSubject: X-OriginatorOrg: y\r\n";
    const Passed passed = pass(
        "X-MS-Exchange-Organization-AuthAs: Internal\r\nFrom: a\r\nx-ms-exchange-crosspremises-authas : Internal\r\n folded\r\n"
        "X-MS-Exchange-Other: x\r\nX-OriginatorOrg: evil\r\nSubject: X-OriginatorOrg: y\r\n\r\nX-OriginatorOrg: body\r\n.\r\n",
        {.clean_up = true});
    EXPECT_EQ(passed.far, std::string(ours) + kept + "\r\nX-OriginatorOrg: body\r\n.\r\n");
}

TEST(RelayedMessage, keeps_from_fields_where_they_are_asked_for) {
    const std::string data = "From: a\r\nfrom : b\r\n c\r\nFrom: d\r\n\r\nFrom: e\r\n.\r\n";
    EXPECT_EQ(pass(data, {.keep_from = true}).from, (std::vector<std::string>{" a", " b\r\n c"}));
    EXPECT_TRUE(pass(data).from.empty());
}

TEST(RelayedMessage, may_only_be_looked_at) {
    RelayedMessage message({}, {.received = "from us"});
    std::string_view data = "A: \xe4\r\n\r\n.\r\nMAIL";
    message.read(data, nullptr);
    EXPECT_EQ(data, "MAIL");
    EXPECT_TRUE(message.ended() && message.eight_bit() && !message.is_cut_off());
}

}  // namespace
}  // namespace exota::gate
