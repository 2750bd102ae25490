// What a collector says when no more than the envelope sender is there.
#include <gtest/gtest.h>

#include "evidence/collector.h"

namespace exota::evidence {
namespace {

TEST(CollectorAtMail, says_what_is_known_and_goes_on) {
    const MessageLimits limits;
    Collector collector(limits);
    EXPECT_EQ(collector.at_mail(), Evidence{});
    collector.connected({Observed<base::IpAddress>{*base::IpAddress::parse("192.0.2.1"), Source::mta}, "client.test"}, "gateway");
    collector.mail("<a@contoso.test>");
    collector.xoorg("Contoso.test", Source::smtp_parameter);
    collector.queue_id("Q1");
    const Evidence at_mail = collector.at_mail();
    EXPECT_EQ(at_mail.session, collector.session());
    EXPECT_EQ(at_mail.envelope.reverse_path, "a@contoso.test");
    EXPECT_EQ(at_mail.envelope.queue_id, "Q1");
    ASSERT_NE(value_of(at_mail.envelope.xoorg), nullptr);
    EXPECT_EQ(value_of(at_mail.envelope.xoorg)->text(), "contoso.test");
    EXPECT_EQ(collector.at_mail(), at_mail) << "nothing was taken away";
    collector.header_field("From", "a@contoso.test");
    EXPECT_EQ(collector.at_mail(), at_mail) << "and nothing of the header is in it";
    const Evidence whole = collector.finish();
    EXPECT_EQ(whole.envelope, at_mail.envelope);
    EXPECT_EQ(whole.header.from_count, 1U);
    collector.mail('<' + std::string(max_path_octets + 1, 'a') + '>');
    EXPECT_EQ(collector.at_mail().too_complex, "octets of the reverse-path above 1024");
}

TEST(CollectorAtMail, evidence_that_stays_is_what_finish_gives) {
    const MessageLimits limits;
    const auto fill = [](Collector& collector) {
        collector.connected({Observed<base::IpAddress>{*base::IpAddress::parse("192.0.2.1"), Source::mta}, "client.test"},
                            "Postfix 3.7.11");
        collector.mail("<a@contoso.test>");
        collector.recipient("<b@partner.test>");
        collector.header_field("From", "a@contoso.test");
        collector.header_field("Subject", "one");
        collector.header_field("Subject", "two");
        collector.header_field("Auto-Submitted", "auto-replied");
    };
    Collector elsewhere(limits);
    fill(elsewhere);
    const Evidence want = elsewhere.finish();

    Evidence stays;
    Collector collector(limits, {}, stays);
    fill(collector);
    EXPECT_EQ(stays.envelope, want.envelope) << "session and envelope are there as they come";
    EXPECT_EQ(stays.session, want.session);
    collector.complete();
    EXPECT_EQ(stays, want);

    collector.header_field("From", "b@fabrikam.test");
    collector.recipient("<c@partner.test>");
    collector.xoorg("fabrikam.test", Source::mta);
    collector.queue_id("late");
    collector.reset_message();
    collector.mail("<>");
    collector.complete();
    EXPECT_EQ(stays, want) << "whoever comes too late changes nothing of what is being judged";

    Evidence none;
    Collector(limits, {}, none).complete();
    EXPECT_EQ(none, Collector(limits).finish());

    Evidence dropped;
    Collector aborted(limits, {}, dropped);
    fill(aborted);
    aborted.reset_message();
    Evidence session_alone;
    session_alone.session = want.session;
    EXPECT_EQ(dropped, session_alone);
}

TEST(CollectorAtMail, takes_a_plain_name_for_what_the_caller_says) {
    const MessageLimits limits;
    const auto is_unreadable = [&limits](std::string_view name, Collector::NameIs name_is) {
        Collector collector(limits);
        collector.mail("<>");
        collector.header_field(name, "x", name_is);
        return collector.finish().header.unreadable_field_name;
    };
    using enum Collector::NameIs;
    EXPECT_FALSE(is_unreadable("Subject", unknown));
    EXPECT_FALSE(is_unreadable("Subject", plain));
    EXPECT_TRUE(
        is_unreadable("S\xc3\xbc"
                      "bject",
                      unknown));
    EXPECT_TRUE(is_unreadable("S\tbject", unknown));
    EXPECT_TRUE(is_unreadable("", unknown));
}

}  // namespace
}  // namespace exota::evidence
