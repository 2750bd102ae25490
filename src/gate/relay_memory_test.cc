// What a session to Exchange keeps does not grow with what was refused.
#include <gtest/gtest.h>
#include <malloc.h>

#include "gate/relay_session_fixture.h"

namespace exota::gate {
namespace {

class RelayMemory : public testing::RelaySessionTest {};

TEST_F(RelayMemory, refused_recipients_are_forgotten) {
    greet();
    first_recipient();
    const std::string reply = "550 5.1.1 " + std::string(400, 'n') + "\r\n";
    const auto refused = [&](int count) {
        for (int i = 0; i < count; ++i) {
            relay.say("RCPT TO:<" + std::string(60, 'x') + "@a.test>\r\n");
            relay.far.clear();
            relay.hop_says(reply);
            ASSERT_EQ(relay.near, reply);
            relay.near.clear();
        }
    };
    refused(10);
    const std::size_t before = mallinfo2().uordblks;
    refused(1000);
    const std::size_t after = mallinfo2().uordblks;
    EXPECT_LT(after, before + 10'000) << "ten octets each";
}

}  // namespace
}  // namespace exota::gate
