#include "config/key_table.h"

#include <gtest/gtest.h>

#include <array>

namespace exota::config {
namespace {

using enum KeyType;

constexpr auto own_keys = std::to_array<Key>({
    {"log.level", text, R"("info")", "", 0, 0, "", "a key"},
    {"tenants.file", text, R"("x")", "", 0, 0, "", "a key beside a section"},
    {"tenants.ldap.base", text, R"("")", "", 0, 0, "", "a key of a section in a section"},
    {"door.NAME.listen", text_list, R"(["a"])", "", 0, 0, "", "a key of a named section"},
    {"door.NAME.direction", text, "", "", 0, 0, "", "required"},
});

TEST(KeyTable, FindsKeysAndSections) {
    const KeyTable table(own_keys);
    const struct {
        std::string_view name, key;  // key: as the table names it; empty: it is none
        bool section, named;
    } cases[] = {
        {"log.level", "log.level", false, false},
        {"log", "", true, false},
        {"log.level.x", "", false, false},
        {"tenants", "", true, false},
        {"tenants.ldap", "", true, false},
        {"tenants.ldap.base", "tenants.ldap.base", false, false},
        {"door", "", true, true},
        {"door.a", "", true, false},
        {"door.A", "", false, false},
        {"door.a.listen", "door.NAME.listen", false, false},
        {"door.a-1.direction", "door.NAME.direction", false, false},
        {"door.NAME.listen", "door.NAME.listen", false, false},
        {"door.a.listen.b", "", false, false},
        {"door.A.listen", "", false, false},
        {"door..listen", "", false, false},
        {"", "", false, false},
    };
    for (const auto& c : cases) {
        const Key* key = table.find(c.name);
        EXPECT_EQ(key ? key->name : "", c.key) << c.name;
        EXPECT_EQ(table.is_section(c.name), c.section) << c.name;
        EXPECT_EQ(table.holds_named_sections(c.name), c.named) << c.name;
    }
}

TEST(KeyTable, NearestIsSoughtInTheSectionFirst) {
    const KeyTable table(own_keys);
    const struct {
        std::string_view unknown, nearest;
    } cases[] = {
        {"logs", "log"},
        {"dor", "door"},
        {"tenants.ldpa", "tenants.ldap"},
        {"tenants.ldap.bas", "tenants.ldap.base"},
        {"door.front.lisen", "door.front.listen"},
        {"door.front.directions", "door.front.direction"},
        {"tenants.level", "log.level"},
        {"log.listen", "door.NAME.listen"},
        {"zzzzzzzz", ""},
    };
    for (const auto& c : cases) EXPECT_EQ(table.nearest(c.unknown), c.nearest) << c.unknown;
}

TEST(KeyTable, DefaultsAreParsedAndMissingOnesAreNone) {
    const KeyTable table(own_keys);
    const Node* list = table.default_of(*table.find("door.x.listen"));
    ASSERT_NE(list, nullptr);
    EXPECT_EQ(list->kind(), "a list");
    EXPECT_EQ(list->line, 0U);
    EXPECT_EQ(table.default_of(*table.find("door.x.direction")), nullptr);
}

TEST(KeyTable, NamesOfSectionsAreBoundedOnBothSides) {
    for (const std::string& good : {std::string("a"), std::string("exchange-2"), std::string("-"), std::string(63, 'z')})
        EXPECT_TRUE(is_section_name(good)) << good;
    for (const std::string& bad : {std::string(), std::string("A"), std::string("a_b"), std::string("a.b"), std::string("a b"),
                                   std::string("\xc3\xa4"), std::string("a\0b", 3), std::string(64, 'z')})
        EXPECT_FALSE(is_section_name(bad)) << bad;
}

TEST(KeyTable, SectionOfAName) {
    EXPECT_EQ(section_of("door.a.listen"), "door.a");
    EXPECT_EQ(section_of("log.level"), "log");
    EXPECT_EQ(section_of("log"), "");
}

}  // namespace
}  // namespace exota::config
