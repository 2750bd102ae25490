#include "directory/held_tenants.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "net/testing.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Is = SourceState::Is;
using When = HeldTenants::When;

TenantRow row(const std::string& name, int domains = 1) {
    std::string list;
    for (int i = 0; i < domains; ++i) list += (i > 0 ? ",\"" : "\"") + name + std::to_string(i) + ".test\"";
    return {name, "{\"tenant_ids\":[],\"domains\":[" + list + "]}"};
}

struct Held : ::testing::Test {
    Held() {
        std::filesystem::create_directory(folder.path("state"));
        options.snapshot_file = folder.path("snapshot");
        options.state_directory = folder.path("state");
        options.defaults.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned")};
        options.status = status;
        options.on_index = [this](std::shared_ptr<const tenant::Index> index, std::vector<tenant::Problem> found) {
            given.push_back(std::move(index));
            std::erase_if(found, [](const tenant::Problem& problem) { return problem.severity != tenant::Problem::Severity::error; });
            errors = std::move(found);
        };
        options.on_warning = [this](std::string text) { warnings.push_back(std::move(text)); };
        options.on_trouble = [this] { ++troubles; };
        options.on_loaded = [this] { ++loaded; };
        options.snapshot_apart = 0ms;
    }
    bool serves(const std::string& domain) const { return !given.empty() && given.back()->covering(domain).has_value(); }
    std::string on_disk() const {
        const auto kept = load_snapshot(options.snapshot_file, of.origin);
        return kept ? kept->lines : kept.error().detail;
    }

    net::testing::TemporaryDirectory folder;
    HeldTenants::Of of{.name = "ldap a", .origin = {"ldap", "dc=a", "2"}, .shrink_key = "/ldap dc=a"};
    std::shared_ptr<SourceStatus> status = std::make_shared<SourceStatus>(1000s);
    HeldTenants::Options options;
    std::vector<std::shared_ptr<const tenant::Index>> given;
    std::vector<tenant::Problem> errors;
    std::vector<std::string> warnings;
    int troubles = 0, loaded = 0;
};

TEST_F(Held, whoever_judges_hears_at_once_that_the_server_was_heard) {
    HeldTenants held(of, options);
    EXPECT_EQ(loaded, 0);
    EXPECT_TRUE(held.take_all({row("contoso")}));
    EXPECT_EQ(loaded, 1);
    EXPECT_TRUE(held.take_all({row("contoso"), row("fabrikam")}));
    EXPECT_EQ(loaded, 1) << "it was heard before";
    held.trouble("is away");
    held.confirmed();
    EXPECT_EQ(loaded, 2);
}

TEST_F(Held, what_was_read_is_served_and_kept) {
    {
        HeldTenants held(of, options);
        EXPECT_FALSE(held.restore());
        EXPECT_TRUE(held.take_all({row("contoso"), row("fabrikam")}));
        EXPECT_EQ(status->state().is, Is::loaded);
        EXPECT_TRUE(held.keep_at());
        held.keep(When::in_time);
        EXPECT_FALSE(held.keep_at());
        EXPECT_EQ(ShrinkGuard(options.state_directory).last_domain_count(of.shrink_key), 2U);
        EXPECT_TRUE(held.take_all({row("fabrikam"), row("contoso")}));
        EXPECT_EQ(given.size(), 1U) << "the same need not be judged by anew";
    }
    options.status = status = std::make_shared<SourceStatus>(1000s);
    HeldTenants held(of, options);
    EXPECT_TRUE(held.restore());
    EXPECT_EQ(status->state().is, Is::stale);
    EXPECT_TRUE(serves("contoso0.test"));
    EXPECT_TRUE(warnings.empty()) << warnings.front();
}

TEST_F(Held, a_file_of_another_tree_is_not_used) {
    {
        HeldTenants held(of, options);
        ASSERT_TRUE(held.take_all({row("contoso")}));
        held.keep(When::at_once);
    }
    of.origin.base = "dc=b";
    HeldTenants held(of, options);
    EXPECT_FALSE(held.restore());
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings.front().find("it will be made anew"), std::string::npos) << warnings.front();
}

TEST_F(Held, a_file_older_than_max_stale_is_judged_by_no_more) {
    options.max_stale = 1000s;
    for (const auto& [age, is] :
         {std::pair(900s, Is::stale), std::pair(1001s, Is::failed), std::pair(-200s, Is::stale), std::pair(-400s, Is::failed)}) {
        const auto then = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - age;
        ASSERT_TRUE(save_snapshot(options.snapshot_file, of.origin, {then, "\"a\":{\"tenant_ids\":[],\"domains\":[\"a.test\"]}\n"}));
        options.status = std::make_shared<SourceStatus>(1000s);
        HeldTenants held(of, options);
        EXPECT_TRUE(held.restore());
        EXPECT_EQ(options.status->state().is, is) << age.count();
    }
}

TEST_F(Held, a_bad_row_keeps_its_last_good_version) {
    options.state_directory.clear();  // one of two is more than a fifth
    HeldTenants held(of, options);
    ASSERT_TRUE(held.take_all({row("contoso"), row("fabrikam")}));
    EXPECT_TRUE(held.take_all({row("contoso"), {"fabrikam", R"({"tenant_ids":[],"domains":["other.test"],"mode":"loud"})"}}));
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_TRUE(errors[0].path.starts_with("tenants.fabrikam")) << errors[0].path;
    EXPECT_TRUE(serves("fabrikam0.test"));
    EXPECT_FALSE(serves("other.test"));
    EXPECT_TRUE(held.take_all({row("contoso")}));
    EXPECT_FALSE(serves("fabrikam0.test")) << "who is gone is gone";
}

TEST_F(Held, too_large_a_loss_waits_for_somebody_who_means_it) {
    HeldTenants held(of, options);
    ASSERT_TRUE(held.take_all({row("contoso", 8), row("fabrikam", 2)}));
    EXPECT_TRUE(held.take_all({row("contoso", 8)})) << "a fifth may go";
    for (const std::vector<TenantRow>& fewer : {std::vector<TenantRow>{}, std::vector{row("contoso", 6)}}) {
        EXPECT_FALSE(held.take_all(fewer));
        EXPECT_TRUE(held.is_refused());
        EXPECT_FALSE(held.is_current());
        EXPECT_FALSE(held.is_accepted());
        EXPECT_EQ(status->state().is, Is::stale);
        EXPECT_EQ(given.back()->domain_count(), 8U);
    }
    held.keep(When::at_once);
    EXPECT_NE(on_disk().find("contoso7"), std::string::npos) << on_disk();
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_NE(warnings.back().find("would leave 6 of 8 domains"), std::string::npos) << warnings.back();
    EXPECT_EQ(troubles, 2);
    TenantRows same(options.defaults, {});
    ASSERT_TRUE(same.take_all({row("contoso", 6)}));
    ASSERT_TRUE(ShrinkGuard(options.state_directory).accept(same.fingerprint()));
    EXPECT_TRUE(held.is_accepted());
    EXPECT_TRUE(held.take_all({row("contoso", 6)}));
    EXPECT_TRUE(held.is_current());
    EXPECT_EQ(status->state().is, Is::loaded);
}

TEST_F(Held, as_many_others_are_a_loss_too) {
    const auto two_hundred = [](int others) {
        std::vector<TenantRow> rows;
        for (int i = 0; i < 200; ++i) rows.push_back(row((i < others ? "new" : "old") + std::to_string(i) + '-'));
        return rows;
    };
    HeldTenants held(of, options);
    ASSERT_TRUE(held.take_all(two_hundred(0)));
    EXPECT_FALSE(held.take_all(two_hundred(50)));
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings.back().find("would leave 150 of 200 domains"), std::string::npos) << warnings.back();
    EXPECT_TRUE(serves("old0-0.test"));
    EXPECT_TRUE(held.take_all(two_hundred(40))) << "a fifth may go";
    EXPECT_FALSE(serves("old0-0.test"));
    // One batch of changes, of which an index is laid over the last.
    std::vector<std::string> gone;
    for (int i = 40; i <= 80; ++i) gone.push_back("old" + std::to_string(i) + '-');
    EXPECT_FALSE(held.take({row("a", 41)}, gone));
    EXPECT_FALSE(serves("a0.test"));
}

TEST_F(Held, a_domain_that_is_covered_yet_is_not_lost) {
    HeldTenants held(of, options);
    const TenantRow apart{"fabrikam", R"({"tenant_ids":[],"domains":["x.fabrikam.test","y.fabrikam.test"]})"},
        below{"fabrikam", R"({"tenant_ids":[],"domains":["*.fabrikam.test"]})"};
    ASSERT_TRUE(held.take_all({row("contoso", 100), apart}));
    EXPECT_TRUE(held.take_all({{"other", row("contoso", 100).document}, apart})) << "another tenant's";
    EXPECT_TRUE(held.take({below}, {})) << "one name less, and nobody lost";
    EXPECT_TRUE(warnings.empty()) << warnings.front();
    EXPECT_TRUE(serves("x.fabrikam.test"));
}

TEST_F(Held, a_loss_over_a_restart_is_one_as_well) {
    {
        HeldTenants held(of, options);
        ASSERT_TRUE(held.take_all({row("contoso", 8)}));
        held.keep(When::at_once);
    }
    HeldTenants held(of, options);
    ASSERT_TRUE(held.restore());
    EXPECT_FALSE(held.take_all({}));
    EXPECT_TRUE(serves("contoso0.test"));
}

TEST_F(Held, other_defaults_count_unless_they_take_somebody_away) {
    HeldTenants held(of, options);
    ASSERT_TRUE(held.take_all({row("contoso"), {"shared", R"({"tenant_ids":[],"domains":["*.shared.test"]})"}}));
    tenant::Defaults other = options.defaults;
    other.mode = tenant::Mode::monitor;
    held.use(other, options.state_directory);
    EXPECT_EQ(given.back()->covering("contoso0.test")->policy->mode, tenant::Mode::monitor);
    other.shared_suffixes = {"shared.test"};
    held.use(other, options.state_directory);
    EXPECT_TRUE(serves("a.shared.test"));
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings.front().find("by the defaults of before"), std::string::npos) << warnings.front();
}

TEST_F(Held, after_an_exception_only_all_of_them_are_the_truth) {
    HeldTenants held(of, options);
    ASSERT_TRUE(held.take_all({row("contoso")}));
    held.broke_off();
    EXPECT_FALSE(held.is_current());
    EXPECT_TRUE(held.take_all({row("contoso")}));
    EXPECT_TRUE(held.is_current());
    EXPECT_EQ(given.size(), 2U) << "what was given last may be less than what is held";
}

TEST_F(Held, who_is_to_end_takes_nothing) {
    bool ends = false;
    HeldTenants held(of, options, [&ends] { return ends; });
    ASSERT_TRUE(held.take_all({row("contoso")}));
    ends = true;
    EXPECT_FALSE(held.take_all({row("fabrikam")}));
    EXPECT_EQ(given.size(), 1U);
    EXPECT_EQ(troubles, 0);
    held.keep(When::at_once);
    EXPECT_EQ(on_disk().find("fabrikam"), std::string::npos) << "what nobody guarded does not come back with the next start";
}

}  // namespace
}  // namespace exota::directory
