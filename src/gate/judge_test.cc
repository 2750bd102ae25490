#include "gate/judge.h"

#include <gtest/gtest.h>

#include "gate/session_fixture.h"
#include "gate/verification.h"

namespace exota::gate {
namespace {

using decision::DkimSource;
using decision::Reason;
using decision::Verdict;

evidence::Evidence message_of(std::string_view domain, std::uint32_t recipients = 1) {
    const evidence::MessageLimits limits;
    evidence::Collector collector(limits);
    collector.connected({evidence::Observed<base::IpAddress>{*base::IpAddress::parse("192.0.2.1"), evidence::Source::mta}, "client.test"},
                        "Postfix 3.7.11");
    evidence::Tls tls;
    tls.version = "TLSv1.3";
    tls.certificate_name = evidence::Observed<std::string>{"mail.protection.outlook.com", evidence::Source::mta};
    collector.tls(tls);
    collector.mail("<a@b.test>");
    for (std::uint32_t i = 0; i < recipients; ++i) collector.recipient("<r@d.test>");
    collector.header_field("Authentication-Results", "mx.test; dkim=pass header.d=" + std::string(domain));
    collector.header_field("DKIM-Signature", testing::signature_of(domain));
    collector.header_field("From", "jane@" + std::string(domain));
    return collector.finish();
}

class Judging : public ::testing::Test {
protected:
    testing::Recorder recorder;
    StillWorld world;
    Judge judge{recorder, world};
    std::shared_ptr<const Snapshot> snapshot = testing::shared(testing::snapshot_of(testing::index_of(testing::tenants_text)));

    HoldQueue hold_queue = HoldQueue::offered;

    decision::Decision decided(evidence::Evidence evidence) {
        auto submission = std::make_shared<Submission>(snapshot);
        submission->evidence = std::move(evidence);
        submission->front.hold_queue = hold_queue;
        std::optional<decision::Decision> verdict;
        judge.judge(std::move(submission), [&](std::optional<decision::Decision>&& d) { verdict = std::move(d); });
        EXPECT_TRUE(verdict);
        return verdict.value_or(decision::Decision{});
    }
};

TEST_F(Judging, tells_the_observer_what_it_tells_the_session) {
    EXPECT_EQ(decided(message_of("contoso.test")).verdict, Verdict::accept);
    EXPECT_EQ(decided(message_of("nobody.test")).verdict, Verdict::reject);
    ASSERT_EQ(recorder.messages.size(), 2u);
    EXPECT_EQ(recorder.messages[0].decision.reason, Reason::authorised);
    EXPECT_EQ(recorder.messages[1].decision.reason, Reason::no_policy);
}

TEST_F(Judging, without_a_hold_queue_a_quarantine_is_told_and_counted_as_the_temporary_failure_that_it_is) {
    gate::Snapshot held = testing::snapshot_of(testing::index_of(testing::tenants_text));
    held.rules.mode = tenant::Mode::quarantine;
    snapshot = testing::shared(std::move(held));
    const decision::Decision usual = decided(message_of("nobody.test"));
    EXPECT_EQ(usual.verdict, Verdict::accept);
    EXPECT_TRUE(usual.quarantine);
    hold_queue = HoldQueue::none;
    const decision::Decision refused = decided(message_of("nobody.test"));
    EXPECT_EQ(refused.verdict, Verdict::tempfail);
    EXPECT_EQ(refused.judged, Verdict::reject);
    EXPECT_FALSE(refused.quarantine);
    EXPECT_TRUE(refused.header_edits.empty());
    ASSERT_TRUE(refused.reply);
    EXPECT_EQ(refused.reply->line(),
              "451 4.7.1 no-policy: no tenant may use this domain here; it was to be held, but the MTA offers no hold queue (domain "
              "nobody.test, id none)");
    EXPECT_EQ(recorder.messages.back().decision.verdict, Verdict::tempfail);
    EXPECT_EQ(decided(message_of("contoso.test")).verdict, Verdict::accept) << "what is authorised is not held";
}

TEST_F(Judging, a_directory_that_cannot_be_asked_defers) {
    snapshot = testing::shared(testing::snapshot_of(nullptr));
    const auto decision = decided(message_of("contoso.test"));
    EXPECT_EQ(decision.verdict, Verdict::tempfail);
    EXPECT_EQ(decision.reason, Reason::unavailable);
}

TEST_F(Judging, limits_count_authorised_messages_only) {
    for (int i = 0; i < 5; ++i) {
        auto forged = message_of("fabrikam.test");
        forged.session.tls = {};
        EXPECT_EQ(decided(std::move(forged)).verdict, Verdict::reject);
    }
    EXPECT_EQ(decided(message_of("fabrikam.test")).verdict, Verdict::accept);
    EXPECT_EQ(decided(message_of("fabrikam.test")).verdict, Verdict::accept);
    const auto third = decided(message_of("fabrikam.test"));
    EXPECT_EQ(third.verdict, Verdict::tempfail);
    EXPECT_EQ(third.reason, Reason::limit_exceeded);
    ASSERT_TRUE(third.reply);
    EXPECT_EQ(third.reply->code, 452);
    EXPECT_EQ(recorder.messages.back().decision.reason, Reason::limit_exceeded);
    world.clock += std::chrono::hours(2);
    EXPECT_EQ(decided(message_of("fabrikam.test")).verdict, Verdict::accept) << "another hour";
}

TEST(Snapshots, want_the_body_only_to_verify_it) {
    Snapshot snapshot;
    struct Case {
        DkimSource source;
        bool body;
    };
    for (const Case& c : {Case{DkimSource::authentication_results, false}, Case{DkimSource::verify, true}, Case{DkimSource::both, true}}) {
        snapshot.rules.dkim_source = c.source;
        EXPECT_EQ(wants_body(snapshot, Door::relay), c.body);
    }
}

}  // namespace
}  // namespace exota::gate
