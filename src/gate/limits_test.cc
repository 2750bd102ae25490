#include "gate/limits.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "gate/session_fixture.h"
#include "tenant/index_over.h"

namespace exota::gate {
namespace {

using namespace std::chrono_literals;
using tenant::Limit;
using tenant::LimitUnit;

constexpr Instant start{std::chrono::hours(1000)};

TEST(WindowCounter, counts_what_lies_in_the_window) {
    WindowCounter counter(LimitUnit::messages, 3600s);
    counter.add(1, start);
    counter.add(2, start + 10min);
    EXPECT_EQ(counter.sum(start + 10min), 3u);
    EXPECT_EQ(counter.sum(start + 60min), 3u) << "a window never forgets early";
    EXPECT_EQ(counter.sum(start + 60min + 225s), 2u) << "and at most a sixteenth of itself late";
    EXPECT_EQ(counter.sum(start + 70min + 225s), 0u);
    counter.add(5, start + 100h);
    EXPECT_EQ(counter.sum(start + 100h), 5u) << "what a slot held long ago is gone";
}

TEST(WindowCounter, never_more_than_the_amount_in_any_window) {
    // One message every second against 100 a minute: count what passed in each minute, wherever it begins.
    WindowCounter counter(LimitUnit::messages, 60s);
    std::vector<int> passed;
    for (int second = 0; second < 1000; ++second)
        for (int n = 0; n < 5; ++n) {
            const Instant now = start + std::chrono::seconds(second) + std::chrono::milliseconds(n * 190);
            counter.add(1, now);
            if (counter.sum(now) > 100)
                counter.take_back(1, now);
            else
                passed.push_back(second);
        }
    for (int from = 0; from < 940; ++from) {
        const auto in_window =
            std::count_if(passed.begin(), passed.end(), [&](int second) { return second >= from && second < from + 60; });
        EXPECT_LE(in_window, 100) << from;
    }
    EXPECT_GE(passed.size(), 1000u / 64 * 100) << "no more is refused than the last sixteenth explains";
}

TEST(WindowCounter, does_not_overflow) {
    WindowCounter counter(LimitUnit::recipients, 1s);
    counter.add(UINT32_MAX, start);
    counter.add(UINT32_MAX, start);
    EXPECT_EQ(counter.sum(start), UINT32_MAX);
}

TEST(WindowCounter, says_when_there_is_room) {
    WindowCounter counter(LimitUnit::recipients, 1600s);  // slots of 100 s, the first begins at `start`
    counter.add(4, start);
    counter.add(5, start + 250s);
    counter.add(1, start + 900s);
    const Instant now = start + 950s;
    EXPECT_EQ(counter.room_after(10, 11, now), std::nullopt) << "never";
    EXPECT_EQ(counter.room_after(10, 4, now), 1700s - 950s) << "the first four leave when sixteen slots lie behind theirs";
    EXPECT_EQ(counter.room_after(10, 5, now), 1900s - 950s);
    EXPECT_EQ(counter.room_after(10, 10, now), 2600s - 950s) << "all of them";
    EXPECT_EQ(counter.room_after(10, 4, start + 1699s + 1ms), 1s) << "rounded up";
    counter.add(7, start + 1710s);
    EXPECT_EQ(counter.room_after(9, 9, start + 1710s), 1700s - 10s) << "those of the running slot";
}

TEST(WindowCounter, warns_once_for_a_window) {
    WindowCounter counter(LimitUnit::messages, 1600s);
    EXPECT_TRUE(counter.warn(start + 50s));
    EXPECT_FALSE(counter.warn(start + 50s));
    EXPECT_FALSE(counter.warn(start + 1699s));
    EXPECT_TRUE(counter.warn(start + 1700s));
    EXPECT_FALSE(counter.warn(start + 1700s));
}

std::optional<Limit> limit_of(const CountResult& result) { return result.exceeded ? std::optional(result.exceeded->limit) : std::nullopt; }

class Limits : public ::testing::Test {
protected:
    std::shared_ptr<const tenant::Index> index = testing::index_of(testing::tenants_text);
    tenant::Number tenant_of(const tenant::Index& tenants, std::string_view domain) { return tenants.covering(domain)->tenant; }
    std::optional<Limit> send(TenantLimits& limits, const tenant::Index& tenants, std::string_view domain, std::uint32_t recipients,
                              Instant now) {
        const tenant::Number number = tenant_of(tenants, domain);
        return limit_of(limits.count(number, tenants.policy(number).limits, recipients, now));
    }
};

TEST_F(Limits, the_first_limit_passed_is_named_and_nothing_counted) {
    TenantLimits limits(*index, nullptr);
    EXPECT_FALSE(send(limits, *index, "fabrikam.test", 1, start));
    const auto passed = send(limits, *index, "fabrikam.test", 3, start);
    ASSERT_TRUE(passed);
    EXPECT_EQ(passed->unit, LimitUnit::recipients);
    EXPECT_FALSE(send(limits, *index, "fabrikam.test", 2, start)) << "the refused message took nothing";
    EXPECT_EQ(send(limits, *index, "fabrikam.test", 0, start)->unit, LimitUnit::messages);
    EXPECT_FALSE(send(limits, *index, "fabrikam.test", 0, start + 64min));
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(send(limits, *index, "contoso.test", 100, start)) << "a tenant without limits";
}

TEST_F(Limits, go_on_over_a_reload_by_name) {
    TenantLimits before(*index, nullptr);
    EXPECT_FALSE(send(before, *index, "fabrikam.test", 1, start));

    const auto same = testing::index_of(
        R"({"version": 2, "tenants": {"adatum": {"domains": ["adatum.test"], "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "limits": ["1 messages / hour"]},
        "fabrikam": {"domains": ["fabrikam.test"], "organizations": ["fabrikam.test"], "limits": ["2 messages / hour", "3 recipients / day"]}}})");
    TenantLimits after(*same, &before);
    EXPECT_FALSE(send(after, *same, "fabrikam.test", 1, start));
    EXPECT_TRUE(send(before, *index, "fabrikam.test", 1, start)) << "messages that began before the reload count into the same";
    EXPECT_FALSE(send(after, *same, "adatum.test", 1, start));

    const auto changed = testing::index_of(R"({"version": 2, "tenants": {
        "fabrikam": {"domains": ["fabrikam.test"], "organizations": ["fabrikam.test"], "limits": ["3 messages / hour", "1 messages / minute"]}}})");
    TenantLimits renewed(*changed, &after);
    EXPECT_FALSE(send(renewed, *changed, "fabrikam.test", 1, start)) << "the third of this hour";
    EXPECT_EQ(send(renewed, *changed, "fabrikam.test", 1, start)->amount, 3u);
    EXPECT_EQ(send(renewed, *changed, "fabrikam.test", 1, start + 64min), std::nullopt);
    EXPECT_EQ(send(renewed, *changed, "fabrikam.test", 1, start + 64min)->amount, 1u);
}

/// Where what changed lies over the others, a tenant that changed has another number than before.
TEST_F(Limits, go_on_where_few_tenants_changed) {
    const auto read = [](const std::string& tenants) {
        return *tenant::read_tenants(R"({"version": 2, "tenants": {)" + tenants + "}}", {.proofs = {*tenant::Proof::parse("dkim-aligned")}})
                    .index;
    };
    const std::string fabrikam = R"("fabrikam": {"domains": ["fabrikam.test"], "limits": ["2 messages / hour"]})";
    const auto all =
        std::make_shared<const tenant::Index>(read(R"("adatum": {"domains": ["adatum.test"]}, )" + fabrikam +
                                                   R"(, "contoso": {"domains": ["contoso.test"], "limits": ["2 messages / hour"]})"));
    const std::vector gone{tenant_of(*all, "fabrikam.test")};
    TenantLimits before(*all, nullptr);
    EXPECT_FALSE(send(before, *all, "contoso.test", 1, start));
    EXPECT_FALSE(send(before, *all, "fabrikam.test", 1, start));

    const auto changed = over(all, gone, read(fabrikam), read(R"("fabrikam": {"domains": ["new.test"], "limits": ["3 messages / hour"]})"));
    ASSERT_TRUE(changed);
    TenantLimits after(*changed, &before);
    EXPECT_FALSE(send(after, *changed, "contoso.test", 1, start));
    EXPECT_TRUE(send(after, *changed, "contoso.test", 1, start));
    EXPECT_TRUE(send(before, *all, "contoso.test", 1, start)) << "messages that began before count into the same";
    EXPECT_FALSE(send(after, *changed, "new.test", 1, start));
    EXPECT_FALSE(send(after, *changed, "new.test", 1, start));
    EXPECT_TRUE(send(after, *changed, "new.test", 1, start)) << "one was counted under its old number";
    EXPECT_FALSE(send(after, *changed, "adatum.test", 1, start));

    const auto without = over(all, gone, read(fabrikam), read(""));
    ASSERT_TRUE(without);
    TenantLimits less(*without, &after);
    EXPECT_TRUE(send(less, *without, "contoso.test", 1, start));
    EXPECT_FALSE(send(less, *without, "adatum.test", 1, start));

    TenantLimits whole(*all, &less);
    EXPECT_TRUE(send(whole, *all, "contoso.test", 1, start));
    EXPECT_FALSE(send(whole, *all, "fabrikam.test", 1, start)) << "it was gone, and so were its counts";
    TenantLimits back(*changed, &whole);
    EXPECT_FALSE(send(back, *changed, "new.test", 1, start));
    EXPECT_FALSE(send(back, *changed, "new.test", 1, start));
    EXPECT_TRUE(send(back, *changed, "new.test", 1, start));
    EXPECT_TRUE(send(back, *changed, "contoso.test", 1, start));
}

/// Tenants come, change and go, each time with another domain and so under another number; now over one whole index, now as another one.
class ChangingTenants {
public:
    using Versions = std::map<std::string, unsigned>;  // by name

    explicit ChangingTenants(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
    const Versions& now() const noexcept { return now_; }
    static std::string domain(const std::string& name, unsigned version) { return name + std::to_string(version) + ".test"; }
    static unsigned amount(unsigned version) noexcept { return 2 + version % 3; }

    /// One of them is otherwise then.
    std::shared_ptr<const tenant::Index> next() {
        const std::string name(1, static_cast<char>('a' + below(6)));
        if (!now_.contains(name) || below(3) > 0)
            now_[name] = ++last_version_;
        else
            now_.erase(name);
        if (all_ && below(4) > 0) return laid_over();
        whole_ = now_;
        all_ = std::make_shared<const tenant::Index>(read(whole_));
        return all_;
    }

private:
    static tenant::Index read(const Versions& tenants) {
        std::string text;
        for (const auto& [name, version] : tenants)
            text += (text.empty() ? "\"" : ", \"") + name + R"(": {"domains": [")" + domain(name, version) + R"("], "limits": [")" +
                    std::to_string(amount(version)) + R"( messages / hour"]})";
        return *tenant::read_tenants(R"({"version": 2, "tenants": {)" + text + "}}", {.proofs = {*tenant::Proof::parse("dkim-aligned")}})
                    .index;
    }
    std::shared_ptr<const tenant::Index> laid_over() const {
        Versions before, after;
        std::vector<tenant::Number> gone;
        for (const auto& [name, version] : whole_)
            if (const auto still = now_.find(name); still == now_.end() || still->second != version) {
                before[name] = version;
                gone.push_back(all_->covering(domain(name, version))->tenant);
            }
        for (const auto& [name, version] : now_)
            if (const auto was = whole_.find(name); was == whole_.end() || was->second != version) after[name] = version;
        auto index = over(all_, gone, read(before), read(after));
        EXPECT_TRUE(index);
        return std::make_shared<const tenant::Index>(*std::move(index));
    }

    std::mt19937 random_;
    unsigned last_version_ = 0;
    Versions now_, whole_;
    std::shared_ptr<const tenant::Index> all_;  // of `whole_`
};

TEST_F(Limits, go_on_by_name_whatever_changes) {
    struct Snapshot {
        std::shared_ptr<const tenant::Index> index;
        TenantLimits limits;
    };
    std::size_t passed = 0, refused = 0;
    for (unsigned seed = 1; seed <= 20 && !HasFailure(); ++seed) {
        ChangingTenants tenants(seed);
        std::map<std::string, unsigned> sent;
        std::unique_ptr<Snapshot> snapshot;
        for (int step = 0; step < 60; ++step) {
            auto index = tenants.next();
            const TenantLimits* const before = snapshot ? &snapshot->limits : nullptr;
            std::unique_ptr<Snapshot> next(new Snapshot{index, {*index, before}});
            snapshot = std::move(next);
            std::erase_if(sent, [&](const auto& one) { return !tenants.now().contains(one.first); });  // gone, and so are its counts
            for (const auto& [name, version] : tenants.now()) {
                if (tenants.below(2) == 0) continue;
                const bool is_passed = sent[name] >= ChangingTenants::amount(version);
                EXPECT_EQ(send(snapshot->limits, *index, ChangingTenants::domain(name, version), 1, start).has_value(), is_passed)
                    << "seed " << seed << ", step " << step << ", " << name;
                if (!is_passed) ++sent[name];
                ++(is_passed ? refused : passed);
            }
        }
    }
    EXPECT_GT(passed, 300U);
    EXPECT_GT(refused, 300U);
}

TEST(NamedLimits, are_counted_by_name_and_go_on_when_limits_change) {
    NamedLimits counters;
    const std::vector<Limit> two{{2, LimitUnit::messages, 60s}}, three{{3, LimitUnit::messages, 60s}, {9, LimitUnit::recipients, 60s}};
    EXPECT_EQ(limit_of(counters.count("a", {}, 1, start)), std::nullopt);
    EXPECT_EQ(counters.size(), 0U);
    EXPECT_EQ(limit_of(counters.count("a", two, 1, start)), std::nullopt);
    EXPECT_EQ(limit_of(counters.count("a", two, 1, start)), std::nullopt);
    EXPECT_EQ(limit_of(counters.count("a", two, 1, start)), two[0]);
    EXPECT_EQ(limit_of(counters.count("b", two, 1, start)), std::nullopt);
    EXPECT_EQ(limit_of(counters.count("a", three, 4, start)), std::nullopt) << "two were counted, and the refused one was not";
    EXPECT_EQ(limit_of(counters.count("a", three, 1, start)), three[0]);
    EXPECT_EQ(limit_of(counters.count("a", two, 1, start + 2min)), std::nullopt);
}

TEST(NamedLimits, say_when_it_is_possible_again_and_that_a_limit_is_near) {
    NamedLimits counters;
    const std::vector<Limit> limits{{10, LimitUnit::recipients, 1600s}, {3, LimitUnit::messages, 160s}};
    EXPECT_EQ(counters.count("a", limits, 7, start).near, std::nullopt);
    EXPECT_EQ(counters.count("a", limits, 1, start).near, limits[0]) << "8 of 10";
    EXPECT_EQ(counters.count("a", limits, 1, start).near, limits[1]) << "3 of 3; the first was told";
    const CountResult fourth = counters.count("a", limits, 1, start);
    ASSERT_TRUE(fourth.exceeded);
    EXPECT_EQ(*fourth.exceeded, (Exceeded{limits[1], 170s})) << "the first that is passed; the one before has room for it";
    EXPECT_EQ(fourth.near, std::nullopt) << "what is not counted is near nothing";
    EXPECT_EQ(counters.count("a", limits, 2, start).exceeded, (Exceeded{limits[0], 1700s})) << "the later of the two";
    EXPECT_EQ(counters.count("a", limits, 11, start).exceeded, (Exceeded{limits[0], std::nullopt})) << "never";
    EXPECT_EQ(counters.count("a", limits, 1, start + 170s).exceeded, std::nullopt) << "as was promised";
    EXPECT_EQ(counters.count("a", limits, 2, start + 1699s).exceeded, (Exceeded{limits[0], 1s}));
    EXPECT_EQ(counters.count("a", limits, 9, start + 1700s).near, limits[0]) << "a new window";
}

TEST(NamedLimits, note_what_others_let_through) {
    NamedLimits counters;
    const std::vector<Limit> limits{{2, LimitUnit::messages, 60s}};
    for (int i = 0; i < 3; ++i) counters.note("a", limits, 1, start);
    counters.note("a", {}, 1, start);
    EXPECT_EQ(limit_of(counters.count("a", limits, 1, start)), limits[0]);
    EXPECT_EQ(limit_of(counters.count("a", limits, 1, start + 64s)), std::nullopt);
}

TEST(NamedLimits, forget_who_is_silent) {
    NamedLimits counters;
    const std::vector<Limit> limits{{1, LimitUnit::messages, 60s}};
    for (int i = 0; i < 1024; ++i) counters.count("t" + std::to_string(i), limits, 1, start);
    EXPECT_EQ(counters.size(), 1024U);
    EXPECT_EQ(limit_of(counters.count("t5", limits, 1, start + 100s)), std::nullopt);
    EXPECT_EQ(limit_of(counters.count("new", limits, 1, start + 121s)), std::nullopt);
    EXPECT_EQ(counters.size(), 2U) << "t5 and the new one";
    EXPECT_EQ(limit_of(counters.count("t5", limits, 1, start + 121s)), limits[0]);
}

}  // namespace
}  // namespace exota::gate
