#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tenant/index_builder.h"

namespace exota::tenant {
namespace {

mail::TenantId id(std::string_view text) { return *mail::TenantId::parse(text); }
constexpr std::string_view first_id = "11111111-18c5-45e8-88de-123456789abc";
constexpr std::string_view second_id = "22222222-18c5-45e8-88de-123456789abc";

std::string covered_by(const Index& index, std::string_view domain) {
    const auto coverage = index.covering(domain);
    return coverage ? std::string(index.name(coverage->tenant)) : "";
}

TEST(Index, empty_finds_nothing) {
    const Index index;
    EXPECT_FALSE(index.covering("a.example"));
    EXPECT_FALSE(index.covering(""));
    EXPECT_FALSE(index.with_literal_domain("a.example"));
    EXPECT_FALSE(index.with_tenant_id(id(first_id)));
    EXPECT_EQ(index.tenant_count(), 0U);
    EXPECT_EQ(index.domain_count(), 0U);
}

TEST(Index, a_name_may_be_something_of_two_tenants) {
    IndexBuilder builder;
    const PolicyRef policy = builder.policy({});
    const Number a = builder.add_tenant("a", policy), b = builder.add_tenant("b", policy), c = builder.add_tenant("c", policy);
    const auto as = [](const std::optional<Clash>& clash) { return clash ? std::string(clash->as) : ""; };
    EXPECT_EQ(as(builder.add_domain(a, "x.example")), "");
    EXPECT_EQ(as(builder.add_wildcard(b, "x.example")), "") << "the domain below is somebody else's";
    EXPECT_EQ(as(builder.add_organization(a, "x.example")), "");
    EXPECT_EQ(as(builder.add_organization(b, "x.example")), "organization");
    EXPECT_EQ(as(builder.add_dkim_domain(b, "x.example")), "domain");
    EXPECT_EQ(as(builder.add_wildcard(c, "x.example")), "wildcard");
    EXPECT_EQ(as(builder.add_domain(a, "x.example")), "domain") << "twice";
    EXPECT_EQ(as(builder.add_organization(b, "y.example")), "");
    EXPECT_EQ(as(builder.add_dkim_domain(c, "y.example")), "") << "organisation of one, DKIM domain of another";
    EXPECT_EQ(as(builder.add_domain(b, "y.example")), "DKIM domain");
    EXPECT_EQ(as(builder.add_domain(c, "y.example")), "organization");
    const Index index = std::move(builder).build();
    EXPECT_EQ(index.with_literal_domain("x.example"), a);
    EXPECT_EQ(index.with_organization("x.example"), a);
    EXPECT_EQ(index.with_dkim_domain("x.example"), std::nullopt);
    EXPECT_EQ(covered_by(index, "x.example"), "a");
    EXPECT_EQ(covered_by(index, "below.x.example"), "b");
    EXPECT_EQ(index.with_organization("y.example"), b);
    EXPECT_EQ(index.with_dkim_domain("y.example"), c);
    EXPECT_EQ(index.with_literal_domain("y.example"), std::nullopt);
    EXPECT_EQ(index.domain_count(), 2U);
}

TEST(Index, knows_what_holds_of_all_its_tenants) {
    EXPECT_EQ(Index().mildest_mode(), Mode::enforce);
    EXPECT_TRUE(Index().all_have_organizations()) << "of none it is true";
    struct Case {
        std::vector<Mode> modes;
        std::size_t with_organization;
        Mode mildest;
        bool all;
    };
    for (const Case& c :
         {Case{{Mode::enforce}, 1, Mode::enforce, true}, Case{{Mode::enforce, Mode::enforce}, 1, Mode::enforce, false},
          Case{{Mode::defer, Mode::enforce}, 2, Mode::defer, true}, Case{{Mode::quarantine, Mode::defer}, 2, Mode::quarantine, true},
          Case{{Mode::enforce, Mode::monitor, Mode::quarantine}, 0, Mode::monitor, false}}) {
        IndexBuilder builder;
        for (std::size_t i = 0; i < c.modes.size(); ++i) {
            const std::string name(1, static_cast<char>('a' + i));
            const Number tenant = builder.add_tenant(name, builder.policy({.mode = c.modes[i]}));
            if (i < c.with_organization) EXPECT_FALSE(builder.add_organization(tenant, name + ".example"));
        }
        const Index index = std::move(builder).build();
        EXPECT_EQ(index.mildest_mode(), c.mildest);
        EXPECT_EQ(index.all_have_organizations(), c.all);
    }
}

TEST(Index, the_most_specific_entry_covers) {
    IndexBuilder builder;
    const PolicyRef policy = builder.policy({});
    const auto tenant = [&](std::string_view name) { return builder.add_tenant(name, policy); };
    EXPECT_FALSE(builder.add_wildcard(tenant("wide"), "example.com"));
    EXPECT_FALSE(builder.add_wildcard(tenant("narrow"), "b.example.com"));
    EXPECT_FALSE(builder.add_domain(tenant("exact"), "a.b.example.com"));
    EXPECT_FALSE(builder.add_domain(tenant("apex"), "example.com"));
    EXPECT_FALSE(builder.add_domain(tenant("label"), "localhost"));
    const Index index = std::move(builder).build();
    struct Case {
        std::string_view domain, tenant;
    };
    const Case cases[] = {
        {"example.com", "apex"},
        {"x.example.com", "wide"},
        {"b.example.com", "wide"},
        {"x.b.example.com", "narrow"},
        {"x.y.b.example.com", "narrow"},
        {"a.b.example.com", "exact"},
        {"x.a.b.example.com", "narrow"},
        {"notexample.com", ""},
        {"com", ""},
        {"", ""},
        {"localhost", "label"},
        {"x.localhost", ""},
        {"example.com.evil.test", ""},
        {"xexample.com", ""},
        {".example.com", "wide"},
        {"b.example.co", ""},
    };
    for (const Case& c : cases) EXPECT_EQ(covered_by(index, c.domain), c.tenant) << c.domain;
    EXPECT_FALSE(index.with_literal_domain("x.example.com")) << "a wildcard is no literal domain";
    EXPECT_EQ(index.domain_count(), 5U);
    EXPECT_EQ(index.tenant_count(), 5U);
}

TEST(Index, names_belong_to_one_tenant) {
    IndexBuilder builder;
    const PolicyRef policy = builder.policy({});
    const Number a = builder.add_tenant("a", policy), b = builder.add_tenant("b", policy);
    EXPECT_FALSE(builder.add_domain(a, "a.example"));
    EXPECT_FALSE(builder.add_tenant_id(a, id(first_id)));
    EXPECT_FALSE(builder.add_organization(a, "org.example"));
    EXPECT_FALSE(builder.add_dkim_domain(a, "sign.example"));
    EXPECT_FALSE(builder.add_wildcard(a, "a.example"));
    EXPECT_FALSE(builder.add_organization(a, "a.example")) << "its own domain may be its organisation";
    EXPECT_FALSE(builder.add_dkim_domain(a, "a.example"));

    struct Case {
        std::optional<Clash> got;
        std::string_view as;
    };
    const Case cases[] = {
        {builder.add_domain(b, "a.example"), "domain"},
        {builder.add_domain(b, "org.example"), "organization"},
        {builder.add_domain(b, "sign.example"), "DKIM domain"},
        {builder.add_wildcard(b, "a.example"), "wildcard"},
        {builder.add_tenant_id(b, id(first_id)), "tenant id"},
        {builder.add_organization(b, "org.example"), "organization"},
        {builder.add_organization(b, "a.example"), "organization"},
        {builder.add_dkim_domain(b, "sign.example"), "DKIM domain"},
        {builder.add_dkim_domain(b, "a.example"), "DKIM domain"},
        {builder.add_domain(a, "a.example"), "domain"},
    };
    for (const Case& c : cases) {
        ASSERT_TRUE(c.got) << c.as;
        EXPECT_EQ(c.got->owner, a);
        EXPECT_EQ(c.got->as, c.as);
    }
    EXPECT_FALSE(builder.add_domain(b, "b.example"));
    EXPECT_EQ(builder.add_organization(a, "b.example")->as, "domain");
    EXPECT_EQ(builder.add_dkim_domain(a, "b.example")->owner, b);
    EXPECT_FALSE(builder.add_domain(a, "org.example")) << "nor is its own organisation foreign";

    const Index index = std::move(builder).build();
    EXPECT_EQ(index.with_tenant_id(id(first_id)), a);
    EXPECT_FALSE(index.with_tenant_id(id(second_id)));
    EXPECT_EQ(index.with_organization("org.example"), a);
    EXPECT_FALSE(index.with_organization("x.org.example"));
    EXPECT_EQ(index.with_dkim_domain("sign.example"), a);
    EXPECT_EQ(index.with_literal_domain("b.example"), b);
    EXPECT_TRUE(index.has_tenant_ids(a) && index.has_organizations(a));
    EXPECT_EQ(index.name(b), "b");
}

TEST(Index, keeps_each_policy_once_and_each_entry_its_own) {
    IndexBuilder builder;
    Policy strict, loose;
    strict.proofs = {*Proof::parse("client-cert + dkim")};
    loose.mode = Mode::monitor;
    const PolicyRef a = builder.policy(strict), b = builder.policy(loose);
    EXPECT_NE(a, b);
    EXPECT_EQ(builder.policy(strict), a);
    const Number tenant = builder.add_tenant("t", a);
    builder.put_domain(tenant, "a.example", a);
    builder.put_domain(tenant, "b.example", b);
    const Index index = std::move(builder).build();
    EXPECT_EQ(*index.covering("a.example")->policy, strict);
    EXPECT_EQ(*index.covering("b.example")->policy, loose);
    EXPECT_EQ(index.policy(tenant), strict);
}

TEST(Index, a_policy_set_later_counts_for_domains_added_before) {
    IndexBuilder builder;
    Policy relaxed;
    relaxed.alignment = Alignment::relaxed;
    const Number tenant = builder.add_tenant("t", builder.policy({}));
    builder.add_domain(tenant, "a.example");
    builder.add_wildcard(tenant, "a.example");
    builder.set_policy(tenant, builder.policy(relaxed));
    const Index index = std::move(builder).build();
    EXPECT_EQ(index.covering("a.example")->policy->alignment, Alignment::relaxed);
    EXPECT_EQ(index.covering("x.a.example")->policy->alignment, Alignment::relaxed);
}

TEST(Index, a_tenant_that_lost_its_domains_to_duplicates_is_gone) {
    IndexBuilder builder;
    const PolicyRef policy = builder.policy({});
    const Number gone = builder.add_tenant(first_id, policy), stays = builder.add_tenant(second_id, policy);
    builder.add_tenant_id(gone, id(first_id));
    builder.add_tenant_id(stays, id(second_id));
    builder.put_domain(gone, "a.example", policy);
    builder.put_domain(stays, "b.example", policy);
    builder.put_domain(stays, "a.example", policy);
    const Index index = std::move(builder).build();
    EXPECT_FALSE(index.with_tenant_id(id(first_id)));
    EXPECT_EQ(index.with_tenant_id(id(second_id)), stays);
    EXPECT_EQ(index.with_literal_domain("a.example"), stays);
    EXPECT_EQ(index.tenant_count(), 1U);
    EXPECT_EQ(index.domain_count(), 2U);
}

TEST(Index, many_names_are_all_found_again) {
    constexpr int count = 100000;
    IndexBuilder builder;
    const PolicyRef policy = builder.policy({});
    const auto domain = [](int i) { return "d" + std::to_string(i) + ".example.com"; };
    for (int i = 0; i < count; ++i) ASSERT_FALSE(builder.add_domain(builder.add_tenant("t" + std::to_string(i), policy), domain(i)));
    const Index index = std::move(builder).build();
    for (int i = 0; i < count; ++i) ASSERT_EQ(covered_by(index, domain(i)), "t" + std::to_string(i));
    for (int i = count; i < 2 * count; ++i) ASSERT_FALSE(index.covering(domain(i)));
    EXPECT_LT(index.memory_octets(), count * std::size_t{80});
}

TEST(Index, says_when_it_is_full) {
    const std::string name(200, 'x');
    IndexBuilder builder({}, 1);
    const Number tenant = builder.add_tenant("t", builder.policy({}));
    int added = 0;
    while (!builder.is_full()) {
        builder.add_domain(tenant, std::to_string(added++) + name);
        ASSERT_LT(added, 10000);
    }
    EXPECT_GT(added, 4000);
    EXPECT_FALSE(builder.add_domain(tenant, "0" + name) == std::nullopt) << "what was stored is still found";
}

TEST(Index, moves) {
    IndexBuilder builder;
    builder.add_domain(builder.add_tenant("t", builder.policy({})), "a.example");
    Index index = std::move(builder).build();
    Index other;
    other = std::move(index);
    EXPECT_EQ(covered_by(other, "a.example"), "t");
}

}  // namespace
}  // namespace exota::tenant
