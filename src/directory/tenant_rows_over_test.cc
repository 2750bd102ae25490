// TenantRows where an index of what changed lies over that of all: says the same as one that is always built whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/testing_tenant_rows.h"
#include "tenant/index_builder.h"
#include "tenant/index_over.h"

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
    std::vector<std::string> domains;
    tenant::IndexBuilder::for_each_domain(index, [&domains](std::string_view domain) { domains.emplace_back(domain); });
    std::ranges::sort(domains);
    for (const std::string& domain : domains) out += '\n' + domain;
    return out;
}

/// What counts of limits go on by: a number that both have in common is one tenant's (gate/limits.cc).
void expect_same_tenants(const tenant::Index& before, const tenant::Index& after, const std::string& where) {
    const std::size_t shared = shared_number_count(before, after);
    EXPECT_LE(shared, std::min(number_count(before), number_count(after))) << where;
    for (std::uint32_t i = 0; i < shared; ++i)
        if (const tenant::Number number{i}; has_tenant(before, number) && has_tenant(after, number))
            EXPECT_EQ(before.name(number), after.name(number)) << where;
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
    std::size_t over = 0, whole = 0, bad = 0, used = 0, restored = 0;
};

/// Rows of which few that changed lie over the others, and the same rows, always built whole.
class Both {
public:
    Both(unsigned seed, const Names& names) : seed_(seed), names_(names) { begin(defaults()); }

    void take(const Changes& changes, int step) {
        defaults_before_.reset();
        now("take", step, rows_->take(changes.rows, changes.gone), always_whole_->take(changes.rows, changes.gone));
    }
    /// Other defaults, under which other rows are bad.
    void use(const char* proof, int step) {
        tenant::Defaults other = defaults();
        other.proofs = {*tenant::Proof::parse(proof)};
        defaults_before_ = std::exchange(defaults_, other);
        now("use", step, rows_->use(other), always_whole_->use(other));
    }
    void take_back() {
        rows_->take_back();
        always_whole_->take_back();
        if (defaults_before_) defaults_ = *std::exchange(defaults_before_, std::nullopt);
    }
    /// As after a restart: what was served is all there is.
    void restore(int step) {
        const std::string lines = served_lines();
        begin(defaults_);
        now("restore", step, rows_->restore(lines), always_whole_->restore(lines));
        EXPECT_EQ(served_lines(), lines) << where_;
        if (taken_) EXPECT_EQ(taken_->bad, 0U) << where_;
    }

    std::string served_lines() const { return rows_->served_lines(); }
    /// Of the last call.
    const TenantRows::Taken& taken() const { return *taken_; }
    const std::string& where() const noexcept { return where_; }

private:
    void begin(tenant::Defaults defaults) {
        defaults_ = std::move(defaults);
        defaults_before_.reset();
        rows_.emplace(defaults_, base::HashKey({seed_, seed_ + 1, seed_ + 2}));
        always_whole_.emplace(defaults_, base::HashKey({seed_ + 3, seed_ + 4, seed_ + 5}), nullptr, 0);
        taken_.reset();
    }
    void now(const char* what, int step, base::Result<TenantRows::Taken> taken, base::Result<TenantRows::Taken> whole) {
        where_ = "seed " + std::to_string(seed_) + ", step " + std::to_string(step) + ", " + what + '\n' + rows_->served_lines();
        ASSERT_TRUE(taken && whole) << where_;
        EXPECT_TRUE(whole->whole) << where_;
        EXPECT_EQ(taken->changed, whole->changed) << where_;
        EXPECT_EQ(rows_->served_lines(), always_whole_->served_lines()) << where_;
        EXPECT_EQ(rows_->bad_ones(), always_whole_->bad_ones()) << where_;
        EXPECT_EQ(taken->bad, whole->bad) << where_;
        EXPECT_EQ(taken->kept, whole->kept) << where_;
        std::set<std::string> said = all_of(taken->problems);
        const std::set<std::string> wanted = all_of(whole->problems);
        std::erase_if(said,
                      [&](const std::string& one) { return one.starts_with("warning : ") && !wanted.contains(one); });  // see the header
        EXPECT_EQ(said, wanted) << where_;
        EXPECT_EQ(all_of(*taken->index, names_), all_of(*whole->index, names_)) << where_;
        EXPECT_GE(taken->index->mildest_mode(), whole->index->mildest_mode()) << where_;
        for (std::size_t i = 0; i < tenant::factor_count; ++i)
            if (const auto factor = static_cast<tenant::Factor>(i); whole->index->factors().contains(factor))
                EXPECT_TRUE(taken->index->factors().contains(factor)) << where_;
        if (taken_) expect_same_tenants(*taken_->index, *taken->index, where_);
        taken_ = *std::move(taken);
    }

    const unsigned seed_;
    const Names& names_;
    tenant::Defaults defaults_;
    std::optional<tenant::Defaults> defaults_before_;  // which take_back() brings back
    std::optional<TenantRows> rows_, always_whole_;
    std::optional<TenantRows::Taken> taken_;
    std::string where_;
};

/// The same changes to both.
Counted compare(unsigned seed, std::size_t tenants, const Names& names) {
    constexpr const char* proofs[] = {"client-cert + dkim-aligned", "client-cert + tenant-id", "client-cert + spf"};
    Counted counted;
    Changes changes(seed, tenants, names);
    Both both(seed, names);
    for (int step = 0; step < 60 && !::testing::Test::HasFailure(); ++step) {
        const std::string before = both.served_lines();
        const std::size_t what = changes.below(16);
        if (what == 0) {
            both.use(proofs[changes.below(3)], step);
            ++counted.used;
        } else if (what == 1) {
            both.restore(step);
            ++counted.restored;
        } else {
            changes.next();
            both.take(changes, step);
        }
        if (::testing::Test::HasFailure()) break;
        if (both.taken().changed) ++(both.taken().whole ? counted.whole : counted.over);
        counted.bad += both.taken().bad > 0 ? 1 : 0;
        if (what != 1 && changes.below(8) == 0) {
            both.take_back();
            EXPECT_EQ(both.served_lines(), before) << both.where();
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
        all.used += one.used;
        all.restored += one.restored;
    }
    EXPECT_GT(all.over, 100U);
    EXPECT_GT(all.whole, 100U);
    EXPECT_GT(all.bad, 100U);
    EXPECT_GT(all.used, 20U);
    EXPECT_GT(all.restored, 20U);
}

}  // namespace
}  // namespace exota::directory
