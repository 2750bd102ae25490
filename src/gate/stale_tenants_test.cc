// Tenants of a server that is away: what a snapshot's standing does to verdicts.
#include <gtest/gtest.h>

#include "gate/judge.h"
#include "gate/message.h"
#include "gate/session_fixture.h"
#include "gate/still_world.h"

namespace exota::gate {
namespace {

struct Told : Observer {
    void judged(const Judged&) override {}
    void protocol_error(std::string_view) override {}
};

TEST(StaleTenants, who_is_found_is_judged_and_who_is_not_is_deferred) {
    const struct {
        TenantsAre are;
        std::string_view author, reason;
    } cases[] = {
        {TenantsAre::current, "nobody.test", "no-policy"},    {TenantsAre::current, "contoso.test", "not-proven"},
        {TenantsAre::stale, "nobody.test", "unavailable"},    {TenantsAre::stale, "contoso.test", "not-proven"},
        {TenantsAre::outdated, "nobody.test", "unavailable"}, {TenantsAre::outdated, "contoso.test", "unavailable"},
    };
    for (const auto& c : cases) {
        auto read = tenant::read_tenants(
            R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "proofs": ["client-cert + dkim"]}}})", {});
        auto snapshot = std::make_shared<Snapshot>();
        snapshot->rules.mode = tenant::Mode::enforce;
        snapshot->tenants = std::make_shared<const tenant::Index>(*std::move(read.index));
        snapshot->tenants_are = std::make_shared<const std::atomic<TenantsAre>>(c.are);
        Told told;
        StillWorld world;
        Judge judge(told, world);
        judge.use(snapshot);
        const std::function<void()> wake = [] {};
        Message message(judge, {}, {}, wake);
        message.header_field("From", " j@" + std::string(c.author));
        ASSERT_EQ(message.judge(Stage::message), Message::Standing::decided);
        EXPECT_EQ(name_of(message.decision().reason), c.reason) << c.author << ' ' << static_cast<int>(c.are);
    }
}

}  // namespace
}  // namespace exota::gate
