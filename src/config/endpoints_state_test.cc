#include "config/endpoints_state.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "net/testing.h"

namespace exota::config {
namespace {

const EndpointsState state{.place = "/etc/a b/endpoints.json",
                           .service = "https://endpoints.example/Worldwide",
                           .version = "2026081400",
                           .content = "0123456789abcdef",
                           .confirmed = std::chrono::seconds(1'700'000'000),
                           .not_before = std::chrono::seconds(1'700'003'600),
                           .exit = 75,
                           .outcome = "status 429",
                           .fetched = "fedcba9876543210",
                           .fetched_version = "2026091400"};

TEST(EndpointsState, IsReadAsItWasWritten) {
    EXPECT_EQ(endpoints_state_of(text_of(state), state.place), state);
    const EndpointsState nothing{.place = "/x"};
    EXPECT_EQ(endpoints_state_of(text_of(nothing), "/x"), nothing);
}

TEST(EndpointsState, OfAnotherFileOrDamagedItSaysNothing) {
    const std::string good = text_of(state);
    EXPECT_EQ(endpoints_state_of(good, "/etc/other.json"), (EndpointsState{.place = "/etc/other.json"}));
    const EndpointsState nothing{.place = state.place};
    const std::string cases[] = {"",
                                 "{}",
                                 good + "more 1\n",
                                 good + "exit 1\n",
                                 good + "exit 78\n",
                                 good + "confirmed -1\n",
                                 good + "confirmed 1x\n",
                                 good + "not-before \n",
                                 good + "not-before 99999999999999999999\n",
                                 good + "\n"};
    for (const std::string& text : cases) EXPECT_EQ(endpoints_state_of(text, state.place), nothing) << text;
    for (std::size_t octets = 0; octets < good.size(); ++octets) {
        const EndpointsState cut = endpoints_state_of(std::string_view(good).substr(0, octets), state.place);
        EXPECT_EQ(cut.place, state.place);
    }
}

TEST(EndpointsState, ALineEndInAValueEndsNoLine) {
    EndpointsState forged = state;
    forged.outcome = "no\nversion 1\nexit 0";
    const EndpointsState read = endpoints_state_of(text_of(forged), state.place);
    EXPECT_EQ(read.version, state.version);
    EXPECT_EQ(read.exit, 75);
    EXPECT_EQ(read.outcome, "no version 1 exit 0");
}

TEST(EndpointsState, HoweverMuchThereIsToSayItCanBeReadAgain) {
    EndpointsState most = state;
    for (std::string* value :
         {&most.place, &most.service, &most.version, &most.content, &most.outcome, &most.fetched, &most.fetched_version})
        *value = std::string(max_endpoints_value_octets, 'x');
    ASSERT_LE(text_of(most).size(), max_endpoints_state_octets);
    EXPECT_EQ(endpoints_state_of(text_of(most), most.place), most);
    EndpointsState more = most;
    more.outcome += std::string(max_endpoints_state_octets, 'x');
    EXPECT_EQ(endpoints_state_of(text_of(more), most.place), most);
}

TEST(EndpointsState, WithoutADirectoryNothingIsKept) {
    const net::testing::TemporaryDirectory folder;
    const std::string directory = folder.path("");
    EXPECT_EQ(read_endpoints_state(directory, state.place), (EndpointsState{.place = state.place}));
    ASSERT_TRUE(write_endpoints_state(directory, state));
    EXPECT_EQ(read_endpoints_state(directory, state.place), state);
    EXPECT_TRUE(write_endpoints_state("", state));
    EXPECT_EQ(read_endpoints_state("", state.place), (EndpointsState{.place = state.place}));
    EXPECT_FALSE(write_endpoints_state(folder.path("none"), state));
    std::ofstream(folder.path("endpoints.update")) << text_of(state) << "outcome " << std::string(max_endpoints_state_octets, 'x');
    EXPECT_EQ(read_endpoints_state(directory, state.place), (EndpointsState{.place = state.place})) << "too long to be ours";
}

TEST(EndpointsState, ConfirmedIsTheListThatWasThere) {
    const net::testing::TemporaryDirectory folder;
    const std::string directory = folder.path("");
    EndpointsFile file{.path = state.place};
    file.content.feed("the list");
    EndpointsState about = state;
    about.content = file.content.text();
    const std::chrono::seconds then = state.confirmed, never{};
    EXPECT_EQ(endpoints_confirmed(file, directory, then), never) << "nobody asked yet";
    ASSERT_TRUE(write_endpoints_state(directory, about));
    EXPECT_EQ(endpoints_confirmed(file, directory, then), then);
    EXPECT_EQ(endpoints_confirmed(file, directory, then + std::chrono::hours(1)), then);
    EXPECT_EQ(endpoints_confirmed(file, directory, then - std::chrono::seconds(1)), never) << "a time that lies ahead";
    file.content.feed(", and more");
    EXPECT_EQ(endpoints_confirmed(file, directory, then), never) << "another list";
    EXPECT_EQ(endpoints_confirmed({.path = "/elsewhere.json"}, directory, then), never);
}

/// Root reads in the folder of the daemon's user.
TEST(EndpointsState, WhatIsNoFileSaysNothing) {
    const net::testing::TemporaryDirectory folder;
    const std::string directory = folder.path(""), path = folder.path("endpoints.update");
    const EndpointsState nothing{.place = state.place};
    std::ofstream(folder.path("elsewhere")) << text_of(state);
    std::filesystem::create_symlink(folder.path("elsewhere"), path);
    EXPECT_EQ(read_endpoints_state(directory, state.place), nothing) << "a link";
    std::filesystem::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(read_endpoints_state(directory, state.place), nothing) << "a pipe, for which nobody waits";
    ASSERT_TRUE(write_endpoints_state(directory, state));
    EXPECT_EQ(read_endpoints_state(directory, state.place), state) << "it is replaced";
}

}  // namespace
}  // namespace exota::config
