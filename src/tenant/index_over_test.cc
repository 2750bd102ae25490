#include "tenant/index_over.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tenant/domains_kept.h"
#include "tenant/index_builder.h"

namespace exota::tenant {
namespace {

struct Given {
    std::string name;
    std::vector<std::string> names;  // a domain, "*" and the base of a wildcard, "+organisation", "@DKIM domain", "#tenant id"
    Mode mode = Mode::enforce;
};

Index index_of(const std::vector<Given>& tenants, const base::HashKey& key = {}) {
    IndexBuilder builder(key);
    for (const Given& one : tenants) {
        const Number number = builder.add_tenant(one.name, builder.policy({.mode = one.mode}));
        for (const std::string& name : one.names) {
            const std::string_view rest = std::string_view(name).substr(1);
            const auto clash = name[0] == '*'   ? builder.add_wildcard(number, rest)
                               : name[0] == '+' ? builder.add_organization(number, rest)
                               : name[0] == '@' ? builder.add_dkim_domain(number, rest)
                               : name[0] == '#' ? builder.add_tenant_id(number, rest)
                                                : builder.add_domain(number, name);
            EXPECT_FALSE(clash) << one.name << ' ' << name;
        }
    }
    return std::move(builder).build();
}

struct Over {
    std::shared_ptr<const Index> all = std::make_shared<const Index>(index_of({{"a", {"a.test", "+org.test", "x.shared.test"}},
                                                                               {"b", {"b.test", "*b.test", "@sign.test", "y.shared.test"}},
                                                                               {"c", {"deep.c.test", "+c.test"}}}));
    std::optional<Index> with(const std::vector<Number>& gone, const std::vector<Given>& before, const std::vector<Given>& after) const {
        return over(all, gone, index_of(before), index_of(after));
    }
};

std::string owner(const Index& index, std::optional<Number> number) { return number ? std::string(index.name(*number)) : ""; }
std::string covered(const Index& index, std::string_view domain) {
    const auto found = index.covering(domain);
    return found ? std::string(index.name(found->tenant)) : "";
}

const Given b{"b", {"b.test", "*b.test", "@sign.test", "y.shared.test"}};

TEST(IndexOver, has_what_changed_and_what_did_not) {
    const auto index = Over().with({Number{1}}, {b},
                                   {{"b", {"b.test", "+b.test", "#1234abcd-18c5-45e8-88de-123456789abc"}, Mode::monitor},
                                    {"new", {"*b.test", "@sign.test", "z.shared.test"}, Mode::defer}});
    ASSERT_TRUE(index);
    EXPECT_EQ(covered(*index, "a.test"), "a");
    EXPECT_EQ(covered(*index, "b.test"), "b");
    EXPECT_EQ(index->covering("b.test")->policy->mode, Mode::monitor);
    EXPECT_EQ(covered(*index, "x.b.test"), "new");
    EXPECT_EQ(covered(*index, "y.shared.test"), "") << "it has that no more";
    EXPECT_EQ(owner(*index, index->with_organization("b.test")), "b");
    EXPECT_EQ(owner(*index, index->with_organization("org.test")), "a");
    EXPECT_EQ(owner(*index, index->with_dkim_domain("sign.test")), "new");
    EXPECT_EQ(owner(*index, index->with_tenant_id(*mail::TenantId::parse("1234abcd-18c5-45e8-88de-123456789abc"))), "b");
    EXPECT_EQ(index->policy(*index->with_literal_domain("z.shared.test")).mode, Mode::defer);
    EXPECT_TRUE(index->has_organizations(*index->with_literal_domain("b.test")));
    EXPECT_TRUE(index->has_organizations(*index->with_literal_domain("a.test")));
    EXPECT_EQ(index->tenant_count(), 4U);
    EXPECT_EQ(index->domain_count(), 6U);
    EXPECT_EQ(number_count(*index), 5U);
    EXPECT_FALSE(has_tenant(*index, Number{1}));
    EXPECT_TRUE(has_tenant(*index, Number{0}) && has_tenant(*index, Number{4}));
    EXPECT_FALSE(has_tenant(*index, Number{5}));
    EXPECT_FALSE(index->all_have_organizations());
    EXPECT_EQ(index->mildest_mode(), Mode::monitor);
    EXPECT_TRUE(index->knows_neighbours());
}

TEST(IndexOver, knows_whose_domains_lie_below_a_name) {
    const Over three;
    const auto without = three.with({Number{1}}, {b}, {});
    ASSERT_TRUE(without);
    const Number a = *without->with_literal_domain("a.test"), c = *without->with_literal_domain("deep.c.test");
    EXPECT_TRUE(three.all->is_or_is_above_a_domain_of_another("shared.test", a));
    EXPECT_FALSE(without->is_or_is_above_a_domain_of_another("shared.test", a)) << "the other one is gone";
    EXPECT_TRUE(without->is_or_is_above_a_domain_of_another("shared.test", c));
    EXPECT_FALSE(without->is_or_is_above_a_domain_of_another("b.test", a));
    EXPECT_TRUE(without->is_or_is_above_a_domain_of_another("c.test", a));
    const auto changed = three.with({Number{1}}, {b}, {b});
    ASSERT_TRUE(changed);
    const Number anew = *changed->with_literal_domain("b.test");
    EXPECT_TRUE(changed->is_or_is_above_a_domain_of_another("shared.test", a));
    EXPECT_TRUE(changed->is_or_is_above_a_domain_of_another("shared.test", anew));
    EXPECT_FALSE(changed->is_or_is_above_a_domain_of_another("b.test", anew)) << "its own, though its number is another one";
    EXPECT_TRUE(changed->is_or_is_above_a_domain_of_another("b.test", a));
}

TEST(IndexOver, organizations_of_all_are_counted) {
    const auto index = Over().with({Number{1}}, {b}, {});
    ASSERT_TRUE(index);
    EXPECT_TRUE(index->all_have_organizations()) << "the one without is gone";
}

TEST(IndexOver, refuses_what_another_tenant_has) {
    const Over three;
    for (const char* const name : {"a.test", "+a.test", "@a.test", "org.test", "+org.test", "+deep.c.test"})
        EXPECT_FALSE(three.with({Number{1}}, {b}, {{"new", {name}}})) << name;
    for (const char* const name : {"*a.test", "@org.test", "b.test", "*b.test", "sign.test", "c.test.test"})
        EXPECT_TRUE(three.with({Number{1}}, {b}, {{"new", {name}}})) << name;
    EXPECT_FALSE(three.with({}, {}, {{"new", {"*b.test"}}}));
    EXPECT_FALSE(three.with({}, {}, {{"new", {"sign.test"}}}));
    EXPECT_TRUE(three.with({}, {}, {{"new", {"+sign.test"}}}));
}

TEST(IndexOver, the_most_specific_entry_wins_wherever_it_lies) {
    const Over three;
    const auto index = three.with({Number{0}}, {{"a", {"a.test", "+org.test", "x.shared.test"}}},
                                  {{"a", {"*shared.test", "x.b.test", "*w.y.b.test"}}, {"new", {"*test"}}});
    ASSERT_TRUE(index);
    EXPECT_EQ(covered(*index, "x.b.test"), "a") << "exact above, wildcard beneath";
    EXPECT_EQ(covered(*index, "z.b.test"), "b");
    EXPECT_EQ(covered(*index, "z.x.b.test"), "b") << "what is exact covers nothing below it";
    EXPECT_EQ(covered(*index, "y.shared.test"), "b") << "exact beneath, wildcard above";
    EXPECT_EQ(covered(*index, "x.shared.test"), "a") << "that was exact, and is gone";
    EXPECT_EQ(covered(*index, "z.w.y.b.test"), "a") << "the longer wildcard is above";
    EXPECT_EQ(covered(*index, "w.y.b.test"), "b") << "the longer wildcard is beneath";
    EXPECT_EQ(covered(*index, "other.test"), "new");
    EXPECT_EQ(covered(*index, "test"), "");
    EXPECT_EQ(covered(*index, ""), "");
}

TEST(IndexOver, keeps_what_lies_beneath) {
    auto three = std::make_unique<Over>();
    auto first = three->with({}, {}, {{"new", {"new.test"}}});
    const auto second = three->with({Number{0}}, {{"a", {"a.test", "+org.test", "x.shared.test"}}}, {});
    const std::size_t octets = three->all->memory_octets();
    three.reset();
    ASSERT_TRUE(first && second);
    EXPECT_GT(first->memory_octets(), octets);
    EXPECT_EQ(covered(*first, "a.test") + covered(*first, "new.test"), "anew");
    first.reset();
    EXPECT_EQ(covered(*second, "a.test") + covered(*second, "b.test"), "b");
}

TEST(IndexOver, numbers_beneath_are_the_same_tenants) {
    const Over three;
    const auto one = three.with({}, {}, {{"new", {"new.test"}}}), other = three.with({Number{1}}, {b}, {});
    EXPECT_EQ(shared_number_count(*one, *other), 3U);
    EXPECT_EQ(shared_number_count(*three.all, *other), 3U);
    EXPECT_EQ(shared_number_count(*other, *three.all), 3U);
    EXPECT_EQ(shared_number_count(*one, index_of({{"a", {"a.test"}}})), 0U);
    EXPECT_EQ(number_count(*three.all), 3U);
    EXPECT_EQ(number_count(Index()), 0U);
    EXPECT_FALSE(has_tenant(Index(), Number{0}));
}

TEST(IndexOver, visits_the_domains_of_both) {
    std::vector<std::string> domains;
    IndexBuilder::for_each_domain(*Over().with({Number{1}}, {b}, {{"new", {"b.test", "*other.test"}}}),
                                  [&](std::string_view domain) { domains.emplace_back(domain); });
    std::ranges::sort(domains);
    EXPECT_EQ(domains, (std::vector<std::string>{"a.test", "b.test", "deep.c.test", "x.shared.test"}));
}

TEST(IndexOver, says_how_many_domains_can_be_lost_without_a_look_at_them) {
    const Over three;  // of six domains
    const Index &all = *three.all, more = *three.with({}, {}, {{"new", {"new.test", "*new.test"}}}),
                less = *three.with({Number{1}}, {b}, {{"new", {"new.test"}}}), moved = *three.with({Number{1}}, {b}, {{"new", b.names}});
    const Index stranger = index_of({{"a", {"a.test"}}});
    const struct {
        const Index &before, &now;
        std::size_t most, lost;
    } cases[] = {
        {all, all, 0, 0},   {all, more, 0, 0},  {more, all, 2, 2},   {all, less, 3, 3},     {less, all, 1, 1},
        {more, less, 5, 4}, {all, moved, 3, 0}, {moved, less, 6, 3}, {all, stranger, 6, 5}, {stranger, all, 1, 0},
    };
    for (const auto& [before, now, most, lost] : cases) {
        EXPECT_EQ(most_domains_lost(before, now), most) << before.domain_count() << ' ' << now.domain_count();
        EXPECT_EQ(domains_kept(before, now, 0).kept, before.domain_count() - lost);
    }
}

TEST(IndexOver, takes_only_indexes_of_one_key) {
    const base::HashKey key({1, 2, 3}), other_key({4, 5, 6});
    const auto all = std::make_shared<const Index>(index_of({{"a", {"a.test"}}}, key));
    const auto index = over(all, {}, index_of({}, key), index_of({{"new", {"*a.test"}}}, key));
    ASSERT_TRUE(index);
    EXPECT_EQ(covered(*index, "a.test") + covered(*index, "b.a.test"), "anew");
    EXPECT_FALSE(over(all, {}, index_of({}, key), index_of({{"new", {"a.test"}}}, key)));
    EXPECT_FALSE(over(all, {}, index_of({}, key), index_of({{"new", {"new.test"}}}, other_key)));
    EXPECT_FALSE(over(all, {}, index_of({}, other_key), index_of({{"new", {"new.test"}}}, key)));
}

TEST(IndexOver, lies_over_one_that_is_whole) {
    const Over three;
    auto once = std::make_shared<const Index>(*three.with({}, {}, {{"new", {"new.test"}}}));
    EXPECT_FALSE(over(once, {}, Index(), Index()));
    EXPECT_FALSE(over(three.all, {}, Index(), *three.with({}, {}, {{"new", {"new.test"}}})));
    EXPECT_FALSE(over(three.all, std::vector{Number{1}}, Index(), Index())) << "nobody says what it was";
    auto answers = std::make_shared<const Index>(IndexBuilder().build_of_answers(nullptr, nullptr));
    EXPECT_FALSE(over(answers, {}, Index(), Index()));
}

/// An id that is nobody's any more (version 1) belongs to no number.
TEST(IndexOver, an_id_of_nobody_stays_nobodys) {
    constexpr const char* id = "1234abcd-18c5-45e8-88de-123456789abc";
    IndexBuilder builder;
    const PolicyRef policy = builder.policy({});
    builder.put_domain(builder.tenant_with_id(id, policy), "a.test", policy);
    builder.put_domain("a.test", policy);
    const auto all = std::make_shared<const Index>(std::move(builder).build());
    const auto index = over(all, {}, Index(), index_of({{"new", {"new.test"}}}));
    ASSERT_TRUE(index);
    EXPECT_FALSE(index->with_tenant_id(*mail::TenantId::parse(id)));
    EXPECT_EQ(covered(*index, "a.test"), "a.test");
    const auto whose = over(all, {}, Index(), index_of({{"new", {std::string("#") + id}}}));
    ASSERT_TRUE(whose);
    EXPECT_EQ(owner(*whose, whose->with_tenant_id(*mail::TenantId::parse(id))), "new");
}

}  // namespace
}  // namespace exota::tenant
