// TenantRows where an index of what changed lies over that of all: says the same as one that is always built whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "directory/testing_tenant_rows.h"

namespace exota::directory {
namespace {

using testing::defaults;
using testing::row;
using testing::Rows;
using testing::served;

TEST(TenantRowsOver, few_that_changed_lie_over_the_others) {
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("a", R"("a.test")"), row("b", R"("b.test")"), row("c", R"("c.test")")})->whole);
    auto taken = rows.take({row("b", R"("new.test")"), row("d", R"("b.test")")}, {"c"});
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->changed);
    EXPECT_FALSE(taken->whole);
    EXPECT_EQ(served(*taken, {"a.test", "b.test", "new.test", "c.test"}), "a.test=a b.test=d new.test=b c.test=");
    const auto same = rows.take_all({row("a", R"("a.test")"), row("b", R"("new.test")"), row("d", R"("b.test")")});
    EXPECT_FALSE(same->changed);
    EXPECT_EQ(same->index, taken->index) << "nothing is built where nothing changed";
    EXPECT_EQ(rows.take({}, {"nobody"})->index, taken->index);
}

TEST(TenantRowsOver, what_is_wrong_or_in_the_way_is_looked_at_together_with_all) {
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("a", R"("a.test")"), row("b", R"("b.test")")})->whole);
    auto taken = rows.take({row("e", R"("a.test")")}, {});
    EXPECT_TRUE(taken->whole);
    EXPECT_EQ(taken->bad, 1U);
    EXPECT_TRUE(rows.take({row("b", R"("c.test")")}, {})->whole) << "as long as one is in another's way";
    taken = rows.take({}, {"a"});
    EXPECT_TRUE(taken->whole);
    EXPECT_EQ(served(*taken, {"a.test"}), "a.test=e");
    EXPECT_EQ(taken->bad, 0U);
    EXPECT_FALSE(rows.take({row("a", R"("x.test")")}, {})->whole);
    EXPECT_TRUE(rows.take({row("f", R"("f.test")"), row("g", R"("f.test")")}, {})->whole) << "in each other's";
    EXPECT_TRUE(rows.take({}, {"a"})->whole) << "g waits for f";
    EXPECT_TRUE(rows.take({}, {"g"})->whole);
    EXPECT_TRUE(rows.take({{"b", "[]"}}, {})->whole);
    taken = rows.take({row("h", R"("h.test")")}, {});
    EXPECT_FALSE(taken->whole) << "a bad row is in nobody's way";
    EXPECT_EQ(served(*taken, {"c.test", "h.test"}), "c.test=b h.test=h");
    EXPECT_EQ(taken->bad, 1U);
    EXPECT_EQ(taken->kept, 1U);
    ASSERT_EQ(std::ranges::count(taken->problems, tenant::Problem::Severity::error, &tenant::Problem::severity), 1);
    taken = rows.take({row("i", R"("c.test")")}, {});
    EXPECT_TRUE(taken->whole) << "in the way of what b was, which yields";
    EXPECT_EQ(served(*taken, {"c.test"}), "c.test=i");
    EXPECT_TRUE(rows.use(defaults())->whole);
}

TEST(TenantRowsOver, a_domain_may_move_and_come_back) {
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("a", R"("a.test","moving.test")"), row("b", R"("b.test")"), row("c", R"("c.test")")})->whole);
    const auto after = [&](Rows batch, const std::vector<std::string>& gone) {
        const auto taken = rows.take(std::move(batch), gone);
        EXPECT_FALSE(taken->whole);
        return served(*taken, {"a.test", "moving.test", "b.test"});
    };
    EXPECT_EQ(after({row("a", R"("a.test")"), row("b", R"("b.test","moving.test")")}, {}), "a.test=a moving.test=b b.test=b");
    EXPECT_EQ(after({}, {"b"}), "a.test=a moving.test= b.test=");
    EXPECT_EQ(after({row("b", R"("b.test")")}, {}), "a.test=a moving.test= b.test=b");
    EXPECT_EQ(after({row("a", R"("a.test","moving.test")")}, {}), "a.test=a moving.test=a b.test=b");
    EXPECT_EQ(after({}, {"a"}), "a.test= moving.test= b.test=b");
    EXPECT_EQ(after({row("c", R"("moving.test","*.a.test")")}, {}), "a.test= moving.test=c b.test=b");
    EXPECT_EQ(after({row("a", R"("a.test","x.a.test")")}, {"c"}), "a.test=a moving.test= b.test=b");
}

TEST(TenantRowsOver, what_is_taken_back_lies_over_nothing) {
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("a", R"("a.test")"), row("b", R"("b.test")")})->whole);
    ASSERT_FALSE(rows.take({row("c", R"("c.test")")}, {})->whole);
    ASSERT_FALSE(rows.take({row("c", R"("x.test")"), row("d", R"("d.test")")}, {"a"})->whole);
    rows.take_back();
    auto taken = rows.take({}, {});
    EXPECT_FALSE(taken->whole);
    EXPECT_EQ(served(*taken, {"a.test", "b.test", "c.test", "x.test", "d.test"}), "a.test=a b.test=b c.test=c x.test= d.test=");
    // A whole one that is taken back says nothing of the rows, whose numbers it changed.
    ASSERT_TRUE(rows.take({row("e", R"("b.test")")}, {"a"})->whole);
    rows.take_back();
    taken = rows.take({row("b", R"("new.test")")}, {});
    EXPECT_TRUE(taken->whole);
    EXPECT_EQ(served(*taken, {"a.test", "b.test", "new.test", "c.test"}), "a.test=a b.test= new.test=b c.test=c");
    EXPECT_FALSE(rows.take({}, {"a"})->whole);
}

TEST(TenantRowsOver, many_that_changed_are_built_anew) {
    TenantRows rows(defaults(), {});
    Rows all;
    const auto name = [](std::size_t i) { return "t" + std::to_string(i); };
    const auto at = [&](std::size_t i, const char* suffix) { return row(name(i), '"' + std::to_string(i) + suffix + '"'); };
    for (std::size_t i = 0; i <= TenantRows::most_over; ++i) all.push_back(at(i, ".test"));
    ASSERT_TRUE(rows.take_all(std::move(all)));
    Rows many;
    for (std::size_t i = 0; i < TenantRows::most_over; ++i) many.push_back(at(i, ".new.test"));
    auto taken = rows.take(std::move(many), {});
    EXPECT_FALSE(taken->whole);
    EXPECT_EQ(served(*taken, {"0.new.test", "0.test"}), "0.new.test=t0 0.test=");
    taken = rows.take({at(TenantRows::most_over, ".new.test")}, {});
    EXPECT_TRUE(taken->whole);
    EXPECT_FALSE(rows.take({at(0, ".test")}, {})->whole);
}

TEST(TenantRowsOver, large_ones_that_changed_are_built_anew) {
    const auto with_octets = [](std::size_t octets) {
        std::string list = R"("0.test")";
        for (std::size_t i = 0; list.size() < octets; ++i) list += ",\"" + std::to_string(i) + ".long.test\"";
        return list;
    };
    TenantRows rows(defaults(), {});
    ASSERT_TRUE(rows.take_all({row("a", R"("a.test")")}));
    EXPECT_FALSE(rows.take({row("b", with_octets(TenantRows::most_octets_over - 1000))}, {})->whole);
    EXPECT_TRUE(rows.take({row("b", with_octets(TenantRows::most_octets_over))}, {})->whole);
    EXPECT_TRUE(rows.take({row("b", R"("b.test")")}, {})->whole) << "as it was counts as well";
    EXPECT_FALSE(rows.take({row("b", R"("c.test")")}, {})->whole);
}

// --- Whatever changes, in whatever order -------------------------------------------------------------------------------------------------

/// Names that rows may have, and names that none has.
struct Names {
    std::vector<std::string> given, asked, ids;
    std::vector<mail::TenantId> asked_ids;

    Names(const std::vector<std::string>& labels, std::string_view digits) {
        for (const char* const parent : {"a.test", "b.test", "c.b.test"})
            for (const std::string& label : labels) given.push_back(label + parent);
        asked = given;
        for (const char* const other : {"test", "o.a.test", "o.x.a.test", "o.o.b.test", "o.c.b.test", "z.test"}) asked.emplace_back(other);
        for (const char digit : digits) {
            ids.push_back(std::string(1, digit) + "234abcd-18c5-45e8-88de-123456789abc");
            asked_ids.push_back(*mail::TenantId::parse(ids.back()));
        }
    }
};

/// All that an index says of them.
std::string all_of(const tenant::Index& index, const Names& names) {
    std::string out = std::to_string(index.tenant_count()) + ' ' + std::to_string(index.domain_count()) + ' ' +
                      std::to_string(index.all_have_organizations()) + std::to_string(index.knows_neighbours()) + '\n';
    const auto add = [&](const char* what, std::optional<tenant::Number> number) {
        if (!number) return;
        out += std::string(what) + '=' + std::string(index.name(*number)) + std::to_string(index.has_tenant_ids(*number)) +
               std::to_string(index.has_organizations(*number)) + std::to_string(static_cast<int>(index.policy(*number).mode)) + ' ';
    };
    for (const std::string& name : names.asked) {
        out += name + ": ";
        if (const auto covered = index.covering(name)) {
            add("covers", covered->tenant);
            out += std::to_string(static_cast<int>(covered->policy->mode)) + covered->policy->proofs.front().text + ' ';
            for (const std::string& other : names.asked)
                if (index.is_or_is_above_a_domain_of_another(other, covered->tenant)) out += '<' + other;
        }
        add("domain", index.with_literal_domain(name));
        add("organization", index.with_organization(name));
        add("dkim", index.with_dkim_domain(name));
        out += '\n';
    }
    for (const mail::TenantId& id : names.asked_ids) add("id", index.with_tenant_id(id));
    return out;
}

std::set<std::string> all_of(const std::vector<tenant::Problem>& problems) {
    std::set<std::string> out;
    for (const tenant::Problem& problem : problems)
        out.insert((problem.severity == tenant::Problem::Severity::error ? "error " : "warning ") + problem.path + ": " + problem.text);
    return out;
}

class Changes {
public:
    Changes(unsigned seed, std::size_t tenants, const Names& names) : random_(seed), tenants_(tenants), names_(names) {}

    Rows rows;
    std::vector<std::string> gone;

    void next() {
        rows.clear();
        gone.clear();
        std::set<std::string> seen;
        for (std::size_t n = 1 + below(3); n > 0; --n) {
            std::string name(1, static_cast<char>('a' + below(tenants_)));
            if (!seen.insert(name).second) continue;
            if (below(4) == 0)
                gone.push_back(std::move(name));
            else
                rows.push_back({std::move(name), document()});
        }
    }
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

private:
    std::string document() {
        std::string out = R"({"domains":)" + list(names_.given, 3, true) + R"(,"organizations":)" + list(names_.given, 2, false) +
                          R"(,"dkim_domains":)" + list(names_.given, 2, false) + R"(,"tenant_ids":)" + list(names_.ids, 2, false);
        if (below(2) == 0) out += R"(,"mode":)" + std::string(below(12) == 0 ? R"("loud")" : R"("monitor")");
        if (below(4) == 0) out += R"(,"proofs":["client-cert + spf"])";
        return out + '}';
    }
    std::string list(const std::vector<std::string>& from, std::size_t end, bool wildcards) {
        std::string out;
        for (std::size_t n = below(end); n > 0; --n)
            out += std::string(out.empty() ? "" : ",") + '"' + (wildcards && below(3) == 0 ? "*." : "") + from[below(from.size())] + '"';
        return '[' + out + ']';
    }

    std::mt19937 random_;
    const std::size_t tenants_;
    const Names& names_;
};

struct Counted {
    std::size_t over = 0, whole = 0, bad = 0;
};

/// The same changes to both.
Counted compare(unsigned seed, std::size_t tenants, const Names& names) {
    Counted counted;
    Changes changes(seed, tenants, names);
    TenantRows rows(defaults(), base::HashKey({seed, seed + 1, seed + 2}));
    TenantRows always_whole(defaults(), base::HashKey({seed + 3, seed + 4, seed + 5}), {}, 0);
    EXPECT_TRUE(rows.take_all({}) && always_whole.take_all({}));
    for (int step = 0; step < 60; ++step) {
        changes.next();
        const std::string before = rows.served_lines();
        const auto taken = rows.take(changes.rows, changes.gone), whole = always_whole.take(changes.rows, changes.gone);
        const std::string where = "seed " + std::to_string(seed) + ", step " + std::to_string(step) + '\n' + rows.served_lines();
        if (!taken || !whole) {
            ADD_FAILURE() << where;
            break;
        }
        EXPECT_TRUE(whole->whole);
        EXPECT_EQ(taken->changed, whole->changed) << where;
        EXPECT_EQ(rows.served_lines(), always_whole.served_lines()) << where;
        EXPECT_EQ(rows.bad_ones(), always_whole.bad_ones()) << where;
        EXPECT_EQ(taken->bad, whole->bad) << where;
        EXPECT_EQ(taken->kept, whole->kept) << where;
        std::set<std::string> said = all_of(taken->problems);
        const std::set<std::string> wanted = all_of(whole->problems);
        std::erase_if(said,
                      [&](const std::string& one) { return one.starts_with("warning : ") && !wanted.contains(one); });  // see the header
        EXPECT_EQ(said, wanted) << where;
        EXPECT_EQ(all_of(*taken->index, names), all_of(*whole->index, names)) << where;
        EXPECT_GE(taken->index->mildest_mode(), whole->index->mildest_mode()) << where;
        for (std::size_t i = 0; i < tenant::factor_count; ++i)
            if (const auto factor = static_cast<tenant::Factor>(i); whole->index->factors().contains(factor))
                EXPECT_TRUE(taken->index->factors().contains(factor)) << where;
        if (::testing::Test::HasFailure()) break;
        if (taken->changed) ++(taken->whole ? counted.whole : counted.over);
        counted.bad += taken->bad > 0 ? 1 : 0;
        if (changes.below(8) == 0) {
            rows.take_back();
            always_whole.take_back();
            EXPECT_EQ(rows.served_lines(), before) << where;
        }
    }
    return counted;
}

TEST(TenantRowsOver, says_what_a_whole_index_says) {
    // Of few names most changes are in somebody's way; of many few are.
    const Names few({"", "x.", "y."}, "1234"), many({"", "x.", "y.", "z.x.", "1.", "2.", "3.", "4.", "5.", "7.x."}, "0123456789abcdef");
    Counted all;
    for (unsigned seed = 1; seed <= 20 && !HasFailure(); ++seed) {
        const Counted one = seed % 2 == 0 ? compare(seed, 6, few) : compare(seed, 5, many);
        all.over += one.over;
        all.whole += one.whole;
        all.bad += one.bad;
    }
    EXPECT_GT(all.over, 100U);
    EXPECT_GT(all.whole, 100U);
    EXPECT_GT(all.bad, 100U);
}

}  // namespace
}  // namespace exota::directory
