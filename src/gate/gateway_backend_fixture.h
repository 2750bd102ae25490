// For tests: the beginnings of conversations with a backend that offers nothing, or XCLIENT.
#pragma once

#include "gate/gateway_fixture.h"

namespace exota::gate::testing {

inline constexpr std::string_view greeted = R"(
    S: 220 gw.test ESMTP
    C: EHLO client.test
    is dial 0
    do far-opened
    B: 220 backend.test
    G: EHLO gw.test
)";
inline constexpr std::string_view xclient_offered = R"(
    B: 250-backend.test
    B: 250 XCLIENT NAME ADDR PORT PROTO HELO LOGIN
    S: 250-gw.test
    S: 250-SIZE
    S: 250 STARTTLS
)";
inline constexpr std::string_view recipient_and_data = R"(
    C: RCPT TO:<b@dest.test>
    G: RCPT TO:<b@dest.test>
    B: 250 ok
    S: 250 ok
    C: DATA
    S: 354 End data with <CR><LF>.<CR><LF>
)";

class BackendTest : public GatewayTest {
protected:
    void SetUp() override {
        accept_all();
        settings.message_octets = 0;
    }
    void plain_hello() {
        play(greeted);
        play(R"(
            B: 250 backend.test
            S: 250-gw.test
            S: 250-SIZE
            S: 250 STARTTLS
        )");
    }
    void mail() {
        play(R"(
            C: MAIL FROM:<a@contoso.test>
            G: MAIL FROM:<a@contoso.test>
            B: 250 ok
            S: 250 ok
        )");
    }
};

}  // namespace exota::gate::testing
