#include "directory/ldap_lookup.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Found = LdapLookup::Found;

/// A server that answers when the test says so.
struct Server : LdapDirectory {
    void search(LdapSearch search, Done done) override {
        filters.push_back(search.filter);
        waiting.push_back({std::move(search), std::move(done)});
    }
    void answer_all() {
        while (!waiting.empty()) {
            auto [search, done] = std::move(waiting.front());
            waiting.pop_front();
            if (away) {
                done(base::fail(base::Errc::unavailable, "away"));
                continue;
            }
            LdapFound found;
            const auto [first, last] = entries.equal_range(search.filter);
            for (auto entry = first; entry != last; ++entry) {
                found.more = !found.entries.empty();
                if (found.entries.empty()) found.entries.push_back(entry->second);
            }
            done(std::move(found));
        }
    }
    std::deque<std::pair<LdapSearch, Done>> waiting;
    std::vector<std::string> filters;
    std::multimap<std::string, LdapEntry> entries;
    bool away = false;
};

struct Lookup : testing::Test {
    Server server;
    LdapSettings settings;
    Clock::time_point now = Clock::time_point(1000h);
    std::vector<std::string> problems;
    std::optional<LdapLookup> lookup;
    std::shared_ptr<const tenant::Defaults> defaults = std::make_shared<const tenant::Defaults>();

    void SetUp() override {
        server.entries.emplace("(domainName=contoso.com)", LdapEntry{"cn=contoso", {{"exotaDomain", {"contoso.com"}}}});
    }
    Found find(const tenant::Keys& keys) {
        if (!lookup)
            lookup.emplace(
                server, settings, 3600s, defaults, [this](std::string text) { problems.push_back(std::move(text)); },
                [this] { return now; });
        std::optional<Found> found;
        lookup->find(keys, [&](Found answer) { found = std::move(answer); });
        server.answer_all();
        EXPECT_TRUE(found);
        return found.value_or(Found(Found::unknown));
    }
    static bool has(const Found& found, std::string_view domain) { return found.is(Found::yes) && (*found)->with_literal_domain(domain); }
    static bool knows_all(const Found& found) { return !found.is(Found::yes) || (*found)->at_worst() == nullptr; }
};

TEST_F(Lookup, each_kind_by_its_filter_and_what_has_none_is_not_asked) {
    settings.organization_filter = "(o=%o)";
    settings.tenant_id_filter = "(t=%t)";
    const tenant::Keys keys{.domains = {"contoso.com", "other.com"},
                            .wildcards = {"com"},
                            .organizations = {"org.com"},
                            .sdids = {"s.com"},
                            .tenant_ids = {*mail::TenantId::parse("1234abcd-18c5-45e8-88de-123456789abc")}};
    EXPECT_TRUE(has(find(keys), "contoso.com"));
    EXPECT_EQ(server.filters, (std::vector<std::string>{"(domainName=contoso.com)", "(domainName=other.com)",
                                                        "(t=1234abcd-18c5-45e8-88de-123456789abc)", "(o=org.com)"}));
    server.filters.clear();
    settings.wildcards = true;
    lookup.reset();
    find({.wildcards = {"contoso.com"}});
    EXPECT_EQ(server.filters, std::vector<std::string>{"(domainName=\\2a.contoso.com)"});
}

TEST_F(Lookup, nothing_to_ask_and_nobody_found) {
    EXPECT_TRUE(find({}).is(Found::none));
    EXPECT_TRUE(find({.domains = {"nobody.com"}}).is(Found::none));
}

TEST_F(Lookup, answers_are_kept_and_served_while_the_server_is_away) {
    const tenant::Keys keys{.domains = {"contoso.com", "nobody.com"}};
    EXPECT_TRUE(has(find(keys), "contoso.com"));
    EXPECT_EQ(server.filters.size(), 2U);
    find(keys);
    EXPECT_EQ(server.filters.size(), 2U);
    server.away = true;
    now += 61s;  // negative_ttl
    Found found = find(keys);
    EXPECT_TRUE(has(found, "contoso.com"));
    EXPECT_FALSE(knows_all(found));
    now += 300s;
    found = find(keys);
    EXPECT_TRUE(has(found, "contoso.com")) << "stale";
    EXPECT_EQ(lookup->counts().stale, 1U);
    now += 3600s;
    EXPECT_FALSE(has(find(keys), "contoso.com")) << "max_stale";
    server.away = false;
    found = find(keys);
    EXPECT_TRUE(has(found, "contoso.com") && knows_all(found));
}

TEST_F(Lookup, nothing_is_served_for_longer_than_max_stale_however_long_it_is_kept) {
    settings.cache_ttl = settings.negative_ttl = 86400s;
    const tenant::Keys customer{.domains = {"contoso.com"}}, nobody{.domains = {"nobody.com"}};
    EXPECT_TRUE(has(find(customer), "contoso.com"));
    EXPECT_TRUE(find(nobody).is(Found::none));
    server.away = true;
    now += 3600s - 1ms;
    EXPECT_TRUE(has(find(customer), "contoso.com"));
    EXPECT_TRUE(find(nobody).is(Found::none));
    now += 1ms;
    EXPECT_FALSE(has(find(customer), "contoso.com"));
    EXPECT_FALSE(find(nobody).is(Found::none));
}

TEST_F(Lookup, several_or_malformed_entries_are_no_answer_and_told) {
    server.entries.emplace("(domainName=contoso.com)", LdapEntry{"cn=another", {}});
    server.entries.emplace("(domainName=bad.com)", LdapEntry{"cn=bad", {{"exotaMode", {"loud"}}}});
    const Found found = find({.domains = {"contoso.com", "bad.com"}});
    ASSERT_TRUE(found.is(Found::yes));
    EXPECT_FALSE(has(found, "contoso.com"));
    EXPECT_TRUE((*found)->at_worst()->with_literal_domain("contoso.com") && (*found)->at_worst()->with_literal_domain("bad.com"));
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(problems[0], "several entries for the domain contoso.com");
    EXPECT_TRUE(problems[1].starts_with("cn=bad: mode: ")) << problems[1];
    EXPECT_EQ(lookup->kept(), 0U);
}

TEST_F(Lookup, what_is_found_twice_is_not_served_from_what_was_kept) {
    EXPECT_TRUE(has(find({.domains = {"contoso.com"}}), "contoso.com"));
    const auto another = server.entries.emplace("(domainName=contoso.com)", LdapEntry{"cn=another", {}});
    now += 301s;
    EXPECT_FALSE(has(find({.domains = {"contoso.com"}}), "contoso.com"));
    EXPECT_EQ(lookup->kept(), 0U);
    server.entries.erase(another);
    EXPECT_TRUE(has(find({.domains = {"contoso.com"}}), "contoso.com"));
}

TEST_F(Lookup, one_question_for_many_messages) {
    int answered = 0;
    find({});
    for (int i = 0; i < 5; ++i)
        lookup->find({.domains = {"contoso.com"}}, [&](const Found& found) { answered += has(found, "contoso.com") ? 1 : 0; });
    EXPECT_EQ(server.waiting.size(), 1U);
    server.answer_all();
    EXPECT_EQ(answered, 5);
}

TEST_F(Lookup, a_message_has_a_limited_number_of_searches) {
    tenant::Keys keys;
    for (std::size_t i = 0; i < LdapLookup::max_searches_a_message; ++i) keys.domains.push_back("d" + std::to_string(i) + ".com");
    EXPECT_TRUE(find(keys).is(Found::none));
    keys.domains.emplace_back("one-more.com");
    server.filters.clear();
    now += 1h;
    const Found found = find(keys);
    EXPECT_EQ(server.filters.size(), LdapLookup::max_searches_a_message);
    ASSERT_TRUE(found.is(Found::yes));
    EXPECT_TRUE((*found)->at_worst()->with_literal_domain("one-more.com"));
}

TEST_F(Lookup, other_defaults_are_used_at_once) {
    EXPECT_EQ((*find({.domains = {"contoso.com"}}))->covering("contoso.com")->policy->mode, tenant::Mode::enforce);
    auto changed = std::make_shared<tenant::Defaults>();
    changed->mode = tenant::Mode::monitor;
    lookup->use(changed);
    EXPECT_EQ((*find({.domains = {"contoso.com"}}))->covering("contoso.com")->policy->mode, tenant::Mode::monitor);
    lookup->use(changed);
    EXPECT_EQ(lookup->kept(), 1U);
}

TEST_F(Lookup, late_answers_find_nobody) {
    find({});
    bool called = false;
    lookup->find({.domains = {"contoso.com"}}, [&](const Found&) { called = true; });
    lookup.reset();
    server.answer_all();
    EXPECT_FALSE(called);
}

std::vector<std::string> settings_of(const std::vector<BadFilter>& bad) {
    std::vector<std::string> out;
    for (const BadFilter& one : bad) out.push_back(one.setting);
    return out;
}

TEST(LdapFilters, are_checked_with_their_setting) {
    using List = std::vector<std::string>;
    LdapSettings settings;
    EXPECT_EQ(settings_of(bad_filters(settings)), List{});
    settings.tenant_id_filter = "(t=%d)";
    EXPECT_EQ(settings_of(bad_filters(settings)), List{"tenant_id_filter"});
    settings.tenant_id_filter = "(t=%t)";
    EXPECT_EQ(settings_of(bad_filters(settings)), List{});
    settings.schema = LdapSettings::Schema::predecessors;
    EXPECT_EQ(settings_of(bad_filters(settings)), List{"tenant_id_filter"});
    settings = {};
    settings.filter = "";
    EXPECT_EQ(settings_of(bad_filters(settings)), List{"filter"});
    settings.organization_filter = settings.dkim_domain_filter = "(";
    EXPECT_EQ(settings_of(bad_filters(settings)), (List{"filter", "organization_filter", "dkim_domain_filter"})) << "all of them";
    EXPECT_EQ(lost_rules({}).size(), 5U);
}

}  // namespace
}  // namespace exota::directory
