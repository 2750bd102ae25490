#include "programs/endpoints_update.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "config/whole_file.h"
#include "net/testing.h"
#include "programs/endpoints_base.h"

namespace exota::programs {
namespace {

void write_file(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string json(std::string_view prefixes) {
    return "[{\"serviceArea\": \"Exchange\", \"tcpPorts\": \"25\", \"ips\": [" + std::string(prefixes) + "]}]";
}

class EndpointsUpdate : public ::testing::Test {
protected:
    EndpointsUpdated update(std::string_view list, const HowToUpdate& how = {}) const { return update_endpoints(path_, list, how); }
    std::string file() const { return config::read_whole_file(path_, 1 << 20).value_or(""); }
    bool is_meant() const {
        const auto read = config::read_endpoints_file(path_);
        return read && config::endpoints_guard(path_).is_accepted(read->content);
    }

    net::testing::TemporaryDirectory folder_;
    const std::string path_ = folder_.path("endpoints.json");
    const std::string both_ = json("\"192.0.2.0/24\", \"2001:db8::/48\""),
                      more_ = json("\"192.0.2.0/24\", \"198.51.100.0/24\", \"2001:db8::/48\""), only_4_ = json("\"192.0.2.0/24\"");
};

TEST_F(EndpointsUpdate, WritesWhatItWasGivenAndSaysWhatDiffers) {
    const EndpointsUpdated first = update(both_);
    EXPECT_EQ(first.exit, Exit::ok) << first.said;
    EXPECT_TRUE(first.written);
    EXPECT_EQ(first.difference.added.size(), 2U);
    EXPECT_EQ(file(), both_);
    EXPECT_EQ(first.content, endpoints_content(path_));
    const EndpointsUpdated second = update(more_);
    EXPECT_TRUE(second.written);
    ASSERT_EQ(second.difference.added.size(), 1U);
    EXPECT_EQ(second.difference.added[0].text(), "198.51.100.0/24");
    EXPECT_EQ(update(both_).difference.removed.size(), 1U);
    EXPECT_FALSE(is_meant()) << "only with force";
}

TEST_F(EndpointsUpdate, WhatIsThereAlreadyIsNotWrittenAnew) {
    write_file(path_, both_);
    const auto before = directory::stamp_of(path_).value();
    const EndpointsUpdated same = update(both_);
    EXPECT_EQ(same.exit, Exit::ok);
    EXPECT_FALSE(same.written);
    EXPECT_EQ(same.said, "nothing to change: 2 prefixes");
    EXPECT_EQ(directory::stamp_of(path_).value(), before);
    EXPECT_TRUE(update(both_ + "\n").written) << "as downloaded";
}

TEST_F(EndpointsUpdate, RefusesAndChangesNothing) {
    write_file(path_, both_);
    const struct {
        std::string list;
        std::string_view says;
    } cases[] = {
        {only_4_, "no IPv6"},
        {"", "no JSON"},
        {"[]", "shrank to nothing"},
        {json("\"192.0.2.0/24\", \"2001:db8::/31\""), "shorter than /32"},
    };
    for (const auto& c : cases) {
        const EndpointsUpdated refused = update(c.list);
        EXPECT_EQ(refused.exit, Exit::bad_data) << c.list;
        EXPECT_NE(refused.said.find(c.says), std::string::npos) << refused.said;
        EXPECT_FALSE(refused.written);
        EXPECT_EQ(file(), both_);
    }
    EXPECT_EQ(update("[]", {.force = true}).exit, Exit::bad_data) << "no force makes a list of it";
}

TEST_F(EndpointsUpdate, WithForceTheDaemonIsToldFirst) {
    write_file(path_, both_);
    const EndpointsUpdated forced = update(only_4_, {.force = true});
    EXPECT_EQ(forced.exit, Exit::ok) << forced.said;
    EXPECT_EQ(forced.objections.size(), 1U);
    EXPECT_EQ(file(), only_4_);
    EXPECT_TRUE(is_meant());
    const auto before = directory::stamp_of(path_).value();
    EXPECT_TRUE(update(only_4_, {.force = true}).written) << "so that a daemon that refused it tries again";
    EXPECT_NE(directory::stamp_of(path_).value(), before);
}

TEST_F(EndpointsUpdate, WhereTheDaemonCannotBeToldNothingIsWritten) {
    write_file(path_, both_);
    std::filesystem::create_directory(path_ + ".accepted");
    EXPECT_EQ(update(only_4_, {.force = true}).exit, Exit::unavailable);
    EXPECT_EQ(file(), both_);
}

TEST_F(EndpointsUpdate, TwoAtOnceWaitForEachOther) {
    const int held = ::open(folder_.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_EQ(::flock(held, LOCK_EX), 0);
    EXPECT_EQ(update(both_, {.dry_run = true}).exit, Exit::ok) << "writes nothing, so it waits for nobody";
    std::atomic<bool> begun = false, released = false;
    std::thread other([&] {
        begun = true;
        EXPECT_TRUE(update(both_).written);
        EXPECT_TRUE(released);
    });
    while (!begun) std::this_thread::yield();
    released = true;
    ::close(held);
    other.join();
    EXPECT_EQ(file(), both_);
}

TEST_F(EndpointsUpdate, RootFollowsNoLinkOfSomebodyElse) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const std::string target = folder_.path("shadow"), folder = folder_.path("folder");
    write_file(target, "root:*:");
    std::filesystem::create_symlink(target, path_);
    ASSERT_EQ(::lchown(path_.c_str(), 65534, 65534), 0);
    for (const bool force : {false, true}) {
        const EndpointsUpdated refused = update(both_, {.force = force});
        EXPECT_EQ(refused.exit, Exit::unavailable);
        EXPECT_NE(refused.said.find(path_ + " is a link"), std::string::npos) << refused.said;
    }
    EXPECT_EQ(config::read_whole_file(target, 100).value_or(""), "root:*:");
    std::filesystem::create_directory(folder);
    std::filesystem::create_directory_symlink(folder, folder_.path("way"));
    ASSERT_EQ(::lchown(folder_.path("way").c_str(), 65534, 65534), 0);
    EXPECT_EQ(update_endpoints(folder_.path("way/e.json"), both_, {}).exit, Exit::unavailable) << "nor on the way";
    EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(EndpointsUpdate, ADryRunWritesNothing) {
    write_file(path_, both_);
    const EndpointsUpdated dry = update(more_, {.dry_run = true});
    EXPECT_EQ(dry.exit, Exit::ok);
    EXPECT_EQ(dry.difference.added.size(), 1U);
    EXPECT_FALSE(dry.written);
    EXPECT_EQ(update(only_4_, {.force = true, .dry_run = true}).written, false);
    EXPECT_FALSE(is_meant());
    EXPECT_EQ(file(), both_);
}

TEST_F(EndpointsUpdate, AFileThatIsNoListIsReplaced) {
    for (const std::string& damaged : {std::string("{"), std::string(config::max_endpoint_octets + 1, ' ')}) {
        write_file(path_, damaged);
        EXPECT_TRUE(update(only_4_).written);
        EXPECT_EQ(file(), only_4_);
    }
    std::filesystem::remove(path_);
    std::filesystem::create_directory(path_);
    EXPECT_EQ(update(only_4_).exit, Exit::unavailable) << "a folder is not";
    EXPECT_TRUE(std::filesystem::is_directory(path_));
}

TEST_F(EndpointsUpdate, KeepsTheModeAndFollowsALink) {
    write_file(folder_.path("real.json"), both_);
    std::filesystem::create_symlink(folder_.path("real.json"), path_);
    ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
    EXPECT_TRUE(update(more_).written);
    EXPECT_TRUE(std::filesystem::is_symlink(path_));
    struct stat status{};
    ASSERT_EQ(::stat(folder_.path("real.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640U);
    EXPECT_EQ(update_endpoints(folder_.path("none/e.json"), both_, {}).exit, Exit::unavailable);
}

/// "198.51.0.0/20" and so on: a list of these sixteenths of 198.51.0.0/16 from `first` on, beside a family that stays.
std::string sixteenths(int first, int count) {
    std::string out = "\"2001:db8::/48\"";
    for (int i = first; i < first + count; ++i) out += ", \"198.51." + std::to_string(i * 16) + ".0/20\"";
    return json(out);
}

TEST_F(EndpointsUpdate, NoRowOfListsWalksAway) {
    using std::chrono::seconds;
    const seconds begin{1'764'000'000}, stands = endpoints_stand;
    const auto step = [&](int first, seconds now, bool force = false) {
        return update(sixteenths(first, 8), {.force = force, .in_use = {}, .now = now});
    };
    write_file(path_, sixteenths(0, 8));  // by a package, or a person
    EXPECT_TRUE(step(2, begin).written);
    EXPECT_TRUE(step(4, begin + seconds(1)).written) << "half of what there was is left";
    const EndpointsUpdated refused = step(5, begin + seconds(2));
    EXPECT_EQ(refused.exit, Exit::bad_data);
    EXPECT_NE(refused.said.find("of 32768 IPv4 addresses it keeps 12288, less than half"), std::string::npos) << refused.said;
    EXPECT_NE(refused.said.find("since " + path_ + ".base was confirmed"), std::string::npos) << refused.said;
    EXPECT_EQ(file(), sixteenths(4, 8));
    EXPECT_TRUE(step(3, begin + seconds(3)).written) << "back is no way away";
    EXPECT_TRUE(step(4, begin + seconds(4)).written);
    // What is meant is what the next row is compared with.
    EXPECT_TRUE(step(6, begin + seconds(5), true).written);
    EXPECT_TRUE(step(3, begin + seconds(6)).written);
    EXPECT_FALSE(step(1, begin + seconds(6)).written) << "less than half of what is meant now";
    // So is what somebody else wrote,
    write_file(path_, sixteenths(0, 8));
    EXPECT_TRUE(step(3, begin + seconds(7)).written);
    EXPECT_FALSE(step(6, begin + seconds(8)).written);
    // and what stood.
    EXPECT_FALSE(step(6, begin + seconds(6) + stands).written);
    EXPECT_TRUE(step(6, begin + seconds(7) + stands).written);
}

TEST_F(EndpointsUpdate, ARowThatNobodyCouldNoteIsNotBegun) {
    write_file(path_, both_);
    std::filesystem::create_directory(endpoints_base_path(path_));
    const EndpointsUpdated refused = update(more_);
    EXPECT_EQ(refused.exit, Exit::unavailable);
    EXPECT_NE(refused.said.find("what the next list is compared with"), std::string::npos) << refused.said;
    EXPECT_EQ(file(), both_);
}

TEST_F(EndpointsUpdate, AFileThatTheDaemonRefusesIsNotWhatCounts) {
    write_file(path_, json("\"198.51.100.0/24\", \"2001:db8::/48\""));
    const auto in_use = config::read_endpoints_file(path_).value();
    const auto with_daemon = [&](std::string_view list) { return update(list, {.in_use = in_use}); };
    // Somebody put a list there that has nothing of the one in use, and the daemon goes on with that.
    const std::string like_file = json("\"192.0.2.0/24\", \"192.0.3.0/24\", \"2001:db8::/48\"");
    write_file(path_, both_);
    EXPECT_EQ(with_daemon(like_file).exit, Exit::bad_data)
        << "like the file, but unlike what is in use: the daemon would refuse it as well";
    EXPECT_TRUE(with_daemon(json("\"198.51.100.0/24\", \"203.0.113.0/28\", \"2001:db8::/48\"")).written);
    // One that somebody means counts, whatever is in use: the daemon is about to take it up.
    EXPECT_TRUE(update(both_, {.force = true, .in_use = in_use}).written);
    EXPECT_TRUE(with_daemon(like_file).written);
    // What is there no more is compared with what is in use.
    std::filesystem::remove(path_);
    EXPECT_EQ(with_daemon(like_file).exit, Exit::bad_data);
    EXPECT_TRUE(update(like_file).written);
}

}  // namespace
}  // namespace exota::programs
