#include "config/start_values.h"

#include <gtest/gtest.h>

#include "config/config.h"
#include "config/testing.h"

namespace exota::config {
namespace {

using Keys = std::vector<std::string>;

TEST(ConfigStartValues, ChangedKeysAreNamedInOrderAndSectionsOnce) {
    const std::vector<StartValue> before{{"log.name", "a"}, {"door.a.listen", "1:x"}, {"door.b.listen", "1:y"}, {"door.b.idle", "1"}};
    EXPECT_EQ(changed_start_values(before, before), Keys{});
    EXPECT_EQ(changed_start_values(before, {{"log.name", "b"}, {"door.a.listen", "1:z"}, {"door.b.listen", "1:y"}, {"door.b.idle", "1"}}),
              (Keys{"log.name", "door.a.listen"}));
    EXPECT_EQ(changed_start_values(before, {{"log.name", "a"}, {"door.a.listen", "1:x"}, {"door.c.listen", ""}, {"door.c.idle", "1"}}),
              (Keys{"door.c", "door.b"}));
    EXPECT_EQ(changed_start_values({}, {}), Keys{});
}

Keys changed_by(const std::string& text) {
    const LoadedConfig before = testing::from_toml(testing::minimal);
    const LoadedConfig after = testing::from_toml(std::string(testing::minimal) + text);
    EXPECT_TRUE(before.config && after.config) << testing::all_of(after);
    return before.config && after.config ? changed_start_values(before.config->start_values, after.config->start_values) : Keys{};
}

TEST(ConfigStartValues, OfTheConfiguration) {
    EXPECT_EQ(changed_by(""), Keys{});
    EXPECT_EQ(changed_by("[milter]\nidle_timeout = \"2 h\"\nsocket_mode = \"660\"\n"), Keys{}) << "spelled otherwise";
    EXPECT_EQ(changed_by("[milter]\nmax_frame_octets = 65536\n[log]\nlevel = \"debug\"\n[server]\ndrain_timeout = 1\n"), Keys{})
        << "a reload changes these";
    EXPECT_EQ(changed_by("[server]\nthreads = 3\n[dns]\nmessage_timeout = 11\nservers = [\"127.0.0.1\"]\n[log]\nname = \"x\"\n"
                         "[milter]\nlisten = [\"unix:/x\"]\nmax_sessions = 7\n"),
              (Keys{"milter.listen", "milter.max_sessions", "log.name", "dns.servers", "dns.message_timeout", "server.threads"}));
}

}  // namespace
}  // namespace exota::config
