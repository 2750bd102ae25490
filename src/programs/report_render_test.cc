#include "programs/report_render.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace exota::programs {
namespace {

constexpr ReportColumns all{true, true, true, true, true, true};

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

ReportSum some() {
    ReportSum total(all);
    total.add("verdict=accept judged=reject reason=not-proven missing=dkim tenant=contoso author_domain=contoso.test queue_id=Q1");
    total.add("verdict=accept judged=reject reason=not-proven missing=dkim tenant=contoso author_domain=contoso.test queue_id=Q2");
    total.add("verdict=accept judged=accept reason=authorised tenant=contoso author_domain=contoso.test");
    total.add("another line");
    return total;
}

TEST(ReportRender, TheTableHasTheMissingFactorAndAQueueId) {
    EXPECT_EQ(report_as_table(some()),
              "messages  tenant   author_domain  verdict  judged  reason      missing  queue_id\n"
              "       2  contoso  contoso.test   accept   reject  not-proven  dkim     Q1\n"
              "       1  contoso  contoso.test   accept   accept  authorised  -        -\n"
              "3 messages, 1 other line\n");
}

TEST(ReportRender, JsonHasNullWhereNoQueueIdIsKnown) {
    const boost::json::value read = boost::json::parse(report_as_json(some()));
    const auto& rows = read.at("rows").as_array();
    EXPECT_EQ(rows[0].at("missing").as_string(), "dkim");
    EXPECT_EQ(rows[0].at("queue_id").as_string(), "Q1");
    EXPECT_TRUE(rows[1].at("queue_id").is_null());
    EXPECT_EQ(read.at("other_lines").as_int64(), 1);
}

TEST(ReportRender, HtmlHoldsTheSameRows) {
    const std::string page = report_as_html(some());
    EXPECT_TRUE(page.starts_with("<!DOCTYPE html>\n"));
    EXPECT_EQ(count(page, "<tr"), 3U);
    EXPECT_EQ(count(page,
                    "<tr class=\"reject\"><td>2</td><td>contoso</td><td>contoso.test</td><td>accept</td><td>reject</td>"
                    "<td>not-proven</td><td>dkim</td><td>Q1</td></tr>\n"),
              1U)
        << page;
    EXPECT_EQ(count(page, "3 messages, 1 other line."), 1U);
    for (const std::string_view fetched : {"src=", "href=", "url(", "@import", "<script", "http:", "https:"})
        EXPECT_EQ(count(page, fetched), 0U) << fetched;
}

/// Whatever a log holds in any column is text in the page: it makes no tag, no attribute and no entity.
TEST(ReportRender, HtmlEscapesEveryValue) {
    const std::string usual = report_as_html(some());
    const std::string evil = R"(</td></table><script>alert(1)</script><img src=x onerror='a'> &lt; &#x27; " onload="x)";
    for (const std::string_view column : {"tenant", "author_domain", "verdict", "judged", "reason", "missing", "queue_id"}) {
        boost::json::object line{{"verdict", "accept"}, {"reason", "authorised"}};
        line[boost::json::string_view(column.data(), column.size())] = evil;
        ReportSum total(all);
        total.add(boost::json::serialize(line));
        ASSERT_EQ(total.messages(), 1U);
        const std::string page = report_as_html(total);
        EXPECT_EQ(count(page, "<"),
                  count(usual, "<") - count("<tr><td></td><td></td><td></td><td></td><td></td><td></td><td></td><td></td></tr>", "<"))
            << page;
        EXPECT_EQ(count(page, "&lt;/td&gt;&lt;/table&gt;&lt;script&gt;"), column == "verdict" ? 2U : 1U)
            << "judged is verdict where it is not written";
        EXPECT_EQ(count(page, "&amp;lt; &amp;#x27; "), column == "verdict" ? 2U : 1U);
        EXPECT_EQ(count(page, "onerror='"), 0U);
    }
}

ReportSum with_own_domains() {
    ReportSum total(all);
    for (const char* from : {"bounces@Lists.test", "x@lists.test", "y@shop.test"})
        total.add("verdict=accept judged=reject reason=own-domain tenant=contoso author_domain=contoso.test queue_id=Q1 mail_from=" +
                  std::string(from));
    total.add("verdict=accept judged=reject reason=own-domain tenant=contoso author_domain=contoso.test mail_from=\"\"");
    total.add("verdict=accept judged=accept reason=own-domain tenant=contoso author_domain=contoso.test mail_from=z@marked.test");
    total.add("verdict=reject reason=dmarc-failed author_domain=other.test mail_from=z@other.test");
    return total;
}

TEST(ReportRender, OwnDomainsAreListedBySender) {
    const std::string table = report_as_table(with_own_domains());
    EXPECT_NE(table.find("\nmessages  author_domain  sender      queue_id\n"
                         "       2  contoso.test   lists.test  Q1\n"
                         "       1  contoso.test   -           -\n"
                         "       1  contoso.test   shop.test   Q1\n"),
              std::string::npos)
        << table;
    EXPECT_NE(table.find("arc.trusted_sealers"), std::string::npos) << "the ways out";
    EXPECT_EQ(table.find("marked.test"), std::string::npos);
    const boost::json::value read = boost::json::parse(report_as_json(with_own_domains()));
    const auto& rows = read.at("own_domains").as_array();
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].at("sender").as_string(), "lists.test");
    EXPECT_EQ(rows[0].at("messages").as_int64(), 2);
    EXPECT_TRUE(rows[1].at("queue_id").is_null());
    const std::string html = report_as_html(with_own_domains());
    EXPECT_NE(html.find("<tr><td>2</td><td>contoso.test</td><td>lists.test</td><td>Q1</td></tr>"), std::string::npos) << html;
    EXPECT_EQ(report_as_table(some()).find("sender"), std::string::npos) << "nothing where there are none";
}

TEST(ReportRender, NothingMovesACursor) {
    ReportSum total(all);
    total.add(R"({"verdict":"accept","reason":"authorised","author_domain":"a\u001b[2K\nb"})");
    EXPECT_EQ(count(report_as_table(total), "\x1b"), 0U);
    EXPECT_EQ(count(report_as_table(total), "\n"), 3U);
    EXPECT_EQ(count(report_as_html(total), "\x1b"), 0U);
}

}  // namespace
}  // namespace exota::programs
