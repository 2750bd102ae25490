// [discovery].
#include <gtest/gtest.h>

#include "config/testing.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;

/// @param mode  of authorisation.
LoadedConfig load_with(std::string_view mode, std::string_view lines) {
    std::string text(testing::minimal);
    text.replace(text.find("monitor"), 7, mode);
    return from_toml(text + "[discovery]\n" + std::string(lines));
}

TEST(Discovery, is_off_if_nothing_is_said) {
    const LoadedConfig loaded = load_with("enforce", "");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_FALSE(loaded.config->rules.discovery);
    EXPECT_EQ(loaded.config->discovery.file, "/var/lib/exota/candidates");
    EXPECT_EQ(loaded.config->discovery.max_candidates, 10'000U);
}

TEST(Discovery, needs_monitor) {
    for (const std::string_view mode : {"enforce", "defer", "quarantine"}) {
        const LoadedConfig loaded = load_with(mode, "enabled = true\n");
        EXPECT_FALSE(loaded.config) << mode;
        EXPECT_NE(all_of(loaded).find("discovery.enabled"), std::string::npos) << all_of(loaded);
        EXPECT_NE(all_of(loaded).find("authorisation.mode = \"monitor\""), std::string::npos) << all_of(loaded);
    }
    const LoadedConfig loaded = load_with("monitor", "enabled = true\nfile = \"/c\"\nmax_candidates = 10\n");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_TRUE(loaded.config->rules.discovery);
    EXPECT_EQ(loaded.config->discovery.file, "/c");
    EXPECT_EQ(loaded.config->discovery.max_candidates, 10U);
}

TEST(Discovery, limits_on_both_sides) {
    for (const auto& [number, taken] : {std::pair{"9", false}, {"10", true}, {"50000", true}, {"50001", false}})
        EXPECT_EQ(load_with("monitor", "max_candidates = " + std::string(number) + "\n").config.has_value(), taken) << number;
    EXPECT_FALSE(load_with("monitor", "enabled = true\nfile = \"\"\n").config);
}

}  // namespace
}  // namespace exota::config
