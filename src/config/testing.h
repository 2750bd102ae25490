// What the tests of the configuration share: reading a text as if it were a file, and all that was found in it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "config/build.h"
#include "config/config.h"
#include "config/tree.h"

namespace exota::config::testing {

inline LoadedConfig from_toml(std::string_view text) {
    const auto tree = parse_toml(text);
    EXPECT_TRUE(tree) << text;
    return tree ? build(*tree, "/nowhere/exota.toml", Origin::file) : LoadedConfig{};
}

inline std::string all_of(const LoadedConfig& loaded) {
    std::string out;
    for (const Problem& problem : loaded.problems) out += to_text(problem) + '\n';
    return out;
}

inline constexpr std::string_view minimal = "[authorisation]\nmode = \"monitor\"\n";

}  // namespace exota::config::testing
