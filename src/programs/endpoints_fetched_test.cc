#include "programs/endpoints_fetched.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/endpoints.h"
#include "net/testing.h"

namespace exota::programs {
namespace {

TEST(EndpointsFetched, ThisListAndNoOtherIsFoundAgain) {
    const net::testing::TemporaryDirectory folder;
    const std::string directory = folder.path(""), list = "[a list]";
    EXPECT_FALSE(fetched_list(directory, fingerprint_of(list))) << "nothing was fetched";
    ASSERT_TRUE(keep_fetched(directory, list));
    EXPECT_EQ(fetched_list(directory, fingerprint_of(list)), list);
    EXPECT_FALSE(fetched_list(directory, fingerprint_of("[another]")));
    EXPECT_FALSE(fetched_list(directory, ""));
    EXPECT_FALSE(fetched_list("", fingerprint_of(list)));
    forget_fetched(directory);
    EXPECT_FALSE(fetched_list(directory, fingerprint_of(list)));
    forget_fetched(directory);
    forget_fetched("");
    EXPECT_TRUE(keep_fetched("", list));
    EXPECT_FALSE(keep_fetched(folder.path("none"), list));
}

TEST(EndpointsFetched, WhatIsNoFileOfOursIsNone) {
    const net::testing::TemporaryDirectory folder;
    const std::string directory = folder.path(""), path = folder.path("endpoints.fetched"), list = "[a list]";
    std::ofstream(folder.path("elsewhere")) << list;
    std::filesystem::create_symlink(folder.path("elsewhere"), path);
    EXPECT_FALSE(fetched_list(directory, fingerprint_of(list))) << "a link";
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    EXPECT_FALSE(fetched_list(directory, fingerprint_of(list))) << "a folder";
    std::filesystem::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(fetched_list(directory, fingerprint_of(list))) << "a pipe, which nobody waits for";
    std::filesystem::remove(path);
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
    ASSERT_TRUE(keep_fetched(directory, list));
    ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
    EXPECT_FALSE(fetched_list(directory, fingerprint_of(list))) << "another user's";
}

TEST(EndpointsFetched, BothSidesOfTheLongest) {
    const net::testing::TemporaryDirectory folder;
    for (const auto& [octets, taken] : {std::pair{config::max_endpoint_octets, true}, {config::max_endpoint_octets + 1, false}}) {
        const std::string list(octets, ' ');
        ASSERT_TRUE(keep_fetched(folder.path(""), list));
        EXPECT_EQ(fetched_list(folder.path(""), fingerprint_of(list)).has_value(), taken) << octets;
    }
}

}  // namespace
}  // namespace exota::programs
