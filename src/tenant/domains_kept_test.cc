#include "tenant/domains_kept.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tenant/raw_tenants.h"
#include "tenant/tenants_test_support.h"

namespace exota::tenant {

void PrintTo(const DomainsKept& domains, std::ostream* out) { *out << domains.kept << " of " << domains.before; }

namespace {

struct Case {
    std::string_view name, before, now;  // members of "tenants"
    DomainsKept want;
};

const Case cases[] = {
    {"nobody", "", "", {0, 0}},
    {"somebody_new", "", R"("a": {"domains": ["a.test"]})", {0, 0}},
    {"all_gone", R"("a": {"domains": ["a.test", "b.test"]})", "", {2, 0}},
    {"all_there", R"("a": {"domains": ["a.test", "*.a.test"]})", R"("a": {"domains": ["*.a.test", "a.test"]})", {2, 2}},
    {"as_many_others", R"("a": {"domains": ["a.test", "b.test"]})", R"("a": {"domains": ["c.test", "d.test"]})", {2, 0}},
    {"one_of_two_and_others", R"("a": {"domains": ["a.test", "b.test"]})", R"("a": {"domains": ["b.test", "c.test", "d.test"]})", {2, 1}},
    {"anothers_now", R"("a": {"domains": ["a.test"]}, "b": {"domains": ["b.test"]})", R"("b": {"domains": ["a.test", "b.test"]})", {2, 2}},
    {"below_a_wildcard", R"("a": {"domains": ["x.a.test", "y.z.a.test"]})", R"("a": {"domains": ["*.a.test"]})", {2, 2}},
    {"beside_a_wildcard", R"("a": {"domains": ["a.test", "xa.test"]})", R"("a": {"domains": ["*.a.test"]})", {2, 0}},
    {"a_wildcard_below_one", R"("a": {"domains": ["*.x.a.test"]})", R"("a": {"domains": ["*.a.test"]})", {1, 1}},
    {"a_wildcard_above_one", R"("a": {"domains": ["*.a.test"]})", R"("a": {"domains": ["*.x.a.test"]})", {1, 0}},
    {"a_wildcard_is_no_name", R"("a": {"domains": ["*.a.test"]})", R"("a": {"domains": ["a.test", "x.a.test"]})", {1, 0}},
    {"written_otherwise",
     R"("a": {"domains": ["A.Test.", "bücher.test"]})",
     R"("a": {"domains": ["a.test", "xn--bcher-kva.test"]})",
     {2, 2}},
    {"written_twice", R"("a": {"domains": ["a.test", "A.test", "b.test"]})", R"("a": {"domains": ["b.test"]})", {2, 1}},
    {"other_names_are_no_domains",
     R"("a": {"domains": ["a.test"]})",
     R"("a": {"dkim_domains": ["a.test"], "organizations": ["a.test"]})",
     {1, 0}},
};

class DomainsKeptIs : public ::testing::TestWithParam<Case> {};

std::string text_of(std::string_view tenants) { return R"({"version": 2, "tenants": {)" + std::string(tenants) + "}}"; }

/// Both ways agree, whatever is compared.
TEST_P(DomainsKeptIs, as_the_names_say) {
    const LoadedTenants before = read_tenants(text_of(GetParam().before), usual_defaults()),
                        now = read_tenants(text_of(GetParam().now), usual_defaults());
    ASSERT_TRUE(before.index) << errors_of(before);
    ASSERT_TRUE(now.index) << errors_of(now);
    EXPECT_EQ(domains_kept(*before.index, *now.index, 0), GetParam().want);
    EXPECT_EQ(domains_kept(*now.index, *now.index, 0), (DomainsKept{now.index->domain_count(), now.index->domain_count()}));
    EXPECT_EQ(domains_kept(*RawTenants::read(text_of(GetParam().before)), *RawTenants::read(text_of(GetParam().now)), 0), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Table, DomainsKeptIs, ::testing::ValuesIn(cases), [](const auto& one) { return std::string(one.param.name); });

TEST(DomainsKept, of_version_1_and_of_a_version_2_file_that_it_became) {
    const LoadedTenants before = read_tenants(R"({"a.test": {}, "b.test": {}})", usual_defaults()),
                        now = read_tenants(text_of(R"("a": {"domains": ["a.test"]})"), usual_defaults());
    ASSERT_TRUE(before.index && now.index);
    EXPECT_EQ(domains_kept(*before.index, *now.index, 0), (DomainsKept{2, 1}));
}

TEST(DomainsKept, of_few_is_a_matter_of_numbers) {
    const auto numbered = [](std::string_view stem, std::size_t count) {
        std::string names;
        for (std::size_t i = 0; i < count; ++i) names += (i == 0 ? "\"" : ", \"") + std::string(stem) + std::to_string(i) + ".test\"";
        return text_of(R"("a": {"domains": [)" + names + "]}");
    };
    const std::size_t many = domains_of_a_program, few = many - 1;
    const struct {
        std::string before, now;
        DomainsKept want;
    } rows[] = {
        {numbered("a", few), numbered("b", few), {few, few}},
        {numbered("a", few), numbered("b", few - 40), {few, few - 40}},
        {numbered("a", few), numbered("b", many), {few, few}},
        {numbered("a", many), numbered("b", many), {many, 0}},
        {numbered("a", many), numbered("a", many - 40), {many, many - 40}},
    };
    for (const auto& [before, now, want] : rows) {
        EXPECT_EQ(domains_kept(*RawTenants::read(before), *RawTenants::read(now)), want);
        EXPECT_EQ(domains_kept(*read_tenants(before, usual_defaults()).index, *read_tenants(now, usual_defaults()).index), want);
    }
}

/// What cannot be checked may name a domain twice, or what is none.
TEST(DomainsKept, of_what_is_not_checked) {
    const auto before = RawTenants::read(text_of(R"("a": {"domains": ["a.test", "no domain"]}, "b": {"domains": ["a.test"]}, "c": {})")),
               now = RawTenants::read(text_of(R"("a": {"domains": ["no domain"]})"));
    ASSERT_TRUE(before && now);
    EXPECT_EQ(domains_kept(*before, *now, 0), (DomainsKept{2, 1}));
}

}  // namespace
}  // namespace exota::tenant
