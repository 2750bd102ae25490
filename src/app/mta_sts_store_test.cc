#include "app/mta_sts_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "net/testing.h"
#include "net/tls_helper.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using net::testing::write_file;

constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};

class MtaStsFiles : public ::testing::Test {
protected:
    std::string place() const { return directory_.path("policies"); }
    std::string path(const std::string& name) const { return directory_.path("policies/" + name); }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path("policies"))) names.push_back(entry.path().filename());
        std::ranges::sort(names);
        return names;
    }
    /// The text; "-" where there is none. What cannot be read is a trouble, and none.
    std::string load(const MtaStsStore& store, const std::string& domain) {
        const auto text = store.load(domain);
        if (!text) troubles.push_back(text.error().detail);
        return text ? text->value_or("-") : "-";
    }
    void keep(MtaStsStore& store, const std::string& domain, std::string_view text, std::chrono::sys_seconds expires,
              std::chrono::sys_seconds at = now) {
        if (const auto kept = store.store(domain, text, expires, at); !kept) troubles.push_back(kept.error().detail);
    }

    net::testing::TemporaryDirectory directory_;
    std::vector<std::string> troubles;
};

TEST_F(MtaStsFiles, what_is_stored_is_there_after_a_restart) {
    {
        MtaStsStore store(place());
        ASSERT_TRUE(store.open()) << "it makes its directory";
        EXPECT_EQ(load(store, "a.test"), "-");
        keep(store, "a.test", "first", now + 1h);
        keep(store, "b.test", "other", now + 1h);
        keep(store, "a.test", "second", now + 2h);
        EXPECT_EQ(load(store, "a.test"), "second");
        EXPECT_EQ(store.domains(), 2U);
    }
    MtaStsStore again(place());
    ASSERT_TRUE(again.open());
    EXPECT_EQ(load(again, "a.test"), "second");
    EXPECT_EQ(load(again, "b.test"), "other");
    EXPECT_EQ(again.domains(), 2U);
    EXPECT_EQ(files(), (std::vector<std::string>{"a.test", "b.test"})) << "nothing unfinished";
}

TEST_F(MtaStsFiles, what_is_none_of_ours_stays_and_is_never_read) {
    ASSERT_TRUE(MtaStsStore(place()).open());
    write_file(path(".unfinished-1-1"), "half");
    write_file(path("README"), "not a domain? it is one");
    write_file(path("a test"), "no name of a domain");
    write_file(path("empty.test"), "");
    ASSERT_EQ(::symlink("/etc/passwd", path("link.test").c_str()), 0);
    ASSERT_EQ(::mkdir(path("directory.test").c_str(), 0700), 0);
    ASSERT_EQ(::mkfifo(path("fifo.test").c_str(), 0600), 0);
    MtaStsStore store(place());
    ASSERT_TRUE(store.open());
    EXPECT_EQ(store.domains(), 0U) << "no letter case of ours, or no file";
    for (const char* name : {"..", ".", "", "../policies/a.test", "a/b.test", "a test", "README", "A.test", ".unfinished-1-1"})
        EXPECT_EQ(load(store, name), "-") << name;
    EXPECT_EQ(troubles.size(), 0U);
    EXPECT_EQ(load(store, "link.test"), "-");
    EXPECT_EQ(load(store, "directory.test"), "-");
    EXPECT_EQ(load(store, "fifo.test"), "-") << "and nobody waits for a writer";
    EXPECT_EQ(troubles.size(), 3U);
    keep(store, "../out.test", "x", now + 1h);
    keep(store, "UPPER.test", "x", now + 1h);
    EXPECT_EQ(troubles.size(), 5U);
    EXPECT_FALSE(std::filesystem::exists(directory_.path("out.test")));
    EXPECT_FALSE(std::filesystem::exists(path(".unfinished-1-1"))) << "of a process that ended";
    EXPECT_TRUE(std::filesystem::exists(path("README")));
}

TEST_F(MtaStsFiles, a_file_that_is_too_long_for_a_policy) {
    MtaStsStore store(place(), {.max_file_octets = 10});
    ASSERT_TRUE(store.open());
    keep(store, "a.test", "0123456789", now + 1h);
    EXPECT_EQ(load(store, "a.test"), "0123456789");
    EXPECT_TRUE(troubles.empty());
    keep(store, "b.test", "0123456789x", now + 1h);
    EXPECT_EQ(troubles.size(), 1U);
    write_file(path("c.test"), "0123456789x");
    EXPECT_EQ(load(store, "c.test"), "-");
    EXPECT_EQ(troubles.size(), 2U);
}

/// Who has many domains takes no room from others while their policies are in force.
TEST_F(MtaStsFiles, when_there_is_no_more_room) {
    const MtaStsStoreLimits limits{.max_domains = 3, .max_octets = 100};
    {
        MtaStsStore store(place(), limits);
        ASSERT_TRUE(store.open());
        for (const char* domain : {"a.test", "b.test", "c.test"}) keep(store, domain, "0123456789", now + 1h);
        keep(store, "d.test", "0123456789", now + 1h);
        EXPECT_EQ(load(store, "d.test"), "-");
        ASSERT_EQ(troubles.size(), 1U);
        EXPECT_NE(troubles[0].find("d.test is forgotten with the next restart"), std::string::npos) << troubles[0];
        keep(store, "b.test", "newer", now + 5h);
        EXPECT_EQ(load(store, "b.test"), "newer") << "one that has its place";
        EXPECT_EQ(troubles.size(), 1U);
    }
    MtaStsStore store(place(), limits);  // which knows from the files when they may go
    ASSERT_TRUE(store.open());
    keep(store, "d.test", "0123456789", now + 9h, now + 2h);
    EXPECT_EQ(load(store, "d.test"), "0123456789");
    EXPECT_EQ(files(), (std::vector<std::string>{"b.test", "d.test"})) << "the others had expired";
    keep(store, "e.test", std::string(86, 'x'), now + 9h, now + 2h);
    EXPECT_EQ(troubles.size(), 2U) << "5 and 10 octets are there: 101 of 100";
    keep(store, "e.test", std::string(85, 'x'), now + 9h, now + 2h);
    EXPECT_EQ(troubles.size(), 2U);
    EXPECT_EQ(store.domains(), 3U);
}

/// A disk that takes as long with one file as the test wants.
class SlowStore final : public MtaStsStore {
public:
    using MtaStsStore::MtaStsStore;
    std::function<void()> in_write, in_remove;  // once

private:
    base::Result<void> write(const std::string& domain, std::string_view text, std::chrono::sys_seconds expires) override {
        if (const auto now_do = std::exchange(in_write, nullptr)) now_do();
        return MtaStsStore::write(domain, text, expires);
    }
    base::Result<void> remove(const std::string& domain) override {
        if (const auto now_do = std::exchange(in_remove, nullptr)) now_do();
        return MtaStsStore::remove(domain);
    }
};

/// Another loop does that meanwhile, and is not held up.
void elsewhere(const std::function<void()>& what) {
    const auto done = std::make_shared<std::promise<void>>();
    std::thread([what, done] {
        what();
        done->set_value();
    }).detach();
    if (done->get_future().wait_for(60s) != std::future_status::ready) {
        ADD_FAILURE() << "it waits for a disk that is busy with something else";
        std::abort();  // nobody could let go of it
    }
}

TEST_F(MtaStsFiles, a_slow_disk_holds_up_nobody_else) {
    SlowStore store(place());
    ASSERT_TRUE(store.open());
    store.in_write = [&] {
        elsewhere([&] {
            keep(store, "b.test", "other", now + 1h);
            EXPECT_EQ(load(store, "b.test"), "other");
            EXPECT_EQ(store.domains(), 2U);
        });
    };
    keep(store, "a.test", "slow", now + 1h);
    EXPECT_EQ(load(store, "a.test"), "slow");
    EXPECT_TRUE(troubles.empty());
}

TEST_F(MtaStsFiles, two_at_once_for_one_domain_leave_the_later_one) {
    const MtaStsStoreLimits limits{.max_octets = 15};
    SlowStore store(place(), limits);
    ASSERT_TRUE(store.open());
    store.in_write = [&] {
        elsewhere([&] { keep(store, "a.test", "2nd", now + 1h); });
        elsewhere([&] { keep(store, "a.test", "the third", now + 2h); });
    };
    keep(store, "a.test", "the first", now + 1h);
    EXPECT_EQ(load(store, "a.test"), "the third");
    EXPECT_EQ(files(), std::vector<std::string>{"a.test"});
    keep(store, "b.test", "sixoct", now + 1h);
    EXPECT_TRUE(troubles.empty()) << "9 and 6 octets: each is counted once";
    keep(store, "c.test", "x", now + 1h);
    EXPECT_EQ(troubles.size(), 1U);
}

TEST_F(MtaStsFiles, one_that_goes_and_comes_back_stays) {
    SlowStore store(place(), {.max_domains = 1});
    ASSERT_TRUE(store.open());
    keep(store, "a.test", "expired", now);
    store.in_remove = [&] { elsewhere([&] { keep(store, "a.test", "again", now + 1h, now - 1h); }); };
    keep(store, "b.test", "new", now + 1h);
    EXPECT_EQ(load(store, "b.test"), "new");
    EXPECT_EQ(load(store, "a.test"), "-") << "its place is taken";
    EXPECT_EQ(troubles.size(), 1U);
    troubles.clear();
    SlowStore wide(place(), {.max_domains = 2});
    ASSERT_TRUE(wide.open());
    keep(wide, "c.test", "expired", now);
    EXPECT_EQ(wide.domains(), 2U);
    wide.in_remove = [&] {
        elsewhere([&] { keep(wide, "b.test", "newer", now + 2h); });
        elsewhere([&] { keep(wide, "c.test", "again", now + 3h, now + 2h); });
    };
    keep(wide, "d.test", "newest", now + 5h, now + 1h);
    EXPECT_EQ(load(wide, "d.test"), "newest");
    EXPECT_EQ(load(wide, "c.test"), "again") << "written behind its removal";
    EXPECT_EQ(load(wide, "b.test"), "-");
    EXPECT_EQ(wide.domains(), 2U);
}

TEST_F(MtaStsFiles, what_could_not_be_written_is_counted_as_before) {
    MtaStsStore store(place(), {.max_octets = 10});
    ASSERT_TRUE(store.open());
    ASSERT_EQ(::mkdir(path("a.test").c_str(), 0700), 0);
    keep(store, "a.test", "0123456789", now + 1h);
    EXPECT_EQ(troubles.size(), 1U) << "a directory of that name";
    EXPECT_EQ(store.domains(), 0U);
    keep(store, "b.test", "0123456789", now + 1h);
    EXPECT_EQ(load(store, "b.test"), "0123456789");
    EXPECT_EQ(troubles.size(), 1U);
}

TEST_F(MtaStsFiles, nothing_is_stored_before_it_is_open) {
    MtaStsStore store(place());
    keep(store, "a.test", "x", now + 1h);
    EXPECT_EQ(troubles.size(), 1U);
    EXPECT_EQ(load(store, "a.test"), "-");
    ASSERT_TRUE(store.open());
    keep(store, "a.test", "x", now + 1h);
    ASSERT_TRUE(store.open()) << "and again, for another section";
    EXPECT_EQ(store.domains(), 1U);
    EXPECT_EQ(troubles.size(), 1U);
}

TEST_F(MtaStsFiles, one_store_for_one_directory) {
    ASSERT_EQ(::mkdir(place().c_str(), 0700), 0);
    ASSERT_EQ(::symlink(place().c_str(), directory_.path("link").c_str()), 0);
    MtaStsStores stores;
    const auto store = stores.at(place());
    EXPECT_EQ(stores.at(place() + "/"), store);
    EXPECT_EQ(stores.at(directory_.path("other/../policies")), store);
    EXPECT_EQ(stores.at(directory_.path("link")), store);
    EXPECT_NE(stores.at(directory_.path("others")), store);
    EXPECT_EQ(stores.at(directory_.path("others/")), stores.at(directory_.path("others"))) << "it need not be there yet";
}

TEST_F(MtaStsFiles, a_directory_that_cannot_be_used) {
    EXPECT_FALSE(MtaStsStore("/nowhere/at/all").open());
    write_file(directory_.path("file"), "");
    const auto opened = MtaStsStore(directory_.path("file")).open();
    ASSERT_FALSE(opened);
    EXPECT_TRUE(opened.error().detail.starts_with(directory_.path("file") + ": ")) << opened.error().detail;
    MtaStsStore lost(directory_.path("lost"));
    ASSERT_TRUE(lost.open());
    ASSERT_EQ(::rmdir(directory_.path("lost").c_str()), 0);
    keep(lost, "a.test", "x", now + 1h);
    EXPECT_EQ(troubles.size(), 1U);
    EXPECT_EQ(load(lost, "a.test"), "-");
}

}  // namespace
}  // namespace exota::app
