#include "directory/fed_source.h"

#include <gtest/gtest.h>

#include <thread>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using First = FedSource::First;

TEST(FirstAttempt, without_a_snapshot_what_comes_of_it_is_waited_for) {
    FirstAttempt attempt;
    std::thread source([&attempt] { attempt.note(First::loaded); });
    EXPECT_EQ(attempt.wait(0ms), First::loaded);
    source.join();
    attempt.note(First::unreachable);
    EXPECT_EQ(attempt.wait(0ms), First::loaded) << "the first one counts";
}

TEST(FirstAttempt, with_one_not_for_long) {
    FirstAttempt attempt;
    attempt.note_snapshot();
    EXPECT_EQ(attempt.wait(0ms), First::waiting);
    attempt.note(First::other_schema);
    EXPECT_EQ(attempt.wait(1h), First::other_schema);
}

TEST(FedSource, which_of_them_runs_is_known_here) {
    TenantsSettings settings;
    EXPECT_FALSE(is_fed(settings) || looks_up(settings));
    settings.ldap.emplace();
    EXPECT_TRUE(!is_fed(settings) && looks_up(settings));
    settings.ldap->mode = LdapSettings::Mode::snapshot;
    settings.ldap->base = "dc=test";
    EXPECT_TRUE(is_fed(settings) && !looks_up(settings));
    EXPECT_EQ(held_of(settings).origin, (SnapshotOrigin{"ldap", "dc=test", "2"}));
    EXPECT_FALSE(make_fed_source(settings, {})) << "it names no server";
    settings.ldap->servers = {"ldapi://%2Fnowhere"};
    EXPECT_EQ(held_of(settings).name, "ldap ldapi://%2Fnowhere dc=test");
    settings.ldap.reset();
    settings.postgresql.emplace();
    EXPECT_TRUE(is_fed(settings) && !looks_up(settings));
    settings.postgresql->conninfo = "dbname=exota";
    EXPECT_EQ(held_of(settings).origin.kind, "postgresql");
}

}  // namespace
}  // namespace exota::directory
