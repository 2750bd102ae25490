// What the tests of the configuration share: reading a text as if it were a file, and all that was found in it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "app/config.h"
#include "app/config_build.h"
#include "app/config_tree.h"

namespace exota::app::testing {

inline LoadedConfig from_toml(std::string_view text) {
    const auto tree = parse_config_toml(text);
    EXPECT_TRUE(tree) << text;
    return tree ? build_config(*tree, "/nowhere/exota.toml", ConfigOrigin::file) : LoadedConfig{};
}

inline std::string all_of(const LoadedConfig& loaded) {
    std::string out;
    for (const ConfigProblem& problem : loaded.problems) out += to_text(problem) + '\n';
    return out;
}

inline constexpr std::string_view minimal = "[authorisation]\nmode = \"monitor\"\n";

}  // namespace exota::app::testing
