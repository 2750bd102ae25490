#include "gate/passed_header.h"

#include <gtest/gtest.h>

namespace exota::gate {
namespace {

using By = smtp::EndOfHeader::By;
using mail::EditOp;
using mail::HeaderEdit;

const std::vector<std::string> trusted{"mx.test"};
const OwnIds own{.authserv_id = "gw.test", .trusted = trusted};

std::string passed(std::string_view fields, const std::vector<HeaderEdit>& edits = {}, std::string_view received = {},
                   By by = By::empty_line) {
    std::string out;
    smtp::DataWriter writer;
    append_header(out, writer, {.fields = fields, .ended_by = by, .edits = edits, .own = own, .received = received});
    return out;
}

TEST(PassedHeader, what_nobody_touches_stays_octet_for_octet) {
    constexpr std::string_view fields = "From: a@b.test\r\nSubject : folded\r\n\tand on\r\n  and on\r\nX:\r\nX-8: \xff\r\n";
    EXPECT_EQ(passed(fields), std::string(fields) + "\r\n");
    EXPECT_EQ(passed(fields, {}, {}, By::no_field), std::string(fields) + "\r\n") << "the body's first line must not be taken for a field";
    EXPECT_EQ(passed(fields, {}, {}, By::end_of_message), fields);
    EXPECT_EQ(passed(""), "\r\n");
}

TEST(PassedHeader, edits_are_carried_out_in_their_order) {
    EXPECT_EQ(passed("A: 1\r\na : 2\r\nB: 3\r\nA: 4\r\n", {{EditOp::remove, 3, "A", ""},
                                                           {EditOp::remove, 2, "a", ""},
                                                           {EditOp::insert, 0, "Top", "t"},
                                                           {EditOp::add, 0, "End", "one;\n  two"}}),
              "Top: t\r\nA: 1\r\nB: 3\r\nEnd: one;\r\n  two\r\n\r\n");
    EXPECT_EQ(passed("A: 1\r\n", {{EditOp::remove, 2, "A", ""}, {EditOp::insert, 9, "Z", "z"}}), "A: 1\r\nZ: z\r\n\r\n");
}

TEST(PassedHeader, a_hundred_thousand_fields_that_go_are_gone_through_once) {
    std::string fields = "From: a@b.test\r\n";
    std::vector<HeaderEdit> edits;
    constexpr std::uint32_t count = 100'000;  // one pass for each would be ten thousand million looks
    for (std::uint32_t index = count; index > 0; --index) {
        fields += "X-ExOTA:x\r\n";
        edits.push_back({EditOp::remove, index, "X-ExOTA", ""});
    }
    EXPECT_EQ(passed(fields + "To: c@d.test\r\n", edits), "From: a@b.test\r\nTo: c@d.test\r\n\r\n");
}

TEST(PassedHeader, received_stands_below_what_the_decision_inserts_and_above_all_else) {
    EXPECT_EQ(passed("Received: old\r\n", {{EditOp::insert, 0, "Authentication-Results", "gw.test; x-exota=pass"}}, "from a\n\tby b"),
              "Authentication-Results: gw.test; x-exota=pass\r\nReceived: from a\r\n\tby b\r\nReceived: old\r\n\r\n");
}

TEST(PassedHeader, results_that_could_be_taken_for_the_operators_own_are_removed) {
    const struct {
        std::string_view value;
        bool removed;
    } cases[] = {
        {" mx.test; dkim=pass header.d=contoso.test", true},
        {" MX.Test; none", true},
        {" \"mx.test\"; none", true},
        {" mx.test/4ABC; none", true},
        {" \"mx.test/4ABC\"; none", true},
        {" (a comment) mx.test; none", true},
        {"\r\n\tmx.test; none", true},
        {" gw.test; dkim=pass header.d=contoso.test", true},
        {" gw.test.; none", true},
        {" other.test; dkim=pass header.d=contoso.test", false},
        {" xmx.test; none", false},
        {" mx.test.example; none", false},
        {" spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=x; dkim=none", true},  // cannot be parsed
        {"", true},
        {" mx.test; dkim=\"open", true},
    };
    for (const auto& c : cases) {
        const std::string field = "Authentication-Results:" + std::string(c.value) + "\r\n";
        EXPECT_EQ(passed(field + "From: a\r\n"), c.removed ? "From: a\r\n\r\n" : field + "From: a\r\n\r\n") << c.value;
        std::string spelled = field;
        spelled.replace(0, 22, "authentication-RESULTS ");
        EXPECT_EQ(passed(spelled), c.removed ? "\r\n" : spelled + "\r\n") << c.value;
    }
}

TEST(PassedHeader, the_decisions_numbers_are_those_of_what_came_in) {
    // The first is foreign and stays, the second is removed by the decision, the third by us.
    EXPECT_EQ(passed("Authentication-Results: other.test; none\r\nAuthentication-Results: third.test; none\r\n"
                     "Authentication-Results: mx.test; none\r\n",
                     {{EditOp::remove, 2, "Authentication-Results", ""}}),
              "Authentication-Results: other.test; none\r\n\r\n");
}

TEST(PassedHeader, what_we_remove_makes_no_field_an_mboxs_line) {
    const std::string ours = "Authentication-Results: mx.test; none\r\n";
    EXPECT_EQ(passed(ours + "From : a@b.test\r\nTo: c\r\n"), "From: a@b.test\r\nTo: c\r\n\r\n");
    EXPECT_EQ(passed(ours + ">From \t: x:y\r\nFrom : a@b.test\r\n"), ">From: x:y\r\nFrom : a@b.test\r\n\r\n");
    EXPECT_EQ(passed(ours + "From\t: a@b.test\r\n"), "From\t: a@b.test\r\n\r\n");
    EXPECT_EQ(passed("To: c\r\nFrom : a@b.test\r\n"), "To: c\r\nFrom : a@b.test\r\n\r\n");
    EXPECT_EQ(passed("From : a@b.test\r\n", {}, "from a"), "Received: from a\r\nFrom : a@b.test\r\n\r\n");
}

TEST(PassedHeader, a_line_that_is_a_dot_is_none_of_the_messages_end) {
    EXPECT_EQ(passed("A: 1\r\n", {{EditOp::add, 0, "B", "x\n."}}), "A: 1\r\nB: x\r\n .\r\n\r\n");
}

}  // namespace
}  // namespace exota::gate
