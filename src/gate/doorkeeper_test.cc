#include "gate/doorkeeper.h"

#include <gtest/gtest.h>

#include "gate/door_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::RecipientIs;

TEST(RecipientIs, only_authoritative_domains_are_asked_about) {
    const auto tenants = index_of(door_tenants_text);
    const auto lists = door_lists({});
    const struct {
        std::string_view recipient;
        RecipientIs want;
    } cases[] = {
        {"john@contoso.test", RecipientIs::known},       {"John+x@CONTOSO.test", RecipientIs::known},
        {"jane@contoso.test", RecipientIs::unknown},     {"postmaster@contoso.test", RecipientIs::known},
        {"jane@fabrikam.test", RecipientIs::not_asked},  {"jane@elsewhere.test", RecipientIs::not_asked},
        {"postmaster", RecipientIs::not_asked},          {"", RecipientIs::not_asked},
        {"jane doe@contoso.test", RecipientIs::unknown},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(recipient_is(c.recipient, *tenants, lists.get()), c.want) << c.recipient;
        EXPECT_EQ(recipient_is(c.recipient, *tenants, nullptr), RecipientIs::not_asked) << c.recipient;
    }
}

class Doorkeepers : public ::testing::Test {
protected:
    void use(const DoorOptions& options) { judge.use(shared(door_snapshot(options))); }
    Recorder recorder;
    ResolvingWorld world;
    Judge judge{recorder, world};
    int wakes = 0;
    std::function<void()> wake = [this] { ++wakes; };
    Doorkeeper keeper{judge, FrontEnd{.name = "test", .instance = {}, .door = Door::inbound}, wake};
};

TEST_F(Doorkeepers, asks_once_for_each_client) {
    use({.dnsbl = {"bl.test"}});
    EXPECT_FALSE(keeper.ask(session_from("192.0.2.1")));
    EXPECT_FALSE(keeper.ask(session_from("192.0.2.1")));
    world.end_turn();
    EXPECT_EQ(wakes, 1);
    EXPECT_TRUE(keeper.ask(session_from("192.0.2.1")));
    EXPECT_EQ(world.asked.size(), 1U);
    EXPECT_FALSE(keeper.ask(session_from("192.0.2.2")));
    EXPECT_EQ(world.asked.size(), 2U);
}

TEST_F(Doorkeepers, looks_without_counting) {
    use({});
    const evidence::Session session = session_from("192.0.2.1");
    ASSERT_TRUE(keeper.ask(session));
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(keeper.would_refuse(session, "jane@contoso.test"));
    EXPECT_FALSE(keeper.would_refuse(session, "john@contoso.test"));
    EXPECT_EQ(keeper.refuse_recipient(session, "jane@contoso.test")->reason, decision::Reason::recipient_unknown);
}

}  // namespace
}  // namespace exota::gate
