#include "directory/tenant_rows.h"

#include <gtest/gtest.h>

#include <new>

#include "directory/testing_tenant_rows.h"

namespace exota::directory {
namespace {

using testing::defaults;
using testing::row;
using testing::Rows;
using testing::served;

std::string errors(const TenantRows::Taken& taken) {
    std::string out;
    for (const tenant::Problem& problem : taken.problems)
        if (problem.severity == tenant::Problem::Severity::error) out += problem.path + ": " + problem.text + '\n';
    return out;
}

TEST(TenantRows, serve_what_there_is) {
    TenantRows rows(defaults(), {});
    auto taken = rows.take_all({});
    ASSERT_TRUE(taken);
    EXPECT_FALSE(taken->changed);
    EXPECT_EQ(taken->index->tenant_count(), 0U);
    taken = rows.take_all({row("a", R"("a.test")"), row("b", R"("b.test")")});
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->changed);
    EXPECT_EQ(served(*taken, {"a.test", "b.test"}), "a.test=a b.test=b");
    EXPECT_FALSE(rows.take_all({row("b", R"("b.test")"), row("a", R"("a.test")")})->changed);
    taken = rows.take({row("c", R"("c.test")")}, {"a", "missing"});
    EXPECT_EQ(served(*taken, {"a.test", "b.test", "c.test"}), "a.test= b.test=b c.test=c");
    EXPECT_EQ(rows.served_lines(),
              "\"b\":{\"tenant_ids\":[],\"domains\":[\"b.test\"]}\n\"c\":{\"tenant_ids\":[],\"domains\":[\"c.test\"]}\n");
}

struct Bad {
    const char *name, *document, *says;
};

class BadRows : public ::testing::TestWithParam<Bad> {};

TEST_P(BadRows, are_named_keep_their_last_good_version_and_stop_nothing_else) {
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("a", R"("a.test")"), row("b", R"("b.test")")}));
    auto taken = rows.take({{"a", GetParam().document}, row("c", R"("c.test")")}, {});
    ASSERT_TRUE(taken);
    EXPECT_EQ(served(*taken, {"a.test", "b.test", "c.test"}), "a.test=a b.test=b c.test=c");
    EXPECT_EQ(errors(*taken), std::string(GetParam().says) + " (its last good version is served)\n");
    EXPECT_EQ(taken->bad, 1U);
    EXPECT_EQ(taken->kept, 1U);
    // A second bad version keeps the same good one; what was never good is not served; a good one ends it.
    taken = rows.take({{"a", "[]"}, {"d", GetParam().document}}, {});
    EXPECT_EQ(served(*taken, {"a.test"}), "a.test=a");
    EXPECT_EQ(taken->bad, 2U);
    EXPECT_EQ(taken->kept, 1U);
    taken = rows.take({row("a", R"("new.test")")}, {"d"});
    EXPECT_EQ(served(*taken, {"a.test", "new.test"}), "a.test= new.test=a");
    EXPECT_EQ(taken->bad, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRows,
    ::testing::Values(Bad{"no_json", "{", "tenants.a: is no JSON: the file ends too early: a closing bracket or quote is missing"},
                      Bad{"no_object", "[]", "tenants.a: has what cannot be kept"},
                      Bad{"injected", R"({}}, "evil": {})", "tenants.a: is no JSON: text after the end of the JSON"},
                      Bad{"mode", R"({"mode": "loud"})",
                          R"(tenants.a.mode: must be "enforce", "defer", "quarantine" or "monitor", is "loud")"},
                      Bad{"domain", R"({"domains": ["ok.test", "-"]})",
                          R"(tenants.a.domains[1]: "-" is no domain: domain has a label that begins or ends with a hyphen)"}),
    [](const auto& each) { return each.param.name; });

TEST(TenantRows, who_was_served_stays_where_two_exclude_each_other) {
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("b", R"("x.test")")}));
    auto taken = rows.take({row("a", R"("x.test", "a.test")"), row("c", R"("a.test")")}, {});
    // Without a, c is in nobody's way.
    EXPECT_EQ(served(*taken, {"x.test", "a.test"}), "x.test=b a.test=c");
    EXPECT_EQ(errors(*taken), "tenants.a.domains[0]: \"x.test\" is a domain of tenant \"b\" too (it is not served)\n");
    taken = rows.take({}, {"b", "c"});  // and a is looked at again
    EXPECT_EQ(served(*taken, {"x.test", "a.test"}), "x.test=a a.test=a");
    EXPECT_EQ(taken->bad, 0U);
}

TEST(TenantRows, who_changes_loses_nothing_to_who_is_new) {
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("b", R"("x.test")")}));
    auto taken = rows.take({row("a", R"("x.test")"), row("b", R"("x.test", "new.test")")}, {});
    EXPECT_EQ(served(*taken, {"x.test", "new.test"}), "x.test=b new.test=b");
    EXPECT_EQ(errors(*taken), "tenants.a.domains[0]: \"x.test\" is a domain of tenant \"b\" too (it is not served)\n");
    taken = rows.take({row("b", R"("new.test")")}, {});
    EXPECT_EQ(served(*taken, {"x.test", "new.test"}), "x.test=a new.test=b");
}

TEST(TenantRows, a_good_row_wins_over_a_kept_one) {
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("a", R"("x.test")")}));
    const auto taken = rows.take({{"a", R"({"mode":"loud"})"}, row("b", R"("x.test")")}, {});
    EXPECT_EQ(served(*taken, {"x.test"}), "x.test=b");
    EXPECT_EQ(taken->bad, 1U);
    EXPECT_EQ(taken->kept, 0U);
}

TEST(TenantRows, many_that_exclude_each_other_end) {
    TenantRows rows(defaults(), {});
    Rows many;
    for (int i = 0; i < 60; ++i) many.push_back(row("t" + std::to_string(100 + i), R"("x.test")"));
    const auto taken = rows.take_all(std::move(many));
    ASSERT_TRUE(taken);
    EXPECT_EQ(served(*taken, {"x.test"}), "x.test=t100");
    EXPECT_EQ(taken->bad, 59U);
}

TEST(TenantRows, a_batch_can_be_taken_back) {
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("a", R"("a.test")"), row("b", R"("b.test")"), row("c", R"("c.test")")}));
    ASSERT_TRUE(rows.take({{"c", "[]"}}, {}));
    const std::string before = rows.served_lines();
    const std::string content = rows.fingerprint().text();
    ASSERT_TRUE(rows.take({row("c", R"("other.test")"), row("d", R"("b.test")")}, {"a"}));
    EXPECT_NE(rows.fingerprint().text(), content);
    rows.take_back();
    EXPECT_EQ(rows.fingerprint().text(), content);
    EXPECT_EQ(rows.served_lines(), before);
    const auto taken = rows.take({}, {});
    EXPECT_EQ(served(*taken, {"a.test", "b.test", "c.test", "other.test"}), "a.test=a b.test=b c.test=c other.test=");
}

TEST(TenantRows, that_are_bad_all_at_once_are_looked_at_twice_each) {
    std::size_t looked_at = 0;
    tenant::Defaults wrong = defaults();
    wrong.unusable_proof = [&looked_at](const tenant::Proof&) -> std::optional<std::string> {
        ++looked_at;
        return "cannot be used";
    };
    TenantRows rows(wrong, {});
    Rows many;
    constexpr std::size_t count = 3 * tenant::max_problems;
    for (std::size_t i = 0; i < count; ++i)
        many.push_back(row("t" + std::to_string(i), '"' + std::to_string(i) + R"(.test")", R"(,"proofs":["client-cert + dkim"])"));
    const auto taken = rows.take_all(std::move(many));
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->bad, count);
    EXPECT_EQ(taken->index->tenant_count(), 0U);
    EXPECT_EQ(looked_at, 2 * count) << "once with all others, once by itself";
    EXPECT_EQ(rows.bad_ones().size(), count);
}

TEST(TenantRows, are_given_up_between_two_readings) {
    bool ends = false;
    TenantRows rows(defaults(), {}, [&ends] { return ends; });
    ASSERT_TRUE(rows.take_all({row("a", R"("a.test")")}));
    ends = true;
    const auto given_up = rows.take({row("b", R"("-")"), row("c", R"("c.test")")}, {});
    ASSERT_FALSE(given_up);
    EXPECT_EQ(given_up.error().code, base::Errc::closed);
    EXPECT_EQ(rows.count(), 1U) << "as before";
    EXPECT_TRUE(rows.take({row("c", R"("c.test")")}, {})) << "one reading is enough for what is good";
}

TEST(TenantRows, that_are_bad_are_named_no_longer_than_a_name_may_be) {
    TenantRows rows(defaults(), {});
    const auto taken = rows.take_all({row(std::string(128, 'x'), R"("a.test")"), row(std::string(129, 'y'), R"("b.test")")});
    ASSERT_TRUE(taken);
    EXPECT_EQ(served(*taken, {"a.test", "b.test"}), "a.test=" + std::string(128, 'x') + " b.test=");
    EXPECT_EQ(errors(*taken), "tenants." + std::string(128, 'y') + ": its name has more than 128 octets (it is not served)\n");
}

TEST(TenantRows, outlive_a_restart) {
    TenantRows before(defaults(), {});
    ASSERT_TRUE(before.take_all({row("a", R"("a.test")"), row("b", R"("b.test")"), {"never", "[]"}}));
    ASSERT_TRUE(before.take({{"a", "[]"}}, {}));
    TenantRows rows(defaults(), {});
    auto taken = rows.restore(before.served_lines());
    ASSERT_TRUE(taken);
    EXPECT_EQ(served(*taken, {"a.test", "b.test"}), "a.test=a b.test=b");
    taken = rows.take_all({{"a", "[]"}, row("b", R"("b.test")")});  // its last good version is known still
    EXPECT_EQ(served(*taken, {"a.test", "b.test"}), "a.test=a b.test=b");
    EXPECT_FALSE(TenantRows(defaults(), {}).restore("\"a\":{}\nno JSON\n"));
    EXPECT_EQ(TenantRows(defaults(), {}).restore("")->index->tenant_count(), 0U);
}

TEST(TenantRows, other_defaults_are_asked_anew) {
    tenant::Defaults strict = defaults();
    strict.shared_suffixes = {"shared.test"};
    TenantRows rows(strict, {});
    EXPECT_EQ(rows.take_all({row("a", R"("*.shared.test")")})->bad, 1U);
    EXPECT_EQ(served(*rows.use(defaults()), {"b.shared.test"}), "b.shared.test=a");
    EXPECT_EQ(rows.use(strict)->bad, 1U);
}

TEST(TenantRows, other_defaults_are_taken_back) {
    tenant::Defaults strict = defaults();
    strict.shared_suffixes = {"shared.test"};
    TenantRows rows(defaults(), {});
    EXPECT_EQ(rows.take_all({row("a", R"("*.shared.test")"), row("b", R"("b.test")")})->index->tenant_count(), 2U);
    EXPECT_EQ(rows.use(strict)->index->tenant_count(), 1U);
    rows.take_back();
    EXPECT_EQ(served(*rows.take({row("c", R"("c.test")")}, {}), {"b.shared.test", "b.test", "c.test"}),
              "b.shared.test=a b.test=b c.test=c");
}

TEST(TenantRows, are_not_read_where_nothing_changed) {
    std::size_t looked_at = 0;
    tenant::Defaults counting = defaults();
    counting.unusable_proof = [&looked_at](const tenant::Proof&) -> std::optional<std::string> {
        ++looked_at;
        return std::nullopt;
    };
    TenantRows rows(counting, {});
    const auto a = row("a", R"("a.test")", R"(,"proofs":["client-cert + dkim"])");
    const auto first = rows.take_all({a, {"bad", "[]"}});
    ASSERT_TRUE(first);
    EXPECT_EQ(looked_at, 1U);
    const auto second = rows.take_all({{"bad", "[]"}, a});
    ASSERT_TRUE(second);
    EXPECT_EQ(looked_at, 1U);
    EXPECT_FALSE(second->changed);
    EXPECT_EQ(second->index, first->index);
    EXPECT_EQ(errors(*second), errors(*first));
    ASSERT_TRUE(rows.take({row("b", R"("b.test")")}, {}));
    rows.take_back();
    EXPECT_EQ(served(*rows.take_all({a, {"bad", "[]"}}), {"a.test", "b.test"}), "a.test=a b.test=");
}

/// Else what the half of it changed would be no change for the next one, and the index of before would be given as the one of now.
TEST(TenantRows, a_batch_that_is_cut_short_is_taken_back) {
    bool no_memory = false;
    TenantRows rows(defaults(), {}, [&no_memory] {
        if (no_memory) throw std::bad_alloc();
        return false;
    });
    ASSERT_TRUE(rows.take_all({row("a", R"("a.test")"), row("b", R"("b.test")")}));
    const Rows now{row("b", R"("b.test")"), row("bad", R"("bad.test")", R"(,"mode":"loud")")};
    no_memory = true;
    EXPECT_THROW(rows.take_all(now), std::bad_alloc);
    no_memory = false;
    auto taken = rows.take_all(now);
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->changed);
    EXPECT_EQ(served(*taken, {"a.test", "b.test"}), "a.test= b.test=b");
    EXPECT_EQ(taken->bad, 1U);
    no_memory = true;
    EXPECT_THROW(rows.take({row("c", R"("c.test")"), row("other", R"("other.test")", R"(,"mode":"loud")")}, {"b"}), std::bad_alloc);
    EXPECT_THROW(rows.use(defaults()), std::bad_alloc);
    no_memory = false;
    taken = rows.take({}, {});
    ASSERT_TRUE(taken);
    EXPECT_EQ(served(*taken, {"b.test", "c.test"}), "b.test=b c.test=") << "the batch was taken back";
    EXPECT_EQ(taken->bad, 1U);
}

TEST(TenantRows, a_document_has_a_limit) {
    TenantRows rows(defaults(), {});
    const std::string empty = "{}";
    const auto taken = rows.take_all({{"long", empty + std::string(TenantRows::max_document_octets - 2, ' ')},
                                      {"longer", empty + std::string(TenantRows::max_document_octets - 1, ' ')}});
    EXPECT_EQ(taken->index->tenant_count(), 1U);
    EXPECT_EQ(errors(*taken), "tenants.longer: has more than 67108864 octets (it is not served)\n");
}

}  // namespace
}  // namespace exota::directory
