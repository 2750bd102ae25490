// From a directory that says what it likes.
#include "directory/ldap_tree_reader.h"

#include <gtest/gtest.h>

#include <deque>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;

/// Answers each search with what was put there, within the call; where there is nothing, later.
struct Told final : LdapDirectory {
    void search(LdapSearch search, Done done) override {
        searches.push_back(std::move(search));
        if (answers.empty()) return waiting.push_back(std::move(done));
        base::Result<LdapFound> next = std::move(answers.front());
        answers.pop_front();
        done(std::move(next));
    }
    /// The oldest that waits.
    void answer(base::Result<LdapFound> found) {
        Done next = std::move(waiting.front());
        waiting.pop_front();
        searches.clear();
        next(std::move(found));
    }
    std::vector<LdapSearch> searches;
    std::deque<base::Result<LdapFound>> answers;
    std::deque<Done> waiting;
};

LdapFound page(const std::vector<std::string>& names, std::string cookie = {}) {
    LdapFound found{.entries = {}, .more = false, .cookie = std::move(cookie), .connection = 7};
    for (const std::string& name : names) found.entries.push_back({.dn = name, .attributes = {}});
    return found;
}

LdapSettings settings() {
    LdapSettings out;
    out.base = "dc=test";
    return out;
}

LdapTreeReader::Done into(std::string& said) {
    return [&said](const base::Result<LdapTree>& tree) {
        if (!tree) return void(said = "error: " + tree.error().detail);
        said = "read over " + std::to_string(tree->connection);
        for (const LdapEntry& entry : tree->entries) said += ' ' + entry.dn;
    };
}

std::string read(Told& directory) {
    LdapTreeReader reader(directory, settings());
    std::string said;
    reader.read(into(said));
    return said;
}

TEST(LdapTree, pages_follow_each_other) {
    Told directory;
    directory.answers = {page({"a", "b"}, "one"), page({}, "two"), page({"c"})};
    EXPECT_EQ(read(directory), "read over 7 a b c");
    ASSERT_EQ(directory.searches.size(), 3U);
    EXPECT_EQ(directory.searches[0].page->cookie, "");
    EXPECT_EQ(directory.searches[1].page->cookie, "one");
    EXPECT_EQ(directory.searches[1].page->connection, 7U);
    EXPECT_EQ(directory.searches[2].page->cookie, "two");
    EXPECT_EQ(directory.searches[0].filter, "(objectClass=exotaTenant)");
    EXPECT_EQ(directory.searches[0].base, "dc=test");
    EXPECT_EQ(directory.searches[0].page->entries, LdapTreeReader::page_entries);
    EXPECT_EQ(directory.searches[0].most_entries, LdapTreeReader::page_entries);
}

TEST(LdapTree, a_part_is_no_smaller_directory) {
    Told directory;
    directory.answers = {page({"a"}, "one"), base::fail(base::Errc::unavailable, "it closed the connection")};
    EXPECT_EQ(read(directory), "error: it closed the connection");
    LdapFound more = page({"a"}, "");
    more.more = true;
    directory.answers = {more};
    EXPECT_EQ(read(directory), "error: it gives more than the 500 entries of a page");
    directory.answers = {page({})};
    EXPECT_EQ(read(directory), "read over 7") << "that nobody is there is an answer, too: the guard against a loss is elsewhere";
}

TEST(LdapTree, some_servers_have_one_cookie_for_all_pages) {
    Told directory;
    directory.answers = {page({"a"}, "0"), page({"b"}, "0"), page({"c"})};
    EXPECT_EQ(read(directory), "read over 7 a b c");
}

TEST(LdapTree, pages_that_come_again_are_none) {
    Told directory;
    directory.answers = {page({"a", "b"}, "0"), page({"a", "b"}, "0")};
    EXPECT_EQ(read(directory), "error: it gives an entry twice: a");
    directory.answers = {page({"a", "b"}, "0"), page({"c", "a"})};
    EXPECT_EQ(read(directory), "error: it gives an entry twice: a");
    directory.answers = {page({"a", "b", "a"})};
    EXPECT_EQ(read(directory), "error: it gives an entry twice: a");
}

TEST(LdapTree, has_limits) {
    const LdapTreeLimits usual;
    LdapTreeLimits entries, octets, pages, time;
    entries.entries = 3;
    pages.pages = 2;
    time.time = -1s;
    LdapFound large = page({"c"});
    large.entries[0].attributes = {{"exotaDomain", {std::string(10'000, 'x')}}};
    octets.octets = 10'500;
    const struct {
        const char* name;
        LdapTreeLimits limits;
        std::deque<base::Result<LdapFound>> answers;
        std::string want;
    } cases[] = {
        {"entries", entries, {page({"a", "b"}, "1"), page({"c"})}, "read over 7 a b c"},
        {"too many", entries, {page({"a", "b"}, "1"), page({"c", "d"})}, "error: it has more than 3 tenants"},
        {"octets", octets, {large}, "read over 7 c"},
        {"too many octets",
         octets,
         {page({"a", "b", "d", "e", "f", "g", "h", "i", "j", "k"}, "1"), large},
         "error: its tenants have more than 10500 octets"},
        {"pages", pages, {page({"a"}, "1"), page({"b"})}, "read over 7 a b"},
        {"pages without end", pages, {page({}, "1"), page({}, "1")}, "error: it has more than 2 pages"},
        {"in time", usual, {page({"a"}, "1"), page({"b"})}, "read over 7 a b"},
        {"too late", time, {page({"a"}, "1")}, "error: it does not come to an end within -1 s"},
    };
    for (const auto& c : cases) {
        Told directory;
        directory.answers = c.answers;
        LdapTreeReader reader(directory, settings(), c.limits);
        std::string said;
        reader.read(into(said));
        EXPECT_EQ(said, c.want) << c.name;
    }
    EXPECT_EQ(usual.entries, 1'000'000U) << "docs/ldap.md";
}

TEST(LdapTree, what_comes_of_a_reading_before_is_not_heard) {
    Told directory;
    LdapTreeReader reader(directory, settings());
    std::string first, second;
    reader.read(into(first));
    reader.read(into(second));
    directory.answer(page({"old"}));
    EXPECT_EQ(first + second, "");
    directory.answer(page({"new"}));
    EXPECT_EQ(first, "");
    EXPECT_EQ(second, "read over 7 new");
}

}  // namespace
}  // namespace exota::directory
