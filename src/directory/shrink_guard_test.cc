#include "directory/shrink_guard.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/testing.h"

namespace exota::directory {
namespace {

static_assert(!shrinks_too_much(0, 0) && !shrinks_too_much(5, 5) && !shrinks_too_much(5, 9));
static_assert(!shrinks_too_much(10, 8) && shrinks_too_much(10, 7));  // a fifth is allowed, more is not
static_assert(!shrinks_too_much(5, 4) && shrinks_too_much(4, 3) && shrinks_too_much(1, 0));

Fingerprint of(std::string_view text) {
    Fingerprint out;
    out.feed(text);
    return out;
}

TEST(Fingerprint, IsThatOfTheContentHoweverItIsCut) {
    Fingerprint pieces;
    pieces.feed("ab");
    pieces.feed("");
    pieces.feed("c");
    EXPECT_EQ(pieces.text(), of("abc").text());
    EXPECT_EQ(of("a").text().size(), 16U);
    EXPECT_EQ(of("a").text().find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_NE(of("abc").text(), of("abd").text());
}

TEST(ShrinkGuard, RemembersAndAcceptsExactlyOneContent) {
    const std::string folder = ::testing::TempDir() + "/exota-shrink";
    std::filesystem::remove_all(folder);
    const ShrinkGuard guard(folder);
    const std::string file = "/etc/exota/tenants.json";
    EXPECT_EQ(guard.last_domain_count(file), std::nullopt);
    EXPECT_FALSE(guard.note_domain_count(file, 7)) << "the folder is not there";
    std::filesystem::create_directories(folder);
    ASSERT_TRUE(guard.note_domain_count(file, 7));
    const std::string record = std::filesystem::directory_iterator(folder)->path();
    ASSERT_TRUE(guard.note_domain_count(file, 1000000));
    EXPECT_EQ(guard.last_domain_count(file), 1000000U);
    EXPECT_FALSE(guard.is_accepted(of("new")));
    ASSERT_TRUE(guard.accept(of("new")));
    EXPECT_TRUE(guard.is_accepted(of("new")));
    EXPECT_FALSE(guard.is_accepted(of("newer")));
    for (const std::string_view number : {"", "x", "1x", "99999999999999999999999"}) {
        std::ofstream(record) << number << ' ' << file << '\n';
        EXPECT_EQ(guard.last_domain_count(file), std::nullopt) << number;
    }
    for (const std::string_view path : {"", "/etc/exota/tenants.jso", "/etc/exota/tenants.json2"}) {
        std::ofstream(record) << "7 " << path << '\n';
        EXPECT_EQ(guard.last_domain_count(file), std::nullopt) << path;
    }
}

TEST(ShrinkGuard, TheNumberBelongsToOneTenantsFile) {
    const std::string folder = ::testing::TempDir() + "/exota-shrink-paths";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const ShrinkGuard guard(folder);
    ASSERT_TRUE(guard.note_domain_count("/etc/exota/tenants.json", 7));
    EXPECT_EQ(guard.last_domain_count("/etc/exota/policy.json"), std::nullopt);
    ASSERT_TRUE(guard.note_domain_count("/etc/exota/policy.json", 1000));
    EXPECT_EQ(guard.last_domain_count("/etc/exota/tenants.json"), 7U) << "each has its own";
    EXPECT_EQ(guard.last_domain_count("/etc/exota/policy.json"), 1000U);
    ASSERT_TRUE(guard.note_domain_count("here.json", 3));
    EXPECT_EQ(guard.last_domain_count(std::filesystem::current_path() / "x/../here.json"), 3U) << "relative, it is the same file";
    const std::string longest = "/" + std::string(4095, 'p');
    ASSERT_TRUE(guard.note_domain_count(longest, 9));
    EXPECT_EQ(guard.last_domain_count(longest), 9U);
}

/// Root confirms in a folder that belongs to the daemon's user.
TEST(ShrinkGuard, FollowsNoLinkAndCanBeReadWhateverTheUmask) {
    const std::string folder = ::testing::TempDir() + "/exota-shrink-links";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const std::string victim = folder + "/victim";
    std::ofstream(victim) << "precious";
    const ShrinkGuard guard(folder);
    std::filesystem::create_symlink(victim, guard.acceptance_path());
    std::filesystem::create_symlink(victim, guard.acceptance_path() + '.' + std::to_string(::getpid()));
    const mode_t before = ::umask(077);
    const auto accepted = guard.accept(of("new"));
    ::umask(before);
    ASSERT_TRUE(accepted);
    std::string text;
    std::ifstream(victim) >> text;
    EXPECT_EQ(text, "precious");
    EXPECT_FALSE(std::filesystem::is_symlink(guard.acceptance_path()));
    EXPECT_TRUE(guard.is_accepted(of("new")));
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(guard.acceptance_path()).permissions(),
              perms::owner_read | perms::owner_write | perms::group_read | perms::others_read);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 3) << "nothing is left beside";
}

TEST(ShrinkGuard, WhatIsNoFileIsNoRecord) {
    const net::testing::TemporaryDirectory folder;
    const ShrinkGuard guard(folder.path(""));
    const std::string path = guard.acceptance_path(), elsewhere = folder.path("elsewhere");
    std::ofstream(elsewhere) << of("new").text() << '\n';
    std::filesystem::create_symlink(elsewhere, path);
    EXPECT_FALSE(guard.is_accepted(of("new"))) << "a link of the daemon's user, whom root does not follow";
    std::filesystem::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(guard.is_accepted(of("new"))) << "a pipe, for which nobody waits";
    ASSERT_TRUE(guard.accept(of("new")));
    EXPECT_TRUE(guard.is_accepted(of("new"))) << "it is replaced";
}

}  // namespace
}  // namespace exota::directory
