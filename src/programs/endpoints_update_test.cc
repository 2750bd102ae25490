#include "programs/endpoints_update.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "config/whole_file.h"
#include "net/testing.h"

namespace exota::programs {
namespace {

void write_file(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string json(std::string_view prefixes) {
    return "[{\"serviceArea\": \"Exchange\", \"tcpPorts\": \"25\", \"ips\": [" + std::string(prefixes) + "]}]";
}

class EndpointsUpdate : public ::testing::Test {
protected:
    EndpointsUpdated update(std::string_view list, const HowToUpdate& how = {}) const { return update_endpoints(place_, list, how); }
    std::string file() const { return config::read_whole_file(place_.path, 1 << 20).value_or(""); }
    bool is_meant() const {
        const auto read = config::read_endpoints_file(place_.path);
        return read && config::endpoints_guard(place_.state_directory).is_accepted(read->content);
    }

    net::testing::TemporaryDirectory folder_;
    const EndpointsPlace place_{.path = folder_.path("endpoints.json"), .state_directory = folder_.path("")};
    const std::string both_ = json("\"192.0.2.0/24\", \"2001:db8::/48\""),
                      more_ = json("\"192.0.2.0/24\", \"198.51.100.0/24\", \"2001:db8::/48\""), only_4_ = json("\"192.0.2.0/24\"");
};

TEST_F(EndpointsUpdate, WritesWhatItWasGivenAndSaysWhatDiffers) {
    const EndpointsUpdated first = update(both_);
    EXPECT_EQ(first.exit, Exit::ok) << first.said;
    EXPECT_TRUE(first.written);
    EXPECT_EQ(first.difference.added.size(), 2U);
    EXPECT_EQ(file(), both_);
    EXPECT_EQ(first.content, endpoints_content(place_.path));
    const EndpointsUpdated second = update(more_);
    EXPECT_TRUE(second.written);
    ASSERT_EQ(second.difference.added.size(), 1U);
    EXPECT_EQ(second.difference.added[0].text(), "198.51.100.0/24");
    EXPECT_EQ(update(both_).difference.removed.size(), 1U);
    EXPECT_FALSE(is_meant()) << "only with force";
}

TEST_F(EndpointsUpdate, WhatIsThereAlreadyIsNotWrittenAnew) {
    write_file(place_.path, both_);
    const auto before = directory::stamp_of(place_.path).value();
    const EndpointsUpdated same = update(both_);
    EXPECT_EQ(same.exit, Exit::ok);
    EXPECT_FALSE(same.written);
    EXPECT_EQ(same.said, "nothing to change: 2 prefixes");
    EXPECT_EQ(directory::stamp_of(place_.path).value(), before);
    EXPECT_TRUE(update(both_ + "\n").written) << "as downloaded";
}

TEST_F(EndpointsUpdate, RefusesAndChangesNothing) {
    write_file(place_.path, both_);
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
    write_file(place_.path, both_);
    const EndpointsUpdated forced = update(only_4_, {.force = true});
    EXPECT_EQ(forced.exit, Exit::ok) << forced.said;
    EXPECT_EQ(forced.objections.size(), 1U);
    EXPECT_EQ(file(), only_4_);
    EXPECT_TRUE(is_meant());
    const auto before = directory::stamp_of(place_.path).value();
    EXPECT_TRUE(update(only_4_, {.force = true}).written) << "so that a daemon that refused it tries again";
    EXPECT_NE(directory::stamp_of(place_.path).value(), before);
}

TEST_F(EndpointsUpdate, WhereTheDaemonCannotBeToldNothingIsWritten) {
    write_file(place_.path, both_);
    const EndpointsUpdated forced =
        update_endpoints({.path = place_.path, .state_directory = folder_.path("none")}, only_4_, {.force = true});
    EXPECT_EQ(forced.exit, Exit::unavailable);
    EXPECT_EQ(file(), both_);
    EXPECT_TRUE(update_endpoints({.path = place_.path, .state_directory = ""}, only_4_, {.force = true}).written);
}

TEST_F(EndpointsUpdate, ADryRunWritesNothing) {
    write_file(place_.path, both_);
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
        write_file(place_.path, damaged);
        EXPECT_TRUE(update(only_4_).written);
        EXPECT_EQ(file(), only_4_);
    }
    std::filesystem::remove(place_.path);
    std::filesystem::create_directory(place_.path);
    EXPECT_EQ(update(only_4_).exit, Exit::unavailable) << "a folder is not";
    EXPECT_TRUE(std::filesystem::is_directory(place_.path));
}

TEST_F(EndpointsUpdate, KeepsTheModeAndFollowsALink) {
    write_file(folder_.path("real.json"), both_);
    std::filesystem::create_symlink(folder_.path("real.json"), place_.path);
    ASSERT_EQ(::chmod(place_.path.c_str(), 0640), 0);
    EXPECT_TRUE(update(more_).written);
    EXPECT_TRUE(std::filesystem::is_symlink(place_.path));
    struct stat status{};
    ASSERT_EQ(::stat(folder_.path("real.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640U);
    EXPECT_EQ(update_endpoints({.path = folder_.path("none/e.json"), .state_directory = ""}, both_, {}).exit, Exit::unavailable);
}

}  // namespace
}  // namespace exota::programs
