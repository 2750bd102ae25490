#include "directory/source_status.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Is = SourceState::Is;

struct Status : testing::Test {
    Clock::time_point now = Clock::time_point(1000h);
    SourceStatus status{10s, [this] { return now; }};
};

TEST_F(Status, begins_failed_and_says_nothing) {
    EXPECT_EQ(status.state(), (SourceState{Is::failed, {}}));
    EXPECT_EQ(status.why(), "");
    status.trouble("connection refused");
    EXPECT_EQ(status.state(), (SourceState{Is::failed, {}}));
    EXPECT_EQ(status.why(), "connection refused");
}

TEST_F(Status, loaded_stale_failed_loaded) {
    status.confirmed();
    const auto first = now;
    now += 100s;  // a source that is not in trouble does not grow stale by itself
    EXPECT_EQ(status.state(), (SourceState{Is::loaded, first}));
    now = first;
    status.trouble("gone");
    now += 9s;
    EXPECT_EQ(status.state(), (SourceState{Is::stale, first}));
    now += 1s;
    EXPECT_EQ(status.state(), (SourceState{Is::failed, first}));
    status.confirmed();
    EXPECT_EQ(status.state(), (SourceState{Is::loaded, now}));
    EXPECT_EQ(status.why(), "");
}

TEST_F(Status, what_was_kept_is_stale_until_the_server_is_heard) {
    status.had(4s);
    EXPECT_EQ(status.state(), (SourceState{Is::stale, now - 4s}));
    now += 6s;
    EXPECT_EQ(status.state().is, Is::failed);
    status.confirmed();
    status.had(1h);  // too late to count
    EXPECT_EQ(status.state(), (SourceState{Is::loaded, now}));
}

TEST_F(Status, the_worse_of_two_counts) {
    const SourceState loaded{Is::loaded, now}, stale{Is::stale, now - 1s}, older{Is::stale, now - 2s}, failed{Is::failed, {}},
        was{Is::failed, now};
    EXPECT_EQ(worse(loaded, stale), stale);
    EXPECT_EQ(worse(failed, stale), failed);
    EXPECT_EQ(worse(stale, older), older);
    EXPECT_EQ(worse(older, stale), older);
    EXPECT_EQ(worse(failed, was), failed);
    EXPECT_EQ(worse(was, failed), failed);
    EXPECT_EQ(name_of(Is::loaded), "loaded");
    EXPECT_EQ(name_of(Is::stale), "stale");
    EXPECT_EQ(name_of(Is::failed), "failed");
}

}  // namespace
}  // namespace exota::directory
