// For tests: the beginnings of conversations that many of them have.
#pragma once

#include <string>
#include <string_view>

#include "gate/relay_conversation.h"

namespace exota::gate::testing {

inline constexpr std::string_view relay_zone =
    "a.test MX 1 mx.test\nb.test MX 1 mx.test\nmx.test A 192.0.2.1\n"
    "two.test MX 1 one.two.test\ntwo.test MX 2 two.two.test\none.two.test A 192.0.2.11\ntwo.two.test A 192.0.2.12\n"
    "null.test MX 0 .\nfails.test MX fails\nloop.test MX 1 localhost.test\nlocalhost.test A 127.0.0.1\nnoaddress.test MX 1 gone.test";

class RelaySessionTest : public ::testing::Test {
protected:
    Relay relay;
    void SetUp() override { relay.world.zone = Zone(relay_zone); }
    void hold(std::string_view script) { Conversation(relay).hold(script); }
    void greet() {
        relay.begin();
        hold(R"(S 220 us.test ESMTP
                C EHLO client.test
                S 250-us.test
                S 250-PIPELINING
                S 250-SIZE 157286400
                S 250-ENHANCEDSTATUSCODES
                S 250 8BITMIME)");
    }
    void mail(std::string_view sender = "x@client.test") { hold("C MAIL FROM:<" + std::string(sender) + ">\nS 250 2.0.0"); }
    /// To a hop in the clear that has taken MAIL and answered one RCPT.
    void first_recipient(std::string_view hello = "H 250 mx.test", const std::string& answer = "250 2.1.5 fine") {
        mail();
        hold("C RCPT TO:<y@a.test>\ndial mx.test 192.0.2.1\nH 220 mx.test\nG EHLO us.test\n" + std::string(hello) +
             "\nG MAIL FROM:<x@client.test>\nH 250 ok\nG RCPT TO:<y@a.test>\nH " + answer + "\nS " + answer);
    }
    void data() {
        hold(R"(C DATA
                G DATA
                H 354 go
                S 354)");
    }
    /// Sent whole, and come to the hop behind our Received field.
    void message(const std::string& content = "Subject: hello\r\n\r\n.\r\n") {
        data();
        relay.say(content);
        EXPECT_EQ(relay.far.substr(relay.far.find("+0000\r\n") + 7), content);
        EXPECT_TRUE(relay.far.starts_with("Received: from client.test (unknown [127.0.0.1])\r\n\tby us.test with ESMTP id ID" +
                                          std::to_string(relay.house.ids) + ";\r\n\tFri, 15 Jan 2027 08:00:00 +0000\r\n"))
            << relay.far;
        relay.far.clear();
    }
};

}  // namespace exota::gate::testing
