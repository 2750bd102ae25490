// Discovery on the way of a message: signatures are looked at for it, DNS is waited for, and the verdict is what it is without.
#include <gtest/gtest.h>

#include "gate/verifying_fixture.h"
#include "tenant/candidates.h"

namespace exota::gate {
namespace {

using decision::Reason;
using testing::txt;

constexpr std::string_view newcomer_key = "s1._domainkey.newcomer.com";

class Sightings : public testing::Verifying {
protected:
    struct Seer : testing::Recorder {
        void sighted(tenant::Sighting&& sighting) override { sightings.push_back(std::move(sighting)); }
        std::vector<tenant::Sighting> sightings;
    };

    void SetUp() override { use(TenantsAre::current); }
    void use(TenantsAre are, bool discovery = true) {
        Snapshot snapshot = testing::snapshot_of(testing::index_of(testing::tenants_text));
        snapshot.rules.dkim_source = decision::DkimSource::verify;
        snapshot.rules.mode = tenant::Mode::monitor;
        snapshot.rules.discovery = discovery;
        snapshot.tenants_are = std::make_shared<const std::atomic<TenantsAre>>(are);
        seeing.use(testing::shared(std::move(snapshot)));
    }
    void send_signed(testing::Mta& mta, std::initializer_list<std::pair<std::string_view, std::string_view>> more = {}) {
        authn::TestMessage message = message_of("newcomer.com");
        sign(message, key, by("newcomer.com"));
        for (const auto& [name, value] : more) message.fields.push_back({std::string(name), std::string(value)});
        mta.greet_and_connect();
        send(mta, message);
    }
    Reason reason() const { return seer.messages.back().decision.reason; }

    Seer seer;
    Judge seeing{seer, network};
};

TEST_F(Sightings, dns_is_waited_for_and_the_verdict_stays) {
    testing::Mta mta(seeing);
    send_signed(mta, {{"X-MS-Exchange-CrossTenant-Id", " 77777777-0000-4000-8000-000000000007"}});
    ASSERT_EQ(seeing.waiting(), 1U);
    EXPECT_TRUE(seer.sightings.empty());
    network.answer(std::string(newcomer_key), txt(key.record()));
    EXPECT_EQ(seeing.waiting(), 0U);
    EXPECT_EQ(reason(), Reason::no_policy);
    ASSERT_EQ(seer.sightings.size(), 1U);
    EXPECT_EQ(seer.sightings.front().author_domain, "newcomer.com");
    EXPECT_EQ(seer.sightings.front().tenant_id->text(), "77777777-0000-4000-8000-000000000007");
}

TEST_F(Sightings, what_dns_does_not_say_shows_nothing) {
    for (const auto& answer : {txt("v=DKIM1; p=AAAA"), authn::DnsAnswer{.status = authn::DnsStatus::temporary_failure},
                               authn::DnsAnswer{.status = authn::DnsStatus::nxdomain}}) {
        testing::Mta mta(seeing);
        send_signed(mta);
        ASSERT_EQ(seeing.waiting(), 1U);
        network.answer(std::string(newcomer_key), answer);
        EXPECT_EQ(reason(), Reason::no_policy);
    }
    EXPECT_TRUE(seer.sightings.empty());
}

TEST_F(Sightings, nobody_is_asked_for_what_cannot_be_one) {
    {
        testing::Mta mta(seeing);
        send_signed(mta, {{"List-Id", " <list.evil.test>"}});
        EXPECT_EQ(seeing.waiting(), 0U);
    }
    use(TenantsAre::current, false);
    testing::Mta mta(seeing);
    send_signed(mta);
    EXPECT_EQ(seeing.waiting(), 0U);
    EXPECT_TRUE(network.held.empty());
    EXPECT_TRUE(seer.sightings.empty());
}

TEST_F(Sightings, tenants_of_yesterday_show_nobody) {
    for (const TenantsAre are : {TenantsAre::stale, TenantsAre::outdated}) {
        use(are);
        testing::Mta mta(seeing);
        send_signed(mta);
        if (seeing.waiting() > 0) network.answer(std::string(newcomer_key), txt(key.record()));
        EXPECT_EQ(reason(), Reason::unavailable);
    }
    EXPECT_TRUE(seer.sightings.empty());
}

}  // namespace
}  // namespace exota::gate
