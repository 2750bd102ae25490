#include "tenant/candidates.h"

#include <gtest/gtest.h>

#include "mail/domain.h"

namespace exota::tenant {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

mail::TenantId id(unsigned number) {
    std::string digits = std::to_string(number);
    return mail::TenantId::parse("00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits).value();
}

constexpr sys_seconds monday{seconds(1'764'000'000)};

Sighting seen(std::string_view domain, std::optional<mail::TenantId> tenant_id, std::string_view organizational_domain = {}) {
    return {.author_domain = std::string(domain),
            .organizational_domain = std::string(organizational_domain.empty() ? domain : organizational_domain),
            .tenant_id = tenant_id,
            .organizations = {std::string(domain)},
            .sdids = {std::string(domain)}};
}

void note(Candidates& candidates, const Sighting& sighting, int times = 1, sys_seconds first = monday) {
    for (int i = 0; i < times; ++i) candidates.note(sighting, first + seconds(i));
}

TEST(Candidates, what_messages_named_is_counted) {
    Candidates candidates;
    const auto first = candidates.note(seen("contoso.test", id(1)), monday);
    EXPECT_TRUE(first.is_new);
    EXPECT_FALSE(first.conflicts_now);
    Sighting second = seen("contoso.test", id(1));
    second.organizations = {"contoso.onmicrosoft.com"};
    EXPECT_FALSE(candidates.note(second, monday + seconds(10)).is_new);
    candidates.note(seen("contoso.test", std::nullopt), monday - seconds(10));  // the clock was set back

    const Candidate& found = *candidates.find("contoso.test");
    EXPECT_EQ(found.messages, 3U);
    EXPECT_EQ(found.first_seen, monday);
    EXPECT_EQ(found.last_seen, monday + seconds(10));
    EXPECT_EQ(found.tenant_ids.names, (std::vector<SeenNames::Name>{{id(1).text(), 2}}));
    EXPECT_EQ(found.organizations.names, (std::vector<SeenNames::Name>{{"contoso.test", 2}, {"contoso.onmicrosoft.com", 1}}));
    EXPECT_EQ(found.sdids.names, (std::vector<SeenNames::Name>{{"contoso.test", 3}}));
    EXPECT_FALSE(found.is_conflicting()) << "a message that names no id competes with none";
}

TEST(Candidates, ids_that_compete_conflict_once_and_for_all) {
    Candidates candidates;
    note(candidates, seen("contoso.test", id(1)), 100);
    EXPECT_TRUE(candidates.note(seen("contoso.test", id(2)), monday).conflicts_now);
    EXPECT_FALSE(candidates.note(seen("contoso.test", id(3)), monday).conflicts_now) << "it does already";
    note(candidates, seen("contoso.test", id(1)), 100);
    const Candidate& found = *candidates.find("contoso.test");
    EXPECT_TRUE(found.is_conflicting()) << "however often the one is seen";
    EXPECT_EQ(found.usual_tenant_id(), id(1).text());
    EXPECT_EQ(candidates.conflicting(), 1U);
}

TEST(Candidates, a_flood_of_ids_does_not_push_the_first_out) {
    Candidates candidates;
    for (unsigned i = 1; i <= max_names_of_candidate; ++i) note(candidates, seen("contoso.test", id(i)));
    EXPECT_EQ(candidates.find("contoso.test")->tenant_ids.names.size(), max_names_of_candidate);
    EXPECT_FALSE(candidates.find("contoso.test")->tenant_ids.more);
    note(candidates, seen("contoso.test", id(1000)));
    const SeenNames& ids = candidates.find("contoso.test")->tenant_ids;
    EXPECT_EQ(ids.names.size(), max_names_of_candidate);
    EXPECT_EQ(ids.names.front().text, id(1).text());
    EXPECT_TRUE(ids.more);
}

TEST(Candidates, one_owner_has_so_many_with_one_tenant_id) {
    Candidates candidates({.most = 100, .of_one_group = 3});
    note(candidates, seen("contoso.test", id(1), "contoso.test"), 5);
    for (int i = 0; i < 2; ++i) note(candidates, seen("a" + std::to_string(i) + ".contoso.test", id(1), "contoso.test"), 2 + i);
    EXPECT_EQ(candidates.size(), 3U);
    const auto fourth = candidates.note(seen("a2.contoso.test", id(1), "contoso.test"), monday);
    EXPECT_EQ(fourth.displaced, "a0.contoso.test") << "the one seen least";
    EXPECT_EQ(candidates.size(), 3U);
    EXPECT_FALSE(candidates.note(seen("b.contoso.test", id(2), "contoso.test"), monday).displaced) << "of another tenant id";
    EXPECT_FALSE(candidates.note(seen("fabrikam.test", id(1)), monday).displaced) << "of another owner";
    EXPECT_EQ(candidates.size(), 5U);
}

TEST(Candidates, a_flood_of_domains_displaces_itself) {
    Candidates candidates({.most = 10, .of_one_group = 20});
    for (unsigned i = 0; i < 5; ++i) note(candidates, seen("honest" + std::to_string(i) + ".test", id(i)));
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(candidates.note(seen("forged" + std::to_string(i) + ".test", id(66)), monday).displaced);
    EXPECT_EQ(candidates.size(), 10U);
    // Seen more often than those who are honest, and yet.
    for (int i = 5; i < 500; ++i) note(candidates, seen("forged" + std::to_string(i) + ".test", id(66)), 3, monday + seconds(i));
    EXPECT_EQ(candidates.size(), 10U);
    for (unsigned i = 0; i < 5; ++i) EXPECT_NE(candidates.find("honest" + std::to_string(i) + ".test"), nullptr);
    // Without an id, room is by owner.
    for (int i = 0; i < 50; ++i) note(candidates, seen("x" + std::to_string(i) + ".forged.test", std::nullopt, "forged.test"), 3);
    for (unsigned i = 0; i < 5; ++i) EXPECT_NE(candidates.find("honest" + std::to_string(i) + ".test"), nullptr);
}

TEST(Candidates, among_equals_the_least_seen_leaves_and_of_these_the_oldest) {
    Candidates candidates({.most = 3, .of_one_group = 20});
    note(candidates, seen("often.test", id(1)), 2);
    note(candidates, seen("old.test", id(2)), 1, monday);
    note(candidates, seen("new.test", id(3)), 1, monday + seconds(5));
    EXPECT_EQ(candidates.note(seen("newer.test", id(4)), monday + seconds(6)).displaced, "old.test");
    EXPECT_EQ(candidates.size(), 3U);
    EXPECT_EQ(candidates.by_messages().front()->domain, "often.test");
}

Candidates full() {
    Candidates candidates;
    note(candidates, seen("contoso.test", id(1)), 3);
    note(candidates, seen("www.contoso.test", std::nullopt, "contoso.test"));
    for (unsigned i = 0; i <= max_names_of_candidate; ++i) note(candidates, seen("many.test", id(i)));
    Sighting without = seen("without.test", std::nullopt);
    without.organizations.clear();
    note(candidates, without);
    return candidates;
}

TEST(Candidates, text_reads_back) {
    const Candidates candidates = full();
    const std::string text = candidates.text();
    EXPECT_NE(text.find("contoso.test contoso.test 1764000000 1764000002 3 " + id(1).text() + "=3 contoso.test=3 contoso.test=3\n"),
              std::string::npos)
        << text;
    const auto read = Candidates::read(text);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(*read, candidates);
    EXPECT_EQ(read->text(), text);
    EXPECT_EQ(Candidates::read(Candidates().text()).value().size(), 0U);
}

TEST(Candidates, what_is_cut_or_altered_is_refused) {
    const std::string text = full().text();
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(Candidates::read(text.substr(0, size))) << size;
    const auto why = [](std::string_view of) {
        const auto read = Candidates::read(of);
        return read ? "read" : read.error().detail;
    };
    EXPECT_EQ(why(""), "is no list of candidates");
    EXPECT_EQ(why("exota candidates 2\nend 0\n"), "is of another version of this program");
    EXPECT_EQ(why("exota candidates 1\n"), "is cut short");
    EXPECT_EQ(why("exota candidates 1\nend 1\n"), "line 2: is no candidate as this program writes it");
    const std::string good = "a.test a.test 1 2 3 - - a.test=3";
    const auto with = [&](const std::string& line) { return why("exota candidates 1\n" + line + "\nend 1\n"); };
    ASSERT_EQ(with(good), "read");
    EXPECT_EQ(why("exota candidates 1\n" + good + "\n" + good + "\nend 2\n"), "line 3: is there twice");
    EXPECT_EQ(why("exota candidates 1\n" + good + "\nend 1\nend 1\n"), "line 3: is no candidate as this program writes it");
    EXPECT_EQ(why("exota candidates 1\nb.test b.test 1 2 3 - - b.test=3\n" + good + "\nend 2\n"), "is not as this program writes it");
    for (const char* bad : {
             "A.test a.test 1 2 3 - - a.test=3",   // not canonical
             "a.test b.test 1 2 3 - - a.test=3",   // of another owner
             "xa.test a.test 1 2 3 - - a.test=3",  // likewise
             "a.test a.test 2 1 3 - - a.test=3",   // last before first
             "a.test a.test -1 2 3 - - a.test=3",  // before there was time
             "a.test a.test 1 2 0 - - a.test=3",   // never seen
             "a.test a.test 01 2 3 - - a.test=3",  // not as we write it
             "a.test a.test 1 2 99999999999999999999 - - a.test=3",
             "a.test a.test 1 2 3 x=1 - a.test=3",  // no id
             "a.test a.test 1 2 3 - - a.test=0",
             "a.test a.test 1 2 3 - - a.test",
             "a.test a.test 1 2 3 - - a.test=1,a.test=2",  // twice
             "a.test a.test 1 2 3 - - a.test=3,",
             "a.test a.test 1 2 3 - - a.test=3,+",  // more than one
             "a.test a.test 1 2 3 - - ,+",
             "a.test a.test 1 2 3 - - a.test=3 more",
             "a.test a.test 1 2 3 - -",
             "",
         })
        EXPECT_NE(with(bad), "read") << bad;
}

TEST(Candidates, other_limits_keep_whom_the_old_ones_would_have_kept) {
    Candidates wide;
    for (int i = 0; i < 10; ++i) note(wide, seen("forged" + std::to_string(i) + ".test", id(66)), 10 + i);
    note(wide, seen("honest.test", id(1)));
    note(wide, seen("other.test", id(2)));
    EXPECT_EQ(Candidates::read(wide.text(), {.most = 12}).value().size(), 12U);
    const Candidates narrow = Candidates::read(wide.text(), {.most = 3}).value();
    EXPECT_EQ(narrow.size(), 3U);
    EXPECT_NE(narrow.find("honest.test"), nullptr);
    EXPECT_NE(narrow.find("other.test"), nullptr);
    EXPECT_NE(narrow.find("forged9.test"), nullptr) << "the most seen of its id";
}

TEST(Candidates, no_more_are_read_than_can_be) {
    std::string text = "exota candidates 1\n";
    for (std::size_t i = 0; i < most_candidates_read; ++i) {
        const std::string number = std::to_string(100'000 + i);
        text += "d" + number + ".test d" + number + ".test 1 2 3 - - -\n";
    }
    const std::string end = "end " + std::to_string(most_candidates_read) + '\n';
    const auto all = Candidates::read(text + end, {.most = most_candidates_read});
    ASSERT_TRUE(all) << all.error().detail;
    EXPECT_EQ(all->size(), most_candidates_read);
    const auto one_more = Candidates::read(text + "e.test e.test 1 2 3 - - -\nend 50001\n");
    ASSERT_FALSE(one_more);
    EXPECT_EQ(one_more.error().detail, "has more than 50000 candidates");
}

TEST(Candidates, those_who_are_tenants_by_now_go) {
    Candidates candidates = full();
    EXPECT_EQ(candidates.remove_if([](const Candidate& one) { return one.domain.ends_with("contoso.test"); }), 2U);
    EXPECT_EQ(candidates.find("contoso.test"), nullptr);
    EXPECT_NE(candidates.find("many.test"), nullptr);
}

}  // namespace
}  // namespace exota::tenant
