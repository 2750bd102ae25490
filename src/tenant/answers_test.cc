#include "tenant/answers.h"

#include <gtest/gtest.h>

#include "tenant/tenants_test_support.h"

namespace exota::tenant {
namespace {

constexpr std::string_view id = "1234abcd-18c5-45e8-88de-123456789abc";

FoundTenantRef contoso() {
    static const FoundTenantRef tenant = read_found_tenant("contoso",
                                                           {{"domains", {"contoso.com", "*.contoso.com"}},
                                                            {"tenant_ids", {id}},
                                                            {"organizations", {"contoso.net"}},
                                                            {"dkim_domains", {"sign.example.com"}}},
                                                           usual_defaults())
                                             .tenant;
    return tenant;
}
FoundTenantRef fabrikam() {
    static const FoundTenantRef tenant =
        read_found_tenant("fabrikam", {{"domains", {"fabrikam.com"}}, {"organizations", {"contoso.com"}}}, usual_defaults()).tenant;
    return tenant;
}

struct AnswersTest : testing::Test {
    Answers answers{base::HashKey{}};
    using Result = Found<std::shared_ptr<const Index>>;
};

TEST_F(AnswersTest, nobody_has_any_of_them) {
    EXPECT_TRUE(answers.finish().is(Result::none));
    answers.answered(KeyKind::domain, "contoso.com", Answer(Answer::none));
    answers.not_asked(KeyKind::organization, "contoso.net");
    EXPECT_TRUE(answers.finish().is(Result::none));
}

TEST_F(AnswersTest, an_answer_counts_for_the_name_and_the_kind_that_was_asked) {
    answers.answered(KeyKind::domain, "contoso.com", Answer(contoso()));
    answers.answered(KeyKind::domain, "fabrikam.com", Answer(fabrikam()));
    answers.answered(KeyKind::organization, "contoso.net", Answer(Answer::none));  // the server has another opinion by now
    answers.not_asked(KeyKind::tenant_id, std::string(id));
    answers.not_asked(KeyKind::dkim_domain, "sign.example.com");
    answers.not_asked(KeyKind::dkim_domain, "other.example.com");
    const Result result = answers.finish();
    ASSERT_TRUE(result.is(Result::yes));
    const Index& index = **result;
    EXPECT_FALSE(index.knows_neighbours());
    EXPECT_EQ(index.at_worst(), nullptr);
    const auto tenant = index.with_literal_domain("contoso.com");
    ASSERT_TRUE(tenant);
    EXPECT_EQ(index.name(*tenant), "contoso");
    EXPECT_EQ(index.policy(*tenant), contoso()->policy);
    EXPECT_FALSE(index.covering("x.contoso.com")) << "its wildcard was not asked for";
    EXPECT_FALSE(index.with_organization("contoso.net"));
    EXPECT_TRUE(index.has_organizations(*tenant)) << "whatever they are";
    EXPECT_EQ(index.with_tenant_id(*mail::TenantId::parse(id)), tenant) << "who was found and lists it has it";
    EXPECT_EQ(index.with_dkim_domain("sign.example.com"), tenant);
    EXPECT_FALSE(index.with_dkim_domain("other.example.com"));
    ASSERT_NE(index.at_worst_for_a_forward(), nullptr);
    const Index& worst = *index.at_worst_for_a_forward();
    EXPECT_TRUE(worst.with_dkim_domain("other.example.com"));
    EXPECT_EQ(worst.name(*worst.with_dkim_domain("sign.example.com")), "contoso");
}

TEST_F(AnswersTest, what_nobody_answered_is_nobodys_and_at_worst_anothers) {
    answers.answered(KeyKind::domain, "contoso.com", Answer(contoso()));
    answers.answered(KeyKind::wildcard, "com", Answer(Answer::unknown));
    answers.answered(KeyKind::organization, "x.example.com", Answer(Answer::unknown));
    answers.answered(KeyKind::tenant_id, std::string(id), Answer(Answer::unknown));
    const Result result = answers.finish();
    ASSERT_TRUE(result.is(Result::yes));
    const Index& index = **result;
    EXPECT_FALSE(index.covering("y.com") || index.with_organization("x.example.com") || index.with_tenant_id(*mail::TenantId::parse(id)));
    ASSERT_NE(index.at_worst(), nullptr);
    const Index& worst = *index.at_worst();
    ASSERT_TRUE(worst.covering("y.com"));
    EXPECT_EQ(worst.covering("y.com")->policy->forwarding, Forwarding::none);
    EXPECT_NE(worst.covering("y.com")->tenant, *worst.with_literal_domain("contoso.com"));
    EXPECT_TRUE(worst.with_organization("x.example.com") && worst.with_tenant_id(*mail::TenantId::parse(id)));
}

TEST_F(AnswersTest, nothing_was_answered) {
    answers.answered(KeyKind::domain, "contoso.com", Answer(Answer::unknown));
    const Result result = answers.finish();
    ASSERT_TRUE(result.is(Result::yes));
    EXPECT_FALSE((*result)->with_literal_domain("contoso.com"));
    EXPECT_TRUE((*result)->at_worst()->with_literal_domain("contoso.com"));
}

TEST_F(AnswersTest, answers_that_no_file_could_give_say_nothing) {
    answers.answered(KeyKind::domain, "contoso.com", Answer(contoso()));
    answers.answered(KeyKind::organization, "contoso.com", Answer(fabrikam()));
    EXPECT_TRUE(answers.finish().is(Result::unknown));
}

TEST_F(AnswersTest, two_entries_of_one_name_are_not_one_tenant) {
    const auto entry = [](std::string_view where, std::string_view domain) {
        return Answer(read_found_tenant("contoso", {{"domains", {domain}}}, usual_defaults(), where).tenant);
    };
    answers.answered(KeyKind::domain, "contoso.com", entry("cn=a", "contoso.com"));
    answers.answered(KeyKind::domain, "contoso.net", entry("cn=a", "contoso.net"));
    EXPECT_TRUE(answers.finish().is(Result::yes)) << "one entry, read twice";
    EXPECT_EQ(answers.doubled_name(), "");
    answers.answered(KeyKind::domain, "fabrikam.com", entry("cn=b", "fabrikam.com"));
    EXPECT_TRUE(answers.finish().is(Result::unknown));
    EXPECT_EQ(answers.doubled_name(), "contoso");
}

TEST_F(AnswersTest, the_predecessors_entries_of_one_tenant_id_are_one_tenant) {
    const auto entry = [&](std::string_view domain, std::string_view enabled) {
        return read_found_domain(domain, {id, enabled, "TRUE"}, usual_defaults()).tenant;
    };
    answers.answered(KeyKind::domain, "a.example.com", Answer(entry("a.example.com", "FALSE")));
    answers.answered(KeyKind::domain, "b.example.com", Answer(entry("b.example.com", "TRUE")));
    answers.answered(KeyKind::domain, "c.example.com", Answer(read_found_domain("c.example.com", {}, usual_defaults()).tenant));
    answers.not_asked(KeyKind::tenant_id, std::string(id));
    const Result result = answers.finish();
    ASSERT_TRUE(result.is(Result::yes));
    const Index& index = **result;
    const auto a = index.covering("a.example.com"), b = index.covering("b.example.com"), c = index.covering("c.example.com");
    ASSERT_TRUE(a && b && c);
    EXPECT_EQ(a->tenant, b->tenant);
    EXPECT_NE(a->tenant, c->tenant);
    EXPECT_FALSE(a->policy->v1_dkim_enabled);
    EXPECT_TRUE(b->policy->v1_dkim_enabled);
    EXPECT_TRUE(index.policy(a->tenant).v1_dkim_enabled) << "the strictest, where no domain says which";
    EXPECT_EQ(index.with_tenant_id(*mail::TenantId::parse(id)), a->tenant);
    EXPECT_EQ(index.name(a->tenant), id);
    EXPECT_EQ(index.name(c->tenant), "c.example.com");
}

}  // namespace
}  // namespace exota::tenant
