#include "directory/plain_file.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/testing.h"

namespace exota::directory {
namespace {

TEST(PlainFile, ReadsWholeAndBoundedOnBothSides) {
    const net::testing::TemporaryDirectory folder;
    const std::string path = folder.path("file");
    for (const std::size_t octets : {std::size_t{0}, std::size_t{1}, std::size_t{200'000}}) {
        const std::string content(octets, 'x');
        std::ofstream(path) << content;
        const auto read = read_plain_file(path, octets);
        ASSERT_TRUE(read) << read.error().detail;
        EXPECT_EQ(read->text, content);
        EXPECT_EQ(read->owner, ::geteuid());
        EXPECT_EQ(read->stamp, stamp_of(path).value());
        if (octets == 0) continue;
        const auto longer = read_plain_file(path, octets - 1);
        ASSERT_FALSE(longer);
        EXPECT_EQ(longer.error().code, base::Errc::too_long);
        EXPECT_TRUE(longer.error().detail.starts_with(path)) << longer.error().detail;
    }
}

TEST(PlainFile, FollowsALinkOnlyWhereItMay) {
    const net::testing::TemporaryDirectory folder;
    const std::string path = folder.path("link");
    std::ofstream(folder.path("secret")) << "root:*:";
    std::filesystem::create_symlink(folder.path("secret"), path);
    const auto refused = read_plain_file(path, 100);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::Errc::io) << "not as if there were none";
    EXPECT_EQ(refused.error().detail, path + ": a link, which is not followed here");
    EXPECT_EQ(read_plain_file(path, 100, Links::followed)->text, "root:*:");
    std::filesystem::remove(folder.path("secret"));
    EXPECT_EQ(read_plain_file(path, 100).error().code, base::Errc::io) << "nor is it told whether there is what it leads to";
    EXPECT_EQ(read_plain_file(path, 100, Links::followed).error().code, base::Errc::not_found);
    // In a folder that is a link all is as it was: who may make that may make any folder.
    std::filesystem::create_directory(folder.path("real"));
    std::ofstream(folder.path("real/file")) << "x";
    std::filesystem::create_directory_symlink(folder.path("real"), folder.path("way"));
    EXPECT_EQ(read_plain_file(folder.path("way/file"), 1)->text, "x");
}

TEST(PlainFile, WaitsForNobodyAndTakesNothingButAFile) {
    const net::testing::TemporaryDirectory folder;
    const std::string pipe = folder.path("pipe");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::filesystem::create_symlink(pipe, folder.path("to-pipe"));
    for (const Links links : {Links::refused, Links::followed})
        for (const std::string& path :
             {pipe, folder.path("to-pipe"), folder.path(""), std::string("/dev/null"), std::string("/dev/zero")}) {
            const auto refused = read_plain_file(path, 100, links);
            ASSERT_FALSE(refused) << path;
            EXPECT_EQ(refused.error().code, base::Errc::io) << refused.error().detail;
        }
}

TEST(PlainFile, SaysThatThereIsNone) {
    for (const std::string& path : {std::string("/does/not/exist"), std::string("/dev/null/x"), std::string("/tmp\0x", 6), std::string()})
        EXPECT_EQ(read_plain_file(path, 100).error().code, base::Errc::not_found) << path;
}

}  // namespace
}  // namespace exota::directory
