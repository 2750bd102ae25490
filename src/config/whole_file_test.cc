#include "config/whole_file.h"

#include <gtest/gtest.h>

#include <fstream>

namespace exota::config {
namespace {

TEST(ConfigFile, ReadsWholeAndBoundedOnBothSides) {
    const std::string path = ::testing::TempDir() + "/exota-whole";
    const std::string content(100'000, 'x');
    std::ofstream(path) << content;
    EXPECT_EQ(read_whole_file(path, content.size()).value(), content);
    const auto longer = read_whole_file(path, content.size() - 1);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().code, base::Errc::too_long);
    EXPECT_TRUE(longer.error().detail.starts_with(path));
}

TEST(ConfigFile, SaysWhatFailed) {
    const struct {
        std::string path;
        base::Errc code;
    } cases[] = {
        {"/does/not/exist", base::Errc::not_found},         {"/", base::Errc::io},       {"/dev/null/x", base::Errc::not_found},
        {std::string("/tmp\0x", 6), base::Errc::not_found}, {"", base::Errc::not_found},
    };
    for (const auto& c : cases) {
        const auto text = read_whole_file(c.path, 10);
        ASSERT_FALSE(text) << c.path;
        EXPECT_EQ(text.error().code, c.code) << text.error().detail;
        EXPECT_FALSE(text.error().detail.empty());
    }
    EXPECT_EQ(read_whole_file("/dev/null", 10).value(), "");
}

TEST(ConfigFile, RelativePathsCountFromTheFileThatNamesThem) {
    EXPECT_EQ(resolve_path("/a/b", "/etc/exota/exota.toml"), "/a/b");
    EXPECT_EQ(resolve_path("b.json", "/etc/exota/exota.toml"), "/etc/exota/b.json");
    EXPECT_EQ(resolve_path("b.json", "exota.toml"), "b.json");
    EXPECT_EQ(resolve_path("../b", "x/y.toml"), "x/../b");
    EXPECT_EQ(resolve_path("", "/etc/exota/exota.toml"), "");
}

}  // namespace
}  // namespace exota::config
