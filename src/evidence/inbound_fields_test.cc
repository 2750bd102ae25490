// What an inbound door looks at of a header, and nobody else.
#include "evidence/inbound_fields.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "evidence/collector.h"
#include "evidence/json.h"

namespace exota::evidence {
namespace {

Evidence collected(const std::vector<std::string_view>& lines, Collector::Interests interests = Collector::Interests()) {
    static const MessageLimits limits;
    Collector collector(limits, interests);
    collector.mail("<a@a.example>");
    for (std::string_view line : lines) {
        const std::string_view name = base::take_until(line, ':');
        collector.header_field(name, line);
    }
    return collector.finish();
}

TEST(InboundFields, the_topmost_results_without_an_id_are_eops) {
    const Evidence evidence = collected(
        {"Authentication-Results: mx.example; dkim=pass header.d=a.example", "X-Forefront-Antispam-Report: CIP:192.0.2.1;DIR:INB;",
         "Authentication-Results: dmarc=fail action=oreject header.from=a.example",
         "Authentication-Results: dmarc=pass header.from=a.example", "X-Forefront-Antispam-Report: CIP:192.0.2.2;DIR:OUT;",
         "x-microsoft-antispam : BCL:3;", "X-MS-Exchange-Authentication-Results: spf=fail", "Authentication-Results-Original: dmarc=pass"});
    ASSERT_TRUE(evidence.header.eop);
    const Eop& eop = *evidence.header.eop;
    EXPECT_EQ(eop.field, 2U);
    const EopReading reading = reading_of(eop);
    EXPECT_EQ(reading.dmarc, "fail");
    EXPECT_EQ(reading.direction, "INB");
    EXPECT_EQ(bulk_level_of(eop), 3U);
    EXPECT_EQ(eop.outbound_results, "spf=fail");
    EXPECT_EQ(from_json(to_json(evidence))->header.eop, eop);
}

TEST(InboundFields, what_cannot_be_read_is_shown) {
    const Evidence evidence =
        collected({"Authentication-Results: dmarc=passed", "X-Forefront-Antispam-Report: CIP", "Authentication-Results: dmarc=pass"});
    EXPECT_EQ(evidence.header.eop->field, 1U);
    EXPECT_EQ(evidence.header.eop->unreadable, "unknown result: dmarc=passed");
    EXPECT_EQ(evidence.header.eop->report_unreadable, "a pair without ':': CIP");
    EXPECT_TRUE(reading_of(*evidence.header.eop).dmarc.empty()) << "a field below never takes its place";
}

TEST(InboundFields, nothing_said_is_none) {
    EXPECT_FALSE(collected({"From: a@a.example", "Authentication-Results: mx.example; none"}).header.eop);
    EXPECT_TRUE(collected({"X-Microsoft-Antispam: BCL:0;"}).header.eop);
}

TEST(InboundFields, nobody_who_does_not_ask_has_them) {
    const std::vector<std::string_view> lines{"Authentication-Results: dmarc=pass", "X-Forefront-Antispam-Report: CIP:192.0.2.1;DIR:INB;",
                                              "List-Id: <a>", "X-ExOTA-Disposition: quarantine"};
    const Evidence relay = collected(lines, {.eop = false, .indirect = false});
    EXPECT_FALSE(relay.header.eop);
    EXPECT_FALSE(relay.header.inbound);
    EXPECT_FALSE(to_json(relay).contains("\"eop\"") || to_json(relay).contains("\"inbound\""));
    const Evidence factor = collected(lines, {.indirect = false});
    EXPECT_TRUE(factor.header.eop && !factor.header.inbound);
}

TEST(InboundFields, marks_of_an_indirect_way) {
    struct Case {
        std::string_view line, mark;
    };
    const Case cases[] = {
        {"List-Id: <list.example>", "List-Id"},
        {"list-post : <mailto:a@b.example>", "List-Post"},
        {"X-BeenThere: a@b.example", "X-BeenThere"},
        {"Resent-From: a@b.example", "Resent-From"},
        {"X-Forwarded-To: a@b.example", "X-Forwarded-To"},
        {"ARC-Seal: i=1; a=rsa-sha256; d=list.example; s=x; cv=none; b=A", "ARC-Seal"},
        {"ARC-Seal: i=2; a=rsa-sha256; d=microsoft.com; s=x; cv=pass; b=A", "ARC-Seal"},
        {"ARC-Seal: i=1; a=rsa-sha256; d=notmicrosoft.com; s=x; cv=none; b=A", "ARC-Seal"},
        {"ARC-Seal: i=1; a=rsa-sha256; d=Microsoft.com; s=x; cv=none; b=A", ""},
        {"ARC-Seal: i=1; d=arc.microsoft.com; b=A", ""},
        {"ARC-Seal: i=2; b=A", ""},
        {"ARC-Seal: d=list.example; b=A", ""},
        {"ARC-Seal: ;;;", ""},
        {"List-Unsubscribe: <x>", ""},
        {"X-BeenThere-Not: x", ""},
        {": x", ""},
    };
    for (const Case& c : cases) {
        const Evidence evidence = collected({c.line, c.line});
        const std::vector<std::string> want = c.mark.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::string(c.mark)};
        EXPECT_EQ(evidence.header.inbound->indirect_marks, want) << c.line;
    }
}

TEST(InboundFields, dispositions_are_counted_in_any_spelling) {
    const Evidence evidence = collected({"X-ExOTA-Disposition: quarantine", "x-exota-disposition : none", "X-ExOTA-Dispositions: x"});
    EXPECT_EQ(evidence.header.inbound->disposition_count, 2U);
    EXPECT_EQ(from_json(to_json(evidence))->header.inbound, evidence.header.inbound);
}

TEST(InboundFields, the_first_mark_of_a_forwarder_is_kept) {
    const struct {
        std::string_view line, want;
    } cases[] = {
        {"Resent-Message-ID: <1@a.example>", "Resent-Message-ID"},
        {"x-forwarded-for: a@a.example", "x-forwarded-for"},
        {"List-Unsubscribe: <mailto:a@a.example>", "List-Unsubscribe"},
        {"X-MS-Exchange-ForwardingLoop : a@a.example", "X-MS-Exchange-ForwardingLoop"},
        {"X-BeenThere: l@a.example", "X-BeenThere"},
        {"ARC-Seal: i=1; d=a.example; cv=none", "ARC-Seal"},
        {"ARC-Seal: i=2; d=microsoft.com; cv=pass", "ARC-Seal"},
        {"ARC-Seal: i=1; d=microsoft.com; cv=none", ""},
        {"X-Forward: a@a.example", ""},
        {"Listing: x", ""},
        {"Sender: a@a.example", ""},
    };
    for (const auto& c : cases) {
        const Evidence evidence = collected({c.line, "List-Id: <later>"});
        EXPECT_EQ(evidence.header.forward_mark, c.want.empty() ? "List-Id" : c.want) << c.line;
        EXPECT_EQ(from_json(to_json(evidence))->header.forward_mark, evidence.header.forward_mark);
        EXPECT_EQ(collected({c.line}, {.forward_mark = false}).header.forward_mark, "") << "nobody looked";
    }
    for (const std::size_t octets : {max_forward_mark_octets, max_forward_mark_octets + 1}) {
        const std::string line = "List-" + std::string(octets - 5, 'x') + ": 1";
        EXPECT_EQ(collected({line}).header.forward_mark.size(), max_forward_mark_octets) << octets;
    }
    EXPECT_TRUE(is_forward_mark("ARC-Seal", "i=1; d=microsoft.com; cv=none", false)) << "it may be anybody's";
}

TEST(InboundFields, above_a_limit_nothing_is_looked_at_and_all_is_counted) {
    const MessageLimits limits{.header_fields = 1};
    Collector collector(limits);
    collector.mail("<a@a.example>");
    collector.header_field("From", "a@a.example");
    collector.header_field("X-Forefront-Antispam-Report", "DIR:INB;");
    collector.header_field("X-ExOTA-Disposition", "quarantine");
    const Evidence evidence = collector.finish();
    EXPECT_TRUE(evidence.header.eop->report.empty());
    EXPECT_FALSE(evidence.header.eop->report_unreadable.empty());
    EXPECT_EQ(evidence.header.inbound->disposition_count, 1U);
}

}  // namespace
}  // namespace exota::evidence
