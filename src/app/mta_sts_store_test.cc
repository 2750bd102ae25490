#include "app/mta_sts_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "net/testing.h"
#include "net/tls_helper.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using net::testing::write_file;

constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};

class MtaStsStores : public ::testing::Test {
protected:
    MtaStsStore opened(MtaStsStoreLimits limits = {}) { return MtaStsStore(directory_.path("policies"), limits); }
    std::string path(const std::string& name) const { return directory_.path("policies/" + name); }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path("policies"))) names.push_back(entry.path().filename());
        std::ranges::sort(names);
        return names;
    }
    void watch(MtaStsStore& store) {
        store.on_trouble([this](std::string_view text) { troubles.emplace_back(text); });
    }

    net::testing::TemporaryDirectory directory_;
    std::vector<std::string> troubles;
};

TEST_F(MtaStsStores, what_is_stored_is_there_after_a_restart) {
    {
        MtaStsStore store = opened();
        ASSERT_TRUE(store.open()) << "it makes its directory";
        EXPECT_EQ(store.load("a.test"), std::nullopt);
        store.store("a.test", "first", now + 1h, now);
        store.store("b.test", "other", now + 1h, now);
        store.store("a.test", "second", now + 2h, now);
        EXPECT_EQ(store.load("a.test"), "second");
        EXPECT_EQ(store.domains(), 2U);
    }
    MtaStsStore again = opened();
    ASSERT_TRUE(again.open());
    EXPECT_EQ(again.load("a.test"), "second");
    EXPECT_EQ(again.load("b.test"), "other");
    EXPECT_EQ(again.domains(), 2U);
    EXPECT_EQ(files(), (std::vector<std::string>{"a.test", "b.test"})) << "nothing unfinished";
}

TEST_F(MtaStsStores, what_is_none_of_ours_stays_and_is_never_read) {
    ASSERT_TRUE(opened().open());
    write_file(path(".unfinished-1-1"), "half");
    write_file(path("README"), "not a domain? it is one");
    write_file(path("a test"), "no name of a domain");
    write_file(path("empty.test"), "");
    ASSERT_EQ(::symlink("/etc/passwd", path("link.test").c_str()), 0);
    ASSERT_EQ(::mkdir(path("directory.test").c_str(), 0700), 0);
    ASSERT_EQ(::mkfifo(path("fifo.test").c_str(), 0600), 0);
    MtaStsStore store = opened();
    watch(store);
    ASSERT_TRUE(store.open());
    EXPECT_EQ(store.domains(), 0U) << "no letter case of ours, or no file";
    for (const char* name : {"..", ".", "", "../policies/a.test", "a/b.test", "a test", "README", "A.test", ".unfinished-1-1"})
        EXPECT_EQ(store.load(name), std::nullopt) << name;
    EXPECT_EQ(troubles.size(), 0U);
    EXPECT_EQ(store.load("link.test"), std::nullopt);
    EXPECT_EQ(store.load("directory.test"), std::nullopt);
    EXPECT_EQ(troubles.size(), 2U);
    EXPECT_EQ(store.load("fifo.test"), "") << "and nobody waits for a writer";
    store.store("../out.test", "x", now + 1h, now);
    store.store("UPPER.test", "x", now + 1h, now);
    EXPECT_EQ(troubles.size(), 4U);
    EXPECT_FALSE(std::filesystem::exists(directory_.path("out.test")));
    EXPECT_FALSE(std::filesystem::exists(path(".unfinished-1-1"))) << "of a process that ended";
    EXPECT_TRUE(std::filesystem::exists(path("README")));
}

TEST_F(MtaStsStores, a_file_that_is_too_long_for_a_policy) {
    MtaStsStore store = opened({.max_file_octets = 10});
    watch(store);
    ASSERT_TRUE(store.open());
    store.store("a.test", "0123456789", now + 1h, now);
    EXPECT_EQ(store.load("a.test"), "0123456789");
    EXPECT_TRUE(troubles.empty());
    store.store("b.test", "0123456789x", now + 1h, now);
    EXPECT_EQ(troubles.size(), 1U);
    write_file(path("c.test"), "0123456789x");
    EXPECT_EQ(store.load("c.test"), std::nullopt);
    EXPECT_EQ(troubles.size(), 2U);
}

/// Who has many domains takes no room from others while their policies are in force.
TEST_F(MtaStsStores, when_there_is_no_more_room) {
    const MtaStsStoreLimits limits{.max_domains = 3, .max_octets = 100};
    {
        MtaStsStore store = opened(limits);
        watch(store);
        ASSERT_TRUE(store.open());
        for (const char* domain : {"a.test", "b.test", "c.test"}) store.store(domain, "0123456789", now + 1h, now);
        store.store("d.test", "0123456789", now + 1h, now);
        EXPECT_EQ(store.load("d.test"), std::nullopt);
        ASSERT_EQ(troubles.size(), 1U);
        EXPECT_NE(troubles[0].find("d.test is forgotten with the next restart"), std::string::npos) << troubles[0];
        store.store("b.test", "newer", now + 5h, now);
        EXPECT_EQ(store.load("b.test"), "newer") << "one that has its place";
        EXPECT_EQ(troubles.size(), 1U);
    }
    MtaStsStore store = opened(limits);  // which knows from the files when they may go
    watch(store);
    ASSERT_TRUE(store.open());
    store.store("d.test", "0123456789", now + 9h, now + 2h);
    EXPECT_EQ(store.load("d.test"), "0123456789");
    EXPECT_EQ(files(), (std::vector<std::string>{"b.test", "d.test"})) << "the others had expired";
    store.store("e.test", std::string(86, 'x'), now + 9h, now + 2h);
    EXPECT_EQ(troubles.size(), 2U) << "5 and 10 octets are there: 101 of 100";
    store.store("e.test", std::string(85, 'x'), now + 9h, now + 2h);
    EXPECT_EQ(troubles.size(), 2U);
    EXPECT_EQ(store.domains(), 3U);
}

TEST_F(MtaStsStores, a_directory_that_cannot_be_used) {
    EXPECT_FALSE(MtaStsStore("/nowhere/at/all").open());
    write_file(directory_.path("file"), "");
    const auto opened = MtaStsStore(directory_.path("file")).open();
    ASSERT_FALSE(opened);
    EXPECT_TRUE(opened.error().detail.starts_with(directory_.path("file") + ": ")) << opened.error().detail;
    MtaStsStore lost(directory_.path("lost"));
    watch(lost);
    ASSERT_TRUE(lost.open());
    ASSERT_EQ(::rmdir(directory_.path("lost").c_str()), 0);
    lost.store("a.test", "x", now + 1h, now);
    EXPECT_EQ(troubles.size(), 1U);
    EXPECT_EQ(lost.load("a.test"), std::nullopt);
}

}  // namespace
}  // namespace exota::app
