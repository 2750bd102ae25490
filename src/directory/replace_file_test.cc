#include "directory/replace_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace exota::directory {
namespace {

std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class ReplaceFile : public ::testing::Test {
protected:
    ReplaceFile() { std::filesystem::create_directories(folder_); }
    ~ReplaceFile() override { std::filesystem::remove_all(folder_); }
    std::size_t files() const { return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {})); }

    const std::string folder_ = ::testing::TempDir() + "replace_file." + std::to_string(::getpid());
    const std::string path_ = folder_ + "/file";
};

TEST_F(ReplaceFile, makes_and_replaces_with_just_that_mode) {
    const mode_t before = ::umask(077);
    for (const auto& [content, mode] : {std::pair("one", mode_t{0644}), std::pair("", mode_t{0600}), std::pair("three", mode_t{0666})}) {
        ASSERT_TRUE(replace_file(path_, content, {.mode = mode}));
        struct stat status{};
        ASSERT_EQ(::stat(path_.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, mode);
        EXPECT_EQ(content_of(path_), content);
    }
    ::umask(before);
    EXPECT_EQ(files(), 1U);
}

TEST_F(ReplaceFile, replaces_a_link_and_not_what_it_leads_to) {
    std::ofstream(folder_ + "/other") << "other";
    std::filesystem::create_symlink("other", path_);
    ASSERT_TRUE(replace_file(path_, "new", {}));
    EXPECT_EQ(content_of(folder_ + "/other"), "other");
    EXPECT_FALSE(std::filesystem::is_symlink(path_));
}

TEST_F(ReplaceFile, leaves_nothing_behind_where_it_fails) {
    std::filesystem::create_directories(path_ + "/full");  // a folder that is not empty cannot be replaced
    const auto done = replace_file(path_, "new", {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::Errc::io);
    EXPECT_EQ(done.error().detail.rfind(path_ + ": ", 0), 0U);
    EXPECT_EQ(files(), 1U);
    EXPECT_FALSE(replace_file(folder_ + "/missing/file", "new", {}));
}

TEST_F(ReplaceFile, gives_the_file_to_its_owner_or_fails) {
    if (::geteuid() != 0) {
        EXPECT_FALSE(replace_file(path_, "new", {.owner = FileAs::Owner{0, 0}}));
        EXPECT_EQ(files(), 0U);
        return;
    }
    ASSERT_TRUE(replace_file(path_, "new", {.mode = 04640, .owner = FileAs::Owner{12, 34}}));
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 12U);
    EXPECT_EQ(status.st_gid, 34U);
    EXPECT_EQ(status.st_mode & 07777, 04640U);
}

}  // namespace
}  // namespace exota::directory
