#include "tenant/name_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace exota::tenant {
namespace {

HashedName named(std::string_view name, const base::HashKey& key = {}) { return {name, key}; }

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
    EXPECT_EQ(table.find(named("a"), arena), 0U);
    EXPECT_EQ(table.count(), 0U);
    table.prefetch(named("a"));
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

TEST(NameArena, keeps_every_name_in_its_place_while_it_grows) {
    NameArena arena;
    std::vector<NameRef> refs;
    std::vector<const char*> places;
    const auto name_of = [](std::size_t i) { return std::string(1 + i % NameArena::max_name_octets, static_cast<char>('a' + i % 26)); };
    std::size_t stored = 0;
    for (std::size_t i = 0; stored < 3 * NameArena::piece_octets; ++i) {  // all small pieces, and several of full size
        const std::string name = name_of(i);
        const auto words = static_cast<std::uint32_t>(i);
        refs.push_back(i % 2 == 0 ? arena.add(name, {words}) : arena.add(name, {~words, words}));
        ASSERT_NE(refs.back(), 0U);
        places.push_back(arena.name(refs.back()).data());
        stored += name.size();
        if (i == 1) EXPECT_LE(arena.octets(), 1024U);
    }
    for (std::size_t i = 0; i < refs.size(); ++i) {
        ASSERT_EQ(arena.name(refs[i]), name_of(i)) << i;
        ASSERT_EQ(arena.name(refs[i]).data(), places[i]) << i;
        ASSERT_EQ(arena.word(refs[i], 1), static_cast<std::uint32_t>(i));
        if (i % 2 == 1) ASSERT_EQ(arena.word(refs[i], 2), ~static_cast<std::uint32_t>(i));
    }
    EXPECT_LT(arena.octets(), 2 * stored);
    EXPECT_EQ(arena.add(std::string(NameArena::max_name_octets + 1, 'x'), {}), 0U);
    EXPECT_NE(arena.add(std::string(NameArena::max_name_octets, 'x'), {}), 0U);
}

TEST(NameTable, a_few_names_take_a_few_octets) {
    NameTable table;
    for (NameRef ref = 1; ref <= 8; ++ref) table.insert(ref, named(std::to_string(ref)));
    EXPECT_LT(table.octets(), 512U);
}

TEST(NameTable, finds_all_names_however_many_there_are) {
    for (int count = 250; count < 265; ++count) {  // about where one shard becomes many
        Filled filled;
        for (int i = 0; i < count; ++i) filled.add("n" + std::to_string(i), static_cast<std::uint32_t>(i) * 0x9e3779b1U);
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
    table.insert(first, named("a"));
    table.insert(second, named("a"));
    EXPECT_EQ(table.find(named("a"), arena), first);
    EXPECT_EQ(table.find_if(named("a"), arena, [&](NameRef ref) { return ref == second; }), second);
    EXPECT_EQ(table.find_if(named("a"), arena, [](NameRef) { return false; }), 0U);
    const NameRef third = arena.add("a", {});
    table.replace(named("a"), second, third);
    EXPECT_EQ(table.find_if(named("a"), arena, [&](NameRef ref) { return ref != first; }), third);
    table.replace(named("b"), first, second);
    EXPECT_EQ(table.find(named("a"), arena), first) << "another name's";
}

std::string octets_of(std::uint64_t word) {
    std::string octets(sizeof word, '\0');
    std::memcpy(octets.data(), &word, sizeof word);
    return octets;
}

/// Names of two words which all have one hash under `key`: the second undoes what the first did. Whoever knows the key can make them.
std::vector<std::string> crowd_under(const base::HashKey& key, int count) {
    const auto after_first = [&](std::uint64_t word) {
        return base::folded_product(key.start ^ 16 ^ base::first_octets(octets_of(word)), key.factor);
    };
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
        const auto first = static_cast<std::uint64_t>(i);
        const std::string second = octets_of(after_first(first));
        names.push_back(octets_of(first) + second);
    }
    return names;
}

std::size_t fingerprints_of(const std::vector<std::string>& names, const base::HashKey& key) {
    std::set<std::uint32_t> fingerprints;
    for (const std::string& name : names) fingerprints.insert(named(name, key).fingerprint);
    return fingerprints.size();
}

TEST(NameTable, who_does_not_know_the_key_cannot_make_names_collide) {
    const base::HashKey known, secret({0x0123456789abcdef, 0x8c3b0d51f2e6a794, 0xd1e8a20f7c965b43});
    const std::vector<std::string> names = crowd_under(known, 1000);
    ASSERT_EQ(fingerprints_of(names, known), 1U) << "the attack works on who it is meant for";
    // Not the beginning alone is secret, nor one factor alone: each of the three words scatters them.
    EXPECT_GE(fingerprints_of(names, secret), 998U);
    for (const base::HashKey& one_word :
         {base::HashKey({secret.start, known.factor, known.last_factor}), base::HashKey({known.start, secret.factor, known.last_factor})})
        EXPECT_GE(fingerprints_of(names, one_word), 998U);
    EXPECT_EQ(fingerprints_of(crowd_under(secret, 1000), secret), 1U) << "it is the key that protects, nothing else";
}

TEST(NameTable, an_even_factor_is_made_odd) {
    const base::HashKey key({1, 2, 4});
    EXPECT_EQ(key.factor, 3U);
    EXPECT_EQ(key.last_factor, 5U);
}

TEST(NameTable, is_at_least_half_full) {
    NameTable table;
    for (NameRef ref = 1; ref <= 300000; ++ref) {
        const std::string name = std::to_string(ref);
        table.insert(ref, named(name));
        if (ref > 20000) ASSERT_LT(table.octets(), ref * 16) << ref;
    }
}

}  // namespace
}  // namespace exota::tenant
