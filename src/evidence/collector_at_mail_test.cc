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

}  // namespace
}  // namespace exota::evidence
