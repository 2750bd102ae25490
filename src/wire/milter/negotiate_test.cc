#include "wire/milter/negotiate.h"

#include <gtest/gtest.h>

#include "wire/milter/mta_side.h"

namespace exota::milter {
namespace {

TEST(Negotiate, every_version_gets_what_it_offers) {
    struct Case {
        std::string_view name;
        Offer offer;
        bool body;
        std::uint32_t version;
        std::string_view answered;
    };
    // `answered`: the commands that cost a reply.
    const Case cases[] = {
        {"version 6", mta::full_offer, false, 6, "E"},
        {"version 6 with body", mta::full_offer, true, 6, "E"},
        {"version 5 is what it offers", {5, action::all_of_version_6, step::all_of_version_6}, false, 5, "E"},
        {"version 4", mta::offer_of_version(4), false, 4, "CHMRTLNBUE"},
        {"version 3", mta::offer_of_version(3), false, 3, "CHMRTLNBUE"},
        {"version 2", mta::offer_of_version(2), false, 2, "CHMRTLNBUE"},
        {"a version of the future", {7, 0xffffffff, 0xffffffff}, false, 6, "E"},
        {"no body flag, but skip", {6, action::all_of_version_6, step::all_of_version_6 & ~step::no_body}, false, 6, "BE"},
        {"no body flag, no skip", {6, action::all_of_version_6, step::all_of_version_6 & ~(step::no_body | step::skip)}, false, 6, "E"},
        {"nothing to leave out", {6, action::all_of_version_6, 0}, false, 6, "CHMRTLNBUE"},
    };
    for (const Case& c : cases) {
        const auto terms = agree(c.offer, {.body = c.body});
        ASSERT_TRUE(terms) << c.name;
        EXPECT_EQ(terms->version, c.version) << c.name;
        EXPECT_EQ(terms->steps & ~c.offer.steps, 0u) << c.name << ": more than was offered";
        EXPECT_EQ(terms->actions & ~c.offer.actions, 0u) << c.name << ": more than was offered";
        for (const char command : std::string_view("CHMRTLNBUE"))
            EXPECT_EQ(terms->answers(static_cast<Command>(command)), c.answered.find(command) != std::string_view::npos)
                << c.name << ' ' << command;
        for (const char command : std::string_view("ADQK")) EXPECT_FALSE(terms->answers(static_cast<Command>(command)));
    }
}

TEST(Negotiate, steps_that_bring_evidence_stay) {
    const auto terms = agree(mta::full_offer, {});
    ASSERT_TRUE(terms);
    EXPECT_EQ(terms->steps &
                  (step::no_connect | step::no_helo | step::no_mail | step::no_recipient | step::no_headers | step::rejected_recipients),
              0u);
    EXPECT_NE(terms->steps & step::no_body, 0u);
    EXPECT_EQ(agree(mta::full_offer, {.body = true})->steps & step::no_body, 0u);
    EXPECT_NE(terms->steps & step::header_leading_space, 0u);
    EXPECT_EQ(terms->actions, action::add_headers | action::change_headers | action::quarantine | action::set_macro_lists);
}

TEST(Negotiate, refuses_what_would_leave_forged_fields_in_place) {
    EXPECT_EQ(agree({1, 0xf, 0x3f}, {}).error(), ProtocolError::unsupported_version);
    EXPECT_EQ(agree({0, action::all_of_version_6, 0}, {}).error(), ProtocolError::unsupported_version);
    EXPECT_EQ(agree({6, action::add_headers, step::all_of_version_6}, {}).error(), ProtocolError::header_changes_not_offered);
    EXPECT_EQ(agree({6, action::change_headers, step::all_of_version_6}, {}).error(), ProtocolError::header_changes_not_offered);
    EXPECT_TRUE(agree({6, action::change_headers | action::add_headers, step::all_of_version_6}, {}));
}

TEST(Negotiate, the_answer_asks_for_our_macros_where_it_may) {
    std::string out;
    append_answer(out, *agree(mta::full_offer, {}));
    std::string_view rest = out;
    auto replies = mta::take_replies(rest);
    ASSERT_TRUE(replies);
    ASSERT_EQ(replies->size(), 1u);
    const auto& answer = std::get<mta::Answer>(replies->front());
    EXPECT_EQ(answer.version, 6u);
    ASSERT_EQ(answer.macro_lists.size(), std::size(wanted_macros));
    EXPECT_EQ(answer.macro_lists[1].first, MacroStage::helo);
    for (const auto& [stage, names] : answer.macro_lists) EXPECT_FALSE(names.empty()) << "an empty list asks for the MTA's default";
    for (const auto& [stage, names] : answer.macro_lists)
        if (stage == MacroStage::helo || stage == MacroStage::mail)
            for (const char* name : {"{tls_version}", "{cert_subject}", "{verify}", "{cn_subject}"})
                EXPECT_NE(names.find(name), std::string::npos);

    out.clear();
    append_answer(out, *agree(mta::offer_of_version(2), {}));
    EXPECT_EQ(out.size(), 4u + 1 + 12) << "no lists for an MTA that knows none";
}

}  // namespace
}  // namespace exota::milter
