#include "authn/dnsbl.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

namespace exota::authn {
namespace {

base::IpAddress address(std::string_view text) { return base::IpAddress::parse(text).value(); }
Dnsbl list(std::string_view text) { return Dnsbl::parse(text).value(); }
/// The octets of an A record.
std::string octets(std::string_view dotted) {
    const auto all = address(dotted).octets();
    return {all.begin() + 12, all.end()};
}

TEST(Dnsbl, grammar) {
    struct Case {
        std::string_view text;
        bool want;
    };
    const Case cases[] = {
        {"zen.example", true},
        {"Zen.Example.", true},
        {"zen.example=127.0.0.2", true},
        {"zen.example=127.0.0.[2..11]*2", true},
        {"zen.example=127.0.[0..255].[1;3;5..7]*-2", true},
        {"zen.example=[0..255].[0..255].[0..255].[0..255]", true},
        {"zen.example*3", true},
        {"zen.example*1000000", true},
        {"zen.example*-1000000", true},
        {"zen.example*1000001", false},
        {"zen.example*0", false},
        {"zen.example*", false},
        {"zen.example*2x", false},
        {"zen.example*+2", false},
        {"", false},
        {"=127.0.0.2", false},
        {"zen..example", false},
        {"192.0.2.1", false},
        {"zen.example=", false},
        {"zen.example=127.0.0", false},
        {"zen.example=127.0.0.2.", false},
        {"zen.example=127.0.0.2.3", false},
        {"zen.example=127.0.0.256", false},
        {"zen.example=127.0.0.-1", false},
        {"zen.example=127.0.0.[2..11", false},
        {"zen.example=127.0.0.[]", false},
        {"zen.example=127.0.0.[;2]", false},
        {"zen.example=127.0.0.[11..2]", false},
        {"zen.example=127.0.0.[2...4]", false},
        {"zen.example=127.0.0.[2..256]", false},
        {"zen.example=127.0.0.[2]3", false},
        {"zen.example=127.[0]0.0.2", false},
        {"zen.example=10.0.0.2", false},
    };
    for (const Case& c : cases) EXPECT_EQ(Dnsbl::parse(c.text).has_value(), c.want) << c.text;
}

TEST(Dnsbl, an_error_does_not_show_the_name) {
    for (const std::string_view text : {"secret0key1..example", "secret0key1.example=x", "secret0key1.example*x"})
        EXPECT_EQ(Dnsbl::parse(text).error().detail.find("secret"), std::string::npos) << text;
}

TEST(Dnsbl, a_name_has_room_for_any_question) {
    std::string name = "x.example";
    while (name.size() + 2 <= 253 - 64) name.insert(0, "a.");
    while (name.size() < 253 - 64) name.insert(0, "a");
    EXPECT_TRUE(Dnsbl::parse(name));
    EXPECT_EQ(list(name).question(address("2001:db8::1")).size(), 253U);
    EXPECT_EQ(Dnsbl::parse("a" + name).error().code, base::Errc::too_long);
}

TEST(Dnsbl, which_answers_list) {
    struct Case {
        std::string_view list, answer;
        bool want;
    };
    const Case cases[] = {
        {"x.example", "127.0.0.2", true},
        {"x.example", "127.255.254.255", true},
        {"x.example", "127.255.255.252", false},
        {"x.example", "127.255.255.254", false},
        {"x.example", "192.0.2.1", false},
        {"x.example=127.0.0.2", "127.0.0.2", true},
        {"x.example=127.0.0.2", "127.0.0.3", false},
        {"x.example=127.0.0.[2..11]", "127.0.0.1", false},
        {"x.example=127.0.0.[2..11]", "127.0.0.2", true},
        {"x.example=127.0.0.[2..11]", "127.0.0.11", true},
        {"x.example=127.0.0.[2..11]", "127.0.0.12", false},
        {"x.example=127.0.[5;7..8].[1]", "127.0.5.1", true},
        {"x.example=127.0.[5;7..8].[1]", "127.0.6.1", false},
        {"x.example=127.0.[5;7..8].[1]", "127.0.8.1", true},
        {"x.example=127.[0..255].[0..255].[0..255]", "127.255.255.253", false},
        {"x.example=[0..255].[0..255].[0..255].[0..255]", "192.0.2.1", false},
    };
    for (const Case& c : cases) EXPECT_EQ(list(c.list).lists(octets(c.answer)), c.want) << c.list << ' ' << c.answer;
    EXPECT_FALSE(list("x.example").lists("\x7f"));
    EXPECT_FALSE(list("x.example").lists(std::string(16, '\x7f')));
}

TEST(Dnsbl, questions) {
    EXPECT_EQ(list("bl.example").question(address("192.0.2.99")), "99.2.0.192.bl.example");
    EXPECT_EQ(list("bl.example").question(address("::ffff:192.0.2.99")), "99.2.0.192.bl.example");
    EXPECT_EQ(list("bl.example").question(address("2001:db8::567:89ab")),
              "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example");
}

TEST(Dnsbl, what_may_be_a_key_is_not_shown) {
    struct Case {
        std::string_view name, shown;
    };
    const Case cases[] = {
        {"zen.spamhaus.org", "zen.spamhaus.org"},
        {"abcdefghij0123456789abcdef.zen.dq.spamhaus.net", "zen.dq.spamhaus.net"},
        {"abcdefghijklmnopqrstuvwxyz.zen.dq.spamhaus.net", "zen.dq.spamhaus.net"},
        {"0123456789abcdef0123456789abcdef.combined.mail.abusix.zone", "combined.mail.abusix.zone"},
        {"white.0123456789abcdef.combined.mail.abusix.zone", "combined.mail.abusix.zone"},
        {"bl.spameatingmonkey.net", "bl.spameatingmonkey.net"},
        {"bl-h1.0spam.org", "bl-h1.0spam.org"},
        {"key1key1ke.bl.example.org", "bl.example.org"},
        {"key1key1k.bl.example.org", "key1key1k.bl.example.org"},
        {"abcdefghij0123456789abcdef.net", "abcdefghij0123456789abcdef.net"},
    };
    for (const Case& c : cases) EXPECT_EQ(list(c.name).shown(), c.shown) << c.name;
}

TEST(Dnsbl, text_of_a_list_is_one_safe_line_without_the_key) {
    const Dnsbl with_key = list("abcdefghij0123456789abcdef.bl.example.org");
    EXPECT_EQ(with_key.safe_text("Listed, see https://bl.example.org/?192.0.2.1 "), "Listed, see https://bl.example.org/?192.0.2.1");
    EXPECT_EQ(with_key.safe_text("your key ABCDEFGHIJ0123456789abcdef is over quota"), "");
    const Dnsbl with_two = list("abcdefghij01234.zyxwvutsrq98765.bl.example.org");
    EXPECT_EQ(with_two.safe_text("key ABCDEFGHIJ01234 is over quota"), "") << "one of its labels";
    EXPECT_EQ(with_two.safe_text("key zyxwvutsrq98765 is over quota"), "");
    EXPECT_EQ(with_two.safe_text("over quota"), "over quota");
    EXPECT_EQ(with_key.safe_text("a\r\n250 ok \xc3\xa4"), "a??250 ok ??");
    EXPECT_EQ(with_key.safe_text(std::string(max_dnsbl_text_octets, 'x')), std::string(max_dnsbl_text_octets, 'x'));
    const std::string cut = with_key.safe_text(std::string(max_dnsbl_text_octets + 1, 'x'));
    EXPECT_EQ(cut.size(), max_dnsbl_text_octets);
    EXPECT_TRUE(cut.ends_with("xxx..."));
}

/// What the lists of a test say: by name of the question, an address, "fails" or a text behind '='; whatever is not there does not exist.
using Answers = std::map<std::string, std::vector<std::string>>;

DnsAnswer answer_to(const DnsQuestion& question, const Answers& answers) {
    DnsAnswer answer{.status = DnsStatus::nxdomain};
    const auto found = answers.find(question.name);
    if (found == answers.end()) return answer;
    answer.status = DnsStatus::no_data;
    for (const std::string& value : found->second) {
        if (value == "fails" || value == "bogus") return {.status = value == "bogus" ? DnsStatus::bogus : DnsStatus::temporary_failure};
        const bool is_text = value.starts_with('=');
        if (is_text != (question.type == RecordType::txt)) continue;
        answer.status = DnsStatus::data;
        answer.records.push_back(is_text ? value.substr(1) : octets(value));
    }
    return answer;
}

/// One round answers everything that was asked.
std::size_t answer_all(Dns& dns, const Answers& answers) {
    const auto pending = dns.take_pending();
    for (const DnsQuestion& question : pending) dns.put(question, answer_to(question, answers));
    return pending.size();
}

struct Lists {
    explicit Lists(std::initializer_list<std::string_view> texts) {
        for (const std::string_view text : texts) parsed.push_back(list(text));
        for (const Dnsbl& one : parsed) asked.push_back({&one});
    }
    std::vector<Dnsbl> parsed;
    std::vector<AskedDnsbl> asked;
};

DnsblOutcome checked(const Lists& lists, int threshold, const Answers& answers) {
    Dns dns;
    DnsblOutcome outcome = check_dnsbl(address("192.0.2.1"), lists.asked, threshold, dns);
    while (answer_all(dns, answers) > 0) outcome = check_dnsbl(address("192.0.2.1"), lists.asked, threshold, dns);
    return outcome;
}

TEST(CheckDnsbl, weights_and_threshold) {
    const Lists lists{"a.example", "b.example=127.0.0.[2..4]*2", "c.example*-3"};
    struct Case {
        std::string_view name;
        Answers answers;
        int threshold, score;
        bool listed;
        std::string_view heaviest;
    };
    const Case cases[] = {
        {"nobody", {}, 1, 0, false, ""},
        {"one", {{"1.2.0.192.a.example", {"127.0.0.2"}}}, 1, 1, true, "a.example"},
        {"below_the_threshold", {{"1.2.0.192.a.example", {"127.0.0.2"}}}, 2, 1, false, "a.example"},
        {"two", {{"1.2.0.192.a.example", {"127.0.0.2"}}, {"1.2.0.192.b.example", {"127.0.0.3"}}}, 3, 3, true, "b.example"},
        {"outside_of_the_filter", {{"1.2.0.192.b.example", {"127.0.0.5"}}}, 1, 0, false, ""},
        {"one_answer_of_several", {{"1.2.0.192.b.example", {"127.0.0.5", "127.0.0.4"}}}, 1, 2, true, "b.example"},
        {"an_error_beside_a_listing", {{"1.2.0.192.a.example", {"127.0.0.2", "127.255.255.254"}}}, 1, 0, false, ""},
        {"let_in", {{"1.2.0.192.b.example", {"127.0.0.3"}}, {"1.2.0.192.c.example", {"127.0.10.1"}}}, 1, -1, false, "b.example"},
        {"error", {{"1.2.0.192.a.example", {"127.255.255.254"}}}, 1, 0, false, ""},
        {"wildcard_of_a_parking_site", {{"1.2.0.192.a.example", {"192.0.2.80"}}}, 1, 0, false, ""},
        {"silence", {{"1.2.0.192.a.example", {"fails"}}, {"1.2.0.192.b.example", {"bogus"}}}, 1, 0, false, ""},
        {"silence_of_the_one_that_lets_in",
         {{"1.2.0.192.a.example", {"127.0.0.2"}}, {"1.2.0.192.c.example", {"fails"}}},
         1,
         1,
         false,
         "a.example"},
    };
    for (const Case& c : cases) {
        const DnsblOutcome outcome = checked(lists, c.threshold, c.answers);
        EXPECT_FALSE(outcome.pending) << c.name;
        EXPECT_EQ(outcome.score, c.score) << c.name;
        EXPECT_EQ(outcome.listed, c.listed) << c.name;
        EXPECT_EQ(outcome.heaviest ? outcome.heaviest->shown() : "", c.heaviest) << c.name;
    }
}

TEST(CheckDnsbl, says_what_each_list_said) {
    const Lists lists{"a.example", "b.example", "c.example", "d.example"};
    const DnsblOutcome outcome =
        checked(lists, 5,
                {{"1.2.0.192.a.example", {"127.0.0.2"}}, {"1.2.0.192.b.example", {"127.255.255.252"}}, {"1.2.0.192.c.example", {"fails"}}});
    EXPECT_EQ(outcome.says, (std::vector{DnsblSays::listed, DnsblSays::error, DnsblSays::no_answer, DnsblSays::not_listed}));
}

TEST(CheckDnsbl, reads_the_text_of_the_heaviest) {
    const Lists lists{"a.example", "b.example*2"};
    const DnsblOutcome outcome =
        checked(lists, 3, {{"1.2.0.192.a.example", {"127.0.0.2", "=of a"}}, {"1.2.0.192.b.example", {"127.0.0.2", "=of b"}}});
    EXPECT_TRUE(outcome.listed);
    EXPECT_EQ(outcome.text, "of b");
    EXPECT_EQ(checked(lists, 1, {{"1.2.0.192.a.example", {"127.0.0.2"}}}).text, "");
}

TEST(CheckDnsbl, asks_a_name_once_for_all_its_filters) {
    const Lists lists{"a.example=127.0.0.2", "a.example=127.0.0.[3..4]*2", "a.example=127.0.0.5*-1"};
    Dns dns;
    EXPECT_TRUE(check_dnsbl(address("192.0.2.1"), lists.asked, 3, dns).pending);
    EXPECT_EQ(answer_all(dns, {{"1.2.0.192.a.example", {"127.0.0.2", "127.0.0.4"}}}), 1U);
    EXPECT_EQ(check_dnsbl(address("192.0.2.1"), lists.asked, 3, dns).score, 3);
}

TEST(CheckDnsbl, waits_only_while_it_matters) {
    const Lists lists{"a.example*2", "b.example*2", "c.example*-1"};
    const auto with = [&](int threshold, std::initializer_list<std::pair<std::string_view, std::string_view>> answered) {
        Dns dns;
        for (const auto& [zone, answer] : answered)
            dns.put({"1.2.0.192." + std::string(zone), RecordType::a},
                    answer.empty() ? DnsAnswer{.status = DnsStatus::nxdomain}
                                   : DnsAnswer{.status = DnsStatus::data, .records = {octets(answer)}});
        dns.put({"1.2.0.192.a.example", RecordType::txt}, {.status = DnsStatus::no_data});
        return check_dnsbl(address("192.0.2.1"), lists.asked, threshold, dns);
    };
    EXPECT_TRUE(with(2, {{"a.example", "127.0.0.2"}}).pending) << "c could still let it in";
    EXPECT_TRUE(with(1, {{"a.example", "127.0.0.2"}}).listed) << "nothing that c says lets it in";
    EXPECT_FALSE(with(1, {{"a.example", "127.0.0.2"}}).pending);
    EXPECT_FALSE(with(3, {{"a.example", ""}}).pending) << "b alone does not reach it";
    EXPECT_FALSE(with(3, {{"a.example", ""}}).listed);
    EXPECT_TRUE(with(2, {{"a.example", ""}}).pending);
}

TEST(CheckDnsbl, when_time_is_up_what_did_not_answer_weighs_nothing) {
    const Lists lists{"a.example", "b.example*-5"};
    Dns dns;
    dns.put({"1.2.0.192.a.example", RecordType::a}, {.status = DnsStatus::data, .records = {octets("127.0.0.2")}});
    const DnsblOutcome outcome = check_dnsbl(address("192.0.2.1"), lists.asked, 1, dns, true);
    EXPECT_FALSE(outcome.pending);
    EXPECT_FALSE(outcome.listed) << "b might have let it in";
    EXPECT_EQ(outcome.says[1], DnsblSays::no_answer);
    const Lists without{"a.example", "b.example*5"};
    const DnsblOutcome listed = check_dnsbl(address("192.0.2.1"), without.asked, 1, dns, true);
    EXPECT_TRUE(listed.listed);
    EXPECT_EQ(listed.text, "");
}

TEST(CheckDnsbl, nobody_is_refused_for_want_of_a_word_that_lets_in) {
    for (const std::string_view fate : {"fails", "127.255.255.254", "out of use"}) {
        for (const auto& [weight, listed] : {std::pair("a.example*2", false), std::pair("a.example*3", true)}) {
            Lists lists{weight, "b.example*-2"};
            Answers answers{{"1.2.0.192.a.example", {"127.0.0.2"}}};
            if (fate == "out of use")
                lists.asked[1].in_use = false;
            else
                answers["1.2.0.192.b.example"] = {std::string(fate)};
            const DnsblOutcome outcome = checked(lists, 1, answers);
            EXPECT_FALSE(outcome.pending) << fate;
            EXPECT_EQ(outcome.listed, listed) << fate << ' ' << weight;
        }
    }
}

TEST(CheckDnsbl, passes_over_what_failed_its_test) {
    Lists lists{"a.example", "b.example"};
    lists.asked[0].in_use = false;
    Dns dns;
    EXPECT_TRUE(check_dnsbl(address("192.0.2.1"), lists.asked, 1, dns).pending);
    const auto pending = dns.take_pending();
    ASSERT_EQ(pending.size(), 1U);
    EXPECT_EQ(pending[0].name, "1.2.0.192.b.example");
}

TEST(TestDnsbl, both_addresses_of_the_rfc) {
    struct Case {
        std::string_view name;
        Answers answers;
        DnsblWorks ipv4, ipv6;
    };
    const std::string v6 = ".0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.x.example";
    const std::string listed = "2.0.0.127.x.example", never = "1.0.0.127.x.example", listed6 = "2.0" + v6.substr(2),
                      never6 = "1.0" + v6.substr(2);
    const Case cases[] = {
        {"works", {{listed, {"127.0.0.2"}}, {listed6, {"127.0.0.2"}}}, DnsblWorks::yes, DnsblWorks::yes},
        {"of_ipv4_only", {{listed, {"127.0.0.4"}}}, DnsblWorks::yes, DnsblWorks::lists_nobody},
        {"gone", {}, DnsblWorks::lists_nobody, DnsblWorks::lists_nobody},
        {"lists_the_world", {{listed, {"127.0.0.2"}}, {never, {"127.0.0.2"}}}, DnsblWorks::lists_all, DnsblWorks::lists_nobody},
        {"parked", {{listed, {"192.0.2.80"}}, {never, {"192.0.2.80"}}}, DnsblWorks::lists_nobody, DnsblWorks::lists_nobody},
        {"error", {{listed, {"127.255.255.254"}}, {never, {"127.255.255.254"}}}, DnsblWorks::no_answer, DnsblWorks::lists_nobody},
        {"silent", {{listed, {"fails"}}, {never, {"fails"}}}, DnsblWorks::no_answer, DnsblWorks::lists_nobody},
        {"half_silent", {{listed, {"127.0.0.2"}}, {never, {"fails"}}}, DnsblWorks::no_answer, DnsblWorks::lists_nobody},
        {"lists_the_world_6", {{never6, {"127.0.0.2"}}}, DnsblWorks::lists_nobody, DnsblWorks::lists_all},
    };
    for (const Case& c : cases)
        for (const bool of_ipv4 : {true, false}) {
            Dns dns;
            EXPECT_EQ(test_dnsbl(list("x.example=127.0.0.99"), of_ipv4, dns), DnsblWorks::pending) << c.name;
            EXPECT_EQ(answer_all(dns, c.answers), 2U) << c.name;
            EXPECT_EQ(test_dnsbl(list("x.example=127.0.0.99"), of_ipv4, dns), of_ipv4 ? c.ipv4 : c.ipv6) << c.name << ' ' << of_ipv4;
        }
}

}  // namespace
}  // namespace exota::authn
