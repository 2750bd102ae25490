#include "tenant/name_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace exota::tenant {
namespace {

/// Names with given fingerprints in a table, and where they are.
struct Filled {
    void add(const std::string& name, std::uint32_t fingerprint) {
        const NameRef ref = arena.add(name, {});
        ASSERT_NE(ref, 0U);
        table.insert(ref, HashedName(name, fingerprint));
        refs.emplace(std::pair(fingerprint, name), ref);
    }
    void expect_all() const {
        EXPECT_EQ(table.count(), refs.size());
        std::size_t visited = 0;
        table.for_each([&](NameRef) { ++visited; });
        EXPECT_EQ(visited, refs.size());
        for (const auto& [key, ref] : refs) {
            ASSERT_EQ(table.find(HashedName(key.second, key.first), arena), ref) << key.second << ' ' << key.first;
            ASSERT_EQ(table.find(HashedName("none", key.first), arena), 0U);
            ASSERT_EQ(table.find(HashedName(key.second, ~key.first), arena), 0U);
        }
    }
    NameArena arena;
    NameTable table;
    std::map<std::pair<std::uint32_t, std::string>, NameRef> refs;
};

TEST(NameTable, empty_has_nothing) {
    const NameTable table;
    const NameArena arena;
    EXPECT_EQ(table.find("a", arena), 0U);
    EXPECT_EQ(table.count(), 0U);
    table.prefetch("a");
    table.for_each([](NameRef) { FAIL(); });
}

TEST(NameTable, finds_all_names_wherever_their_homes_are) {
    std::mt19937 random(7);
    // Spread evenly; in one shard; at the end of a shard, where they need the slots behind the last home; few fingerprints for many names.
    for (const auto& [lowest, highest] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
             {0, 0xffffffff}, {0x10000000, 0x10ffffff}, {0x10fffff0, 0x10ffffff}, {0xfffffffe, 0xffffffff}, {0, 3}}) {
        Filled filled;
        std::uniform_int_distribution<std::uint32_t> fingerprints(lowest, highest);
        for (int i = 0; i < 1000; ++i) filled.add("n" + std::to_string(i), fingerprints(random));
        filled.expect_all();
    }
}

TEST(NameTable, names_of_one_fingerprint_are_told_apart_and_stay_in_order) {
    for (const std::uint32_t fingerprint : {0U, 0x12345678U, 0xffffffffU}) {
        Filled filled;
        for (int i = 0; i < 500; ++i) filled.add("n" + std::to_string(i), fingerprint);
        filled.expect_all();
        EXPECT_LT(filled.table.octets(), 64U * 1024) << "the table must not grow with the length of a crowd";
        int seen = 0;
        filled.table.for_each([&](NameRef ref) { EXPECT_EQ(filled.arena.name(ref), "n" + std::to_string(seen++)); });
    }
}

TEST(NameTable, a_name_that_is_there_twice_is_accepted_or_passed) {
    NameArena arena;
    NameTable table;
    const NameRef first = arena.add("a", {}), second = arena.add("a", {});
    table.insert(first, "a");
    table.insert(second, "a");
    EXPECT_EQ(table.find("a", arena), first);
    EXPECT_EQ(table.find_if("a", arena, [&](NameRef ref) { return ref == second; }), second);
    EXPECT_EQ(table.find_if("a", arena, [](NameRef) { return false; }), 0U);
    const NameRef third = arena.add("a", {});
    table.replace("a", second, third);
    EXPECT_EQ(table.find_if("a", arena, [&](NameRef ref) { return ref != first; }), third);
    table.replace("b", first, second);
    EXPECT_EQ(table.find("a", arena), first) << "another name's";
}

TEST(NameTable, is_at_least_half_full) {
    NameTable table;
    for (NameRef ref = 1; ref <= 300000; ++ref) {
        const std::string name = std::to_string(ref);
        table.insert(ref, name);
        if (ref > 20000) ASSERT_LT(table.octets(), ref * 16) << ref;
    }
}

}  // namespace
}  // namespace exota::tenant
