#include "directory/recipient_lookup.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Is = RecipientLookup::Is;

/// A server that answers when the test says so.
struct Recipients : testing::Test {
    std::set<std::string> there{"john@contoso.com", "@fabrikam.com", "+odd@contoso.com"};
    std::set<std::string> silent;
    bool away = false;
    std::vector<std::string> asked;
    std::vector<std::pair<std::string, std::function<void(RecipientLookup::Answer)>>> waiting;
    Clock::time_point now = Clock::time_point(1000h);
    tenant::RecipientRules rules;
    RecipientLookup lookup{{.ttl = 3600s, .negative_ttl = 300s, .max_stale = 24h, .most_entries = 100},
                           {},
                           [this](const std::string& entry, std::function<void(RecipientLookup::Answer)> answered) {
                               asked.push_back(entry);
                               waiting.emplace_back(entry, std::move(answered));
                           },
                           [this] { return now; }};

    void answer_all() {
        for (auto& [entry, answered] : std::exchange(waiting, {})) {
            if (away || silent.contains(entry))
                answered(RecipientLookup::Answer(RecipientLookup::Answer::unknown));
            else if (there.contains(entry))
                answered(RecipientLookup::Answer(Exists{}));
            else
                answered(RecipientLookup::Answer(RecipientLookup::Answer::none));
        }
    }
    Is find(std::string_view address) {
        const auto name = tenant::RecipientName::parse(address, rules);
        EXPECT_TRUE(name) << address;
        std::optional<Is> is;
        lookup.find(*name, rules, [&](Is found) { is = found; });
        answer_all();
        EXPECT_TRUE(is) << address;
        return is.value_or(Is::unanswered);
    }
};

TEST_F(Recipients, by_address_without_extension_by_domain_and_postmaster) {
    const struct {
        std::string_view address;
        Is want;
        std::vector<std::string> asked;
    } cases[] = {
        {"JOHN@Contoso.com", Is::known, {"john@contoso.com", "@contoso.com"}},
        {"john+list@contoso.com", Is::known, {"john+list@contoso.com"}},
        {"jane@contoso.com", Is::unknown, {"jane@contoso.com"}},
        {"jane+john@contoso.com", Is::unknown, {"jane+john@contoso.com"}},
        {"+odd@contoso.com", Is::known, {"+odd@contoso.com"}},
        {"anybody@fabrikam.com", Is::known, {"anybody@fabrikam.com", "@fabrikam.com"}},
        {"anybody+x@fabrikam.com", Is::known, {"anybody+x@fabrikam.com"}},
        {"Postmaster@contoso.com", Is::known, {}},
        {"Postmaster+x@contoso.com", Is::known, {}},
        {"postmaster", Is::known, {}},
    };
    for (const auto& c : cases) {
        asked.clear();
        EXPECT_EQ(find(c.address), c.want) << c.address;
        EXPECT_EQ(asked, c.asked) << c.address << ": what is known is not asked again";
    }
}

TEST_F(Recipients, without_a_delimiter_nothing_is_an_extension) {
    rules.delimiter = '\0';
    EXPECT_EQ(find("john+list@contoso.com"), Is::unknown);
}

TEST_F(Recipients, one_answer_that_did_not_come_is_no_refusal_but_one_that_is_there_suffices) {
    for (const char* entry : {"jane+x@contoso.com", "jane@contoso.com", "@contoso.com"}) {
        silent = {entry};
        EXPECT_EQ(find("jane+x@contoso.com"), Is::unanswered) << entry;
        now += 301s;
    }
    silent = {"john+x@contoso.com", "@contoso.com"};
    EXPECT_EQ(find("john+x@contoso.com"), Is::known);
    silent = {"@fabrikam.com"};
    EXPECT_EQ(find("x@fabrikam.com"), Is::unanswered);
}

TEST_F(Recipients, while_the_server_is_away_whoever_existed_does_and_of_nobody_is_said_that_he_does_not) {
    EXPECT_EQ(find("john@contoso.com"), Is::known);
    EXPECT_EQ(find("jane@contoso.com"), Is::unknown);
    away = true;
    now += 2h;
    EXPECT_EQ(find("john@contoso.com"), Is::known);
    EXPECT_EQ(find("jane@contoso.com"), Is::unanswered);
    now += 23h;
    EXPECT_EQ(find("john@contoso.com"), Is::unanswered) << "max_stale";
    away = false;
    there.erase("john@contoso.com");
    EXPECT_EQ(find("john@contoso.com"), Is::unknown) << "an error is not kept";
}

TEST_F(Recipients, an_entry_is_asked_once_however_many_wait_for_it) {
    const auto name = tenant::RecipientName::parse("john@contoso.com", rules);
    int found = 0;
    for (int i = 0; i < 5; ++i) lookup.find(*name, rules, [&](Is is) { found += is == Is::known ? 1 : 100; });
    EXPECT_EQ(asked, (std::vector<std::string>{"john@contoso.com", "@contoso.com"}));
    EXPECT_EQ(found, 0);
    answer_all();
    EXPECT_EQ(found, 5);
    EXPECT_EQ(lookup.counts().joined, 8U);
}

TEST_F(Recipients, nobody_is_called_back_after_the_end) {
    std::optional<RecipientLookup> short_lived;
    short_lived.emplace(
        CacheSettings{}, base::HashKey{},
        [this](const std::string& entry, std::function<void(RecipientLookup::Answer)> answered) {
            waiting.emplace_back(entry, std::move(answered));
        },
        [this] { return now; });
    short_lived->find(*tenant::RecipientName::parse("john@contoso.com", rules), rules, [](Is) { FAIL(); });
    short_lived.reset();
    EXPECT_EQ(waiting.size(), 2U);
    answer_all();
}

}  // namespace
}  // namespace exota::directory
