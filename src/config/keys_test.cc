#include "config/keys.h"

#include <gtest/gtest.h>

#include "config/config.h"
#include "config/key_table.h"
#include "config/testing.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;

TEST(ConfigKeys, EveryKeyIsReadAndEveryDefaultIsInRange) {
    // The reader aborts on a key of the table whose default is wrong, and on one that is asked for and not in the table.
    for (const Key& key : keys()) {
        EXPECT_EQ(key_table().find(key.name), &key) << "twice: " << key.name;
        EXPECT_FALSE(key.meaning.empty());
        if (key.fallback.empty() || key.name.contains(".NAME.")) continue;  // of those: gateway_test.cc
        const std::string tree = std::string(key.name) + " = " + std::string(key.fallback) + '\n' +
                                 (key.name.starts_with("inbound.") ? "inbound.mode = \"monitor\"\n" : "");
        const LoadedConfig loaded = from_toml("authorisation.mode = \"monitor\"\n" + tree);
        EXPECT_TRUE(loaded.config) << key.name << all_of(loaded);
    }
}

TEST(ConfigKeys, Nearest) {
    EXPECT_EQ(key_table().nearest("header.authserv_id_file"), "header.authserv_id");
    EXPECT_EQ(key_table().nearest("milter.lisen"), "milter.listen");
    EXPECT_EQ(key_table().nearest("authorization"), "authorisation");
    EXPECT_EQ(key_table().nearest("milter.authserv_id"), "header.authserv_id");
    EXPECT_EQ(key_table().nearest("zzzzzzzz"), "");
}

}  // namespace
}  // namespace exota::config
