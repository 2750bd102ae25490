#include "programs/report_sum.h"

#include <gtest/gtest.h>

namespace exota::programs {
namespace {

TEST(ReportSum, ReadsBothFormatsAndNothingElse) {
    const struct {
        std::string_view line;
        std::string_view tenant, domain, verdict, judged, reason;  // no verdict: foreign
        std::string_view missing = "", queue_id = "";
    } cases[] = {
        {"event=message verdict=accept judged=reject reason=not-proven tenant=contoso author_domain=contoso.com", "contoso", "contoso.com",
         "accept", "reject", "not-proven"},
        {"Nov 21 10:00:00 mx exota[7]: verdict=reject reason=no-policy author_domain=x.test", "", "x.test", "reject", "reject",
         "no-policy"},
        {R"({"verdict":"tempfail","judged":"tempfail","reason":"unavailable","tenant":"a","author_domain":"a.test","n":1})", "a", "a.test",
         "tempfail", "tempfail", "unavailable"},
        {R"(Nov 21 mx exota: {"verdict":"accept","judged":"accept","reason":"authorised"})", "", "", "accept", "accept", "authorised"},
        // A value that holds another pair is one value.
        {R"(verdict=reject why="reason=authorised verdict=accept" reason=not-proven)", "", "", "reject", "reject", "not-proven"},
        {R"(verdict=reject why="\" reason=authorised" reason=not-proven)", "", "", "reject", "reject", "not-proven"},
        {R"(verdict=reject tenant="a \"b\"\u2028\n" reason=not-proven)", "a \"b\"\xe2\x80\xa8\n", "", "reject", "reject", "not-proven"},
        {R"({"verdict":"reject","tenant":"a \"b\"\u2028\n","reason":"not-proven"})", "a \"b\"\xe2\x80\xa8\n", "", "reject", "reject",
         "not-proven"},
        {"verdict=reject reason=not-proven verdict=accept", "", "", "reject", "reject", "not-proven"},
        {"postfix/smtpd[1]: connect from unknown[192.0.2.1]", "", "", "", "", ""},
        {"verdict=reject reason=not-proven queue_id=4XyZ missing=dkim-aligned", "", "", "reject", "reject", "not-proven", "dkim-aligned",
         "4XyZ"},
        {R"({"verdict":"reject","reason":"not-proven","missing":"dkim","queue_id":"A1"})", "", "", "reject", "reject", "not-proven", "dkim",
         "A1"},
        // The first of equal names counts: what a sender wrote stands behind what we did, and in quotes.
        {R"(verdict=reject reason=not-proven queue_id=A1 helo="queue_id=B2 missing=spf" queue_id=C3)", "", "", "reject", "reject",
         "not-proven", "", "A1"},
        {"event=started verdict=", "", "", "", "", ""},
        {"{\"verdict\": \"accept\"}", "", "", "", "", ""},
        {"{\"verdict\": ", "", "", "", "", ""},
        {"verdict=\"accept", "", "", "", "", ""},
        {"", "", "", "", "", ""},
    };
    for (const auto& c : cases) {
        const auto line = parse_log_line(c.line);
        ASSERT_EQ(line.has_value(), !c.verdict.empty()) << c.line;
        if (!line) continue;
        EXPECT_EQ(line->key, (ReportKey{std::string(c.tenant), std::string(c.domain), std::string(c.verdict), std::string(c.judged),
                                        std::string(c.reason), std::string(c.missing)}))
            << c.line;
        EXPECT_EQ(line->queue_id, c.queue_id) << c.line;
    }
}

TEST(ReportSum, AGatewaysMessagesAreKeptApartByGatewayAndStage) {
    ReportColumns by{};
    by[6] = by[7] = true;
    ReportSum total(by);
    total.add("verdict=reject reason=no-policy queue_id=Q1 front=gateway gateway=exchange stage=mail backend=192.0.2.2:25");
    total.add(R"({"verdict":"reject","reason":"no-policy","front":"gateway","gateway":"exchange","stage":"mail"})");
    total.add("verdict=accept reason=authorised front=gateway gateway=exchange stage=header");
    total.add("verdict=accept reason=authorised");
    const auto rows = total.rows();
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].messages, 2U);
    EXPECT_EQ(rows[0].key, (ReportKey{"", "", "", "", "", "", "exchange", "mail"}));
    EXPECT_EQ(rows[1].key, ReportKey{}) << "a milter's";
    EXPECT_EQ(rows[2].key[7], "header");
}

TEST(ReportSum, SumsByTheColumnsAskedFor) {
    ReportSum by_reason({false, false, false, false, true, false});
    by_reason.add("verdict=reject reason=not-proven tenant=a");
    by_reason.add("verdict=accept reason=authorised tenant=a");
    by_reason.add("verdict=accept reason=authorised tenant=b queue_id=Q2");
    by_reason.add("verdict=accept reason=authorised tenant=c queue_id=Q3");
    by_reason.add("nonsense");
    by_reason.add("   ");
    const auto rows = by_reason.rows();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].messages, 3U);
    EXPECT_EQ(rows[0].queue_id, "Q2") << "the first that there is";
    EXPECT_EQ(rows[1].queue_id, "");
    EXPECT_EQ(rows[0].key[4], "authorised");
    EXPECT_EQ(by_reason.messages(), 4U);
    EXPECT_EQ(by_reason.foreign_lines(), 1U);
}

TEST(ReportSum, GroupsAreBounded) {
    ReportSum total({false, true, false, false, false, false}, 10);
    for (int i = 0; i < 10; ++i) total.add("verdict=reject reason=no-policy author_domain=d" + std::to_string(i));
    EXPECT_EQ(total.rows().size(), 10U);
    for (int i = 10; i < 15; ++i) total.add("verdict=reject reason=no-policy author_domain=d" + std::to_string(i));
    total.add("verdict=reject reason=no-policy author_domain=d3");
    EXPECT_EQ(total.rows().size(), 11U);
    EXPECT_EQ(total.rows().front().messages, 5U);
    EXPECT_EQ(total.rows().front().key[1], "(more)");
    EXPECT_EQ(total.messages(), 16U);
}

}  // namespace
}  // namespace exota::programs
