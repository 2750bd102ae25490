// Sections that the operator names, and sections within sections, by a table of the test's own; and durations.
#include "config/reader.h"

#include <gtest/gtest.h>

#include <array>

namespace exota::config {
namespace {

using enum KeyType;
using enum Takes;

constexpr auto own_keys = std::to_array<Key>({
    {"tenants.source", text, R"("file")", "", 0, 0, "", "a key beside a section"},
    {"tenants.ldap.base", text, R"("")", "", 0, 0, "", "a key of a section in a section", restart},
    {"tenants.ldap.timeout", duration, "2", "seconds", 1, 60, "", "another"},
    {"door.NAME.direction", choice, "", "", 0, 0, "in|out", "required of each door"},
    {"door.NAME.listen", text_list, "[]", "", 0, 0, "", "a list", restart},
    {"door.NAME.idle", duration, "60", "seconds", 1, 600, "", "a number", restart},
    {"door.NAME.open", boolean, "true", "", 0, 0, "", "a truth value", restart},
    {"door.NAME.log.level", integer, "3", "", 0, 9, "", "a section in a named one"},
});

/// A text read by the table above.
struct Read {
    explicit Read(std::string_view text) : tree(parse_toml(text).value()), in(tree, "own.toml", problems, table) {}
    std::string all() const {
        std::string out;
        for (const Problem& problem : problems) out += to_text(problem) + '\n';
        return out;
    }

    const KeyTable table{own_keys};
    std::vector<Problem> problems;
    Node tree;
    Reader in;
};

TEST(ConfigReader, SectionsAreReadByTheNamesThatTheOperatorGave) {
    const Read read(R"toml(
[tenants]
source = "ldap"
[tenants.ldap]
base = "dc=example"
[door.south-2]
direction = "out"
listen = ["a", "b"]
log = { level = 4 }
[door.north]
direction = "in"
open = false
)toml");
    ASSERT_EQ(read.all(), "");
    EXPECT_EQ(read.in.names_in("door"), (std::vector<std::string>{"north", "south-2"}));
    EXPECT_TRUE(read.in.names_in("tenants").empty());
    EXPECT_EQ(read.in.text("tenants.source"), "ldap");
    EXPECT_EQ(read.in.text("tenants.ldap.base"), "dc=example");
    EXPECT_EQ(read.in.duration("tenants.ldap.timeout"), std::chrono::seconds(2));
    EXPECT_EQ(read.in.integer("door.south-2.direction"), 1);
    EXPECT_EQ(read.in.texts("door.south-2.listen"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(read.in.integer("door.south-2.log.level"), 4);
    EXPECT_TRUE(read.in.boolean("door.south-2.open"));
    EXPECT_FALSE(read.in.boolean("door.north.open"));
    EXPECT_TRUE(read.in.texts("door.north.listen").empty());
    EXPECT_EQ(read.in.integer("door.north.log.level"), 3);
    EXPECT_TRUE(read.in.given("door.north.open"));
    EXPECT_FALSE(read.in.given("door.north.listen"));
}

TEST(ConfigReader, NoSectionOfAKindIsNoProblem) {
    const Read read("");
    EXPECT_EQ(read.all(), "");
    EXPECT_TRUE(read.in.names_in("door").empty());
}

TEST(ConfigReader, WhatIsWrongInASectionIsSaidWithItsName) {
    const std::string longest(max_section_name_octets, 'x');
    const struct {
        std::string text;
        std::string says;  // the whole
    } cases[] = {
        {"[door.a]\n", "own.toml:1:7: error: door.a.direction: is required: \"in\" or \"out\"\n"},
        {"[door.a]\ndirection = \"up\"\n", "own.toml:2:13: error: door.a.direction: must be \"in\" or \"out\", not \"up\"\n"},
        {"[door.a]\ndirection = \"in\"\nlisen = []\n",
         "own.toml:3:1: error: door.a.lisen: unknown key; the nearest known one is door.a.listen\n"},
        {"[door.a]\ndirection = \"in\"\nidle = 601\n", "own.toml:3:8: error: door.a.idle: must be 1 to 600 seconds\n"},
        {"[door.a]\ndirection = \"in\"\nlog = 1\n", "own.toml:3:7: error: door.a.log: must be a table ([door.a.log]), not an integer\n"},
        {"[door.a]\ndirection = \"in\"\n[door.a.log]\nlevle = 1\n",
         "own.toml:4:1: error: door.a.log.levle: unknown key; the nearest known one is door.a.log.level\n"},
        {"[door]\nlisten = []\n",
         "own.toml:2:10: error: door.listen: stands in no section of its own: the settings of each are in [door.NAME]\n"},
        {"[door.NAME]\n", "own.toml:1:7: error: door.NAME: the name of a section has 1 to 63 characters of a-z, 0-9 and '-'\n"},
        {"[door.a_b]\n", "own.toml:1:7: error: door.a_b: the name of a section has 1 to 63 characters of a-z, 0-9 and '-'\n"},
        {"[door.\"\"]\n", "own.toml:1:7: error: door.: the name of a section has 1 to 63 characters of a-z, 0-9 and '-'\n"},
        {"[door.\"a.b\"]\n", "own.toml:1:7: error: door.a.b: the name of a section has 1 to 63 characters of a-z, 0-9 and '-'\n"},
        {"[door." + longest + "]\ndirection = \"in\"\n", ""},
        {"[door.x" + longest + "]\n",
         "own.toml:1:7: error: door.x" + longest + ": the name of a section has 1 to 63 characters of a-z, 0-9 and '-'\n"},
        {"[tenants.ldpa]\n", "own.toml:1:10: error: tenants.ldpa: unknown key; the nearest known one is tenants.ldap\n"},
        {"[tenants]\nldap = 1\n", "own.toml:2:8: error: tenants.ldap: must be a table ([tenants.ldap]), not an integer\n"},
        {"[tenants]\n\"ldap.base\" = \"x\"\n",
         "own.toml:2:1: error: tenants.ldap.base: unknown key; the nearest known one is tenants.ldap.base\n"},
        {"[dor.a]\n", "own.toml:1:2: error: dor: unknown key; the nearest known one is door\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(Read(c.text).all(), c.says) << c.text;
}

TEST(ConfigReader, NamedSectionsAreBoundedOnBothSides) {
    std::string text;
    for (std::size_t i = 0; i < max_named_sections; ++i) text += "[door.d" + std::to_string(i) + "]\ndirection = \"in\"\n";
    EXPECT_EQ(Read(text).all(), "");
    const Read more(text + "[door.x]\ndirection = \"in\"\n");
    ASSERT_EQ(more.problems.size(), 1U) << more.all();
    EXPECT_EQ(more.problems[0].key, "door.x");
    EXPECT_EQ(more.in.names_in("door").size(), max_named_sections);
}

TEST(ConfigReader, ARequiredValueThatIsMissingReadsAsNothing) {
    static constexpr auto required = std::to_array<Key>({
        {"a.list", text_list, "", "", 0, 0, "", "required"},
        {"a.words", text, "", "", 0, 0, "", "required"},
        {"a.truth", boolean, "", "", 0, 0, "", "required"},
    });
    const KeyTable table{required};
    std::vector<Problem> problems;
    const Node nothing = parse_toml("").value();
    const Reader without(nothing, "own.toml", problems, table);
    EXPECT_TRUE(problems.empty()) << "nor is its section there";
    const Node tree = parse_toml("[a]\n").value();
    const Reader in(tree, "own.toml", problems, table);
    ASSERT_EQ(problems.size(), 3U);
    for (const Problem& problem : problems) EXPECT_EQ(problem.text, "is required");
    EXPECT_TRUE(in.texts("a.list").empty());
    EXPECT_EQ(in.text("a.words"), "");
    EXPECT_FALSE(in.boolean("a.truth"));
}

TEST(ConfigReader, ValuesOfTheStartAreTheSameForEverySpelling) {
    const auto values = [](std::string_view text) {
        const Read read(text);
        EXPECT_EQ(read.all(), "");
        std::string out;
        for (const StartValue& start : read.in.start_values()) out += start.key + '=' + start.value + ' ';
        return out;
    };
    EXPECT_EQ(values(""), "tenants.ldap.base= ");
    const std::string door = "[door.a]\ndirection = \"in\"\n";
    const std::string plain = values(door);
    EXPECT_EQ(plain, "tenants.ldap.base= door.a.listen= door.a.idle=60 door.a.open=true ");
    EXPECT_EQ(values(door + "idle = \"1 min\"\nlisten = []\nopen = true\n"), plain);
    EXPECT_NE(values(door + "listen = [\"ab\"]\n"), values(door + "listen = [\"a\", \"b\"]\n"));
    EXPECT_NE(values(door + "listen = [\"a\"]\n"), plain);
}

TEST(ConfigDuration, Table) {
    const struct {
        std::string_view text;
        long seconds;
    } good[] = {{"0", 0}, {"30", 30}, {"30s", 30}, {"30 s", 30}, {"5 min", 300}, {"2h", 7200}, {" 1 d ", 86400}};
    for (const auto& c : good) EXPECT_EQ(parse_duration(c.text).value().count(), c.seconds) << c.text;
    for (const std::string_view text : {"", "s", "-1", "1.5 h", "1 w", "99999999999", "1 h 30 min", "0x10"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(ConfigSize, Table) {
    const struct {
        std::string_view text;
        std::int64_t octets;
    } good[] = {{"0", 0}, {"30", 30}, {"64KiB", 65536}, {"64 KiB", 65536}, {" 2 MiB ", 2097152}, {"10 GiB", 10737418240}};
    for (const auto& c : good) EXPECT_EQ(parse_size(c.text).value(), c.octets) << c.text;
    for (const std::string_view text : {"", "KiB", "-1", "1.5 MiB", "1 kB", "1 MB", "1 TiB", "99999999999 GiB", "1 KiB 2", "0x10"})
        EXPECT_FALSE(parse_size(text)) << text;
}

}  // namespace
}  // namespace exota::config
