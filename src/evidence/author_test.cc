#include "evidence/author.h"

#include <gtest/gtest.h>

#include "evidence/collector.h"
#include "evidence/json.h"

namespace exota::evidence {
namespace {

TEST(Author, one_field_with_one_mailbox_or_why_not) {
    const struct {
        const char* name;
        std::vector<std::string> from;
        std::uint32_t count;
        std::string_view author, why;
    } cases[] = {
        {"one", {"Jane <j@Contoso.com>"}, 1, "j@contoso.com", ""},
        {"none", {}, 0, "", "no From field"},
        {"one that was not kept", {}, 1, "", "no From field"},
        {"two", {"a@x.example", "b@x.example"}, 2, "", "more than one From field"},
        {"two alike", {"a@x.example", "a@x.example"}, 2, "", "more than one From field"},
        {"two, of which one was kept", {"a@x.example"}, 2, "", "more than one From field"},
        {"two, as somebody wrote them down", {"a@x.example", "b@x.example"}, 0, "", "more than one From field"},
        {"two mailboxes", {"a@x.example, b@x.example"}, 1, "", "more than one mailbox"},
        {"nothing", {""}, 1, "", "no address"},
    };
    for (const auto& c : cases) {
        Header header;
        header.from = c.from;
        header.from_count = c.count;
        const Fact<mail::Mailbox> author = author_of(header, {});
        const mail::Mailbox* const mailbox = value_of(author);
        EXPECT_EQ(mailbox != nullptr ? mailbox->text() : "", c.author) << c.name;
        EXPECT_EQ(why_no_author(author), c.why) << c.name;
    }
}

/// Blanks before an address count for the line's length, though they are not kept otherwise.
TEST(Author, leading_blanks_do_not_hide_how_long_a_line_is) {
    const MessageLimits limits;  // outlives the collector
    const std::string address = "j@contoso.com";
    const auto gather = [&](std::size_t octets) {
        Collector collector(limits);
        collector.mail("<>");
        collector.header_field("From", std::string(octets - address.size(), ' ') + address);
        return collector.finish();
    };
    const Header most = gather(mail::max_author_line_octets).header;
    EXPECT_EQ(most.from, std::vector{address});
    EXPECT_NE(value_of(most.author), nullptr);
    const Evidence more = gather(mail::max_author_line_octets + 1);
    EXPECT_EQ(why_no_author(more.header.author), "a line of more than 900 octets");
    EXPECT_EQ(from_json(to_json(more)), more);
}

/// What stands behind the cut would be the rest of the domain.
TEST(Author, is_none_in_a_field_that_the_MTA_may_cut) {
    const MessageLimits limits;  // outlives the collector
    const auto gather = [&](const std::string& from, std::string_view mta) {
        Collector collector(limits);
        collector.connected({}, mta);
        collector.mail("<>");
        collector.header_field("From", " " + from);
        return collector.finish();
    };
    const std::string address = " <j@x.example>";
    const auto named = [&](std::size_t octets) { return std::string(octets - address.size(), 'a') + address; };
    const std::string most = named(max_rewritten_author_octets),
                      escaped = std::string(60, '\xe4') + "\"" + std::string(28, '\\') + "\"" + std::string(36, 'a') + address;
    ASSERT_EQ(escaped.size() + 90, max_rewritten_author_octets);
    for (const std::string_view mta : {"8.17.1.9", "Postfix 3.7.11", "8mail 3.7.11", ""}) {
        for (const std::string& from : {most, escaped}) EXPECT_NE(value_of(gather(from, mta).header.author), nullptr) << mta;
        for (const std::string& from : {'a' + most, 'a' + escaped}) {
            const Evidence seen = gather(from, mta);
            EXPECT_EQ(value_of(seen.header.author) == nullptr, mta == "8.17.1.9") << mta;
            EXPECT_EQ(from_json(to_json(seen)), seen) << mta;
        }
    }
}

/// Where another reader ends the header above From, the message has no author for him.
TEST(Author, is_refused_below_a_name_that_ends_the_header_for_some) {
    const MessageLimits limits;  // outlives the collector
    const auto why = [&](const std::string& name) {
        Collector collector(limits);
        collector.mail("<>");
        collector.header_field(name, "x");
        collector.header_field("From", "j@contoso.com");
        return collector.finish().too_complex;
    };
    const std::string most(max_field_name_octets, 'x');
    for (const std::string& name : {most, std::string("-x--"), std::string("X--")}) EXPECT_EQ(why(name), "") << name;
    EXPECT_EQ(why(most + 'x'), "octets of a field name above 100");
    EXPECT_EQ(why("x" + std::string(max_field_name_octets, ' ')), "octets of a field name above 100") << "they put the colon off as well";
    EXPECT_EQ(why("--x"), "a field name that begins with --");
}

/// Whoever makes evidence of a whole header reads its author, and nobody behind reads From again.
TEST(Author, is_read_by_the_collector_and_from_json) {
    const MessageLimits limits;  // outlives the collector
    Collector collector(limits);
    collector.mail("<>");
    collector.header_field("From", " j@contoso.com");
    const Evidence seen = collector.finish();
    ASSERT_NE(value_of(seen.header.author), nullptr);
    EXPECT_EQ(value_of(seen.header.author)->text(), "j@contoso.com");
    const auto read = from_json(R"({"header": {"from": ["j@contoso.com"], "from_count": 1}})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->header.author, seen.header.author);
    EXPECT_EQ(from_json(to_json(seen)), seen);
    EXPECT_FALSE(from_json(R"({"header": {"author": null}})")) << "it follows from the fields, so that the two cannot differ";
}

}  // namespace
}  // namespace exota::evidence
