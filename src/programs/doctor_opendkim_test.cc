#include "programs/doctor_opendkim.h"

#include <gtest/gtest.h>

#include <limits>

namespace exota::programs {
namespace {

base::Result<OpenDkimSettings> load(std::map<std::string, std::string> files) {
    return OpenDkimSettings::load("conf", [files = std::move(files)](const std::string& path) -> base::Result<std::string> {
        const auto found = files.find(path);
        if (found == files.end()) return base::fail(base::Errc::not_found, path + ": not there");
        return found->second;
    });
}

TEST(OpenDkimSettings, names_have_no_case_and_the_last_wins) {
    const auto settings = load({{"conf", "# comment\nmode\tv # why\n  Socket   inet:1@h \n\nMODE sv\nEmpty\n"}});
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->find("Mode"), "sv");
    EXPECT_EQ(settings->find("socket"), "inet:1@h");
    EXPECT_EQ(settings->find("Empty"), "");
    EXPECT_EQ(settings->find("Other"), std::nullopt);
}

TEST(OpenDkimSettings, include) {
    const auto settings = load({{"conf", "Mode v\nInclude more\n"}, {"more", "Mode s\n"}});
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->find("Mode"), "s");
    EXPECT_EQ(load({{"conf", "Include gone\n"}}).error().code, base::Errc::not_found);
    EXPECT_EQ(load({{"conf", "Include conf\n"}}).error().code, base::Errc::too_long);
}

TEST(OpenDkimSettings, booleans) {
    for (const char* yes : {"yes", "Y", "true", "True", "1"}) EXPECT_EQ(load({{"conf", std::string("X ") + yes}})->is_on("x"), true) << yes;
    for (const char* no : {"no", "N", "false", "0"}) EXPECT_EQ(load({{"conf", std::string("X ") + no}})->is_on("x"), false) << no;
    for (const char* neither : {"", "on", "maybe"})
        EXPECT_EQ(load({{"conf", std::string("X ") + neither}})->is_on("x"), std::nullopt) << neither;
}

TEST(OpenDkimSettings, numbers) {
    const auto number = [](const std::string& text) { return load({{"conf", "X " + text}})->number("x"); };
    EXPECT_EQ(number("20"), 20);
    EXPECT_EQ(number("0"), 0);
    EXPECT_EQ(number("-1"), -1);
    EXPECT_EQ(number("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
    for (const char* none : {"", "20x", "x", "2 0", "9223372036854775808"}) EXPECT_EQ(number(none), std::nullopt) << none;
    EXPECT_EQ(load({{"conf", "Y 1"}})->number("x"), std::nullopt);
}

TEST(OpenDkimSettings, data_sets) {
    using List = std::vector<std::string>;
    EXPECT_EQ(OpenDkimSettings::list_in("a.test, .b.test"), (List{"a.test", ".b.test"}));
    EXPECT_EQ(OpenDkimSettings::list_in("csl:a"), (List{"a"}));
    EXPECT_EQ(OpenDkimSettings::list_in("::1,127.0.0.1"), (List{"::1", "127.0.0.1"}));
    for (const char* file : {"/etc/list", "./list", "refile:/x", "file:x", "dsn:pgsql://u@h/d", "db:x"})
        EXPECT_EQ(OpenDkimSettings::list_in(file), std::nullopt) << file;
}

}  // namespace
}  // namespace exota::programs
