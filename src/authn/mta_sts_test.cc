#include "authn/mta_sts.h"

#include <gtest/gtest.h>

namespace exota::authn {
namespace {

using namespace std::chrono_literals;
using Mode = MtaStsPolicy::Mode;

std::string id(const std::vector<std::string>& records) { return std::string(mta_sts_id(records).value_or("-")); }

TEST(MtaSts, the_record) {
    struct Case {
        std::vector<std::string> records;
        std::string id;
    };
    const Case cases[] = {
        {{"v=STSv1; id=20160831085700Z;"}, "20160831085700Z"},
        {{"v=STSv1;id=1"}, "1"},
        {{"v=STSv1 ; \t id=1 ; "}, "1"},
        {{"v=STSv1; x-y_z.1=!<~; id=1"}, "1"},
        {{"v=STSv1; id=1; id=2"}, "1"},
        {{"v=spf1 -all", "v=STSv1; id=1", "text"}, "1"},
        {{"v=STSv1; id=" + std::string(32, '7')}, std::string(32, '7')},
        {{"v=STSv1; id=" + std::string(33, '7')}, "-"},
        {{"v=STSv1; id=1", "v=STSv1; id=1"}, "-"},
        {{"v=STSv1; id=1", "v=STSv1; broken"}, "-"},
        {{"v=STSv1"}, "-"},
        {{"v=STSv1;"}, "-"},
        {{"v=STSv12; id=1"}, "-"},
        {{"v=stsv1; id=1"}, "-"},
        {{" v=STSv1; id=1"}, "-"},
        {{"id=1; v=STSv1"}, "-"},
        {{"v=STSv1; id="}, "-"},
        {{"v=STSv1; id=a-b"}, "-"},
        {{"v=STSv1; id=1; x"}, "-"},
        {{"v=STSv1; id=1; =x"}, "-"},
        {{"v=STSv1; id=1; -x=y"}, "-"},
        {{"v=STSv1; id=1; x=y z"}, "-"},
        {{"v=STSv1;; id=1"}, "-"},
        {{}, "-"},
    };
    for (const Case& c : cases) EXPECT_EQ(id(c.records), c.id) << (c.records.empty() ? "none" : c.records.front());
}

std::string with(std::string_view line, std::string_view mode = "enforce") {
    return "version: STSv1\nmode: " + std::string(mode) + "\nmax_age: 86400\nmx: mail.example.com\n" + std::string(line);
}

TEST(MtaSts, a_policy_with_any_line_ends_and_blanks) {
    const MtaStsPolicy wanted{Mode::enforce, 604800s, {"mail.example.com", "*.example.net", "backupmx.example.com"}};
    for (const std::string_view end : {"\n", "\r\n", " \t\r\n", "\n\n"}) {
        std::string text;
        for (const std::string_view line : {"version: STSv1", "mode:enforce", "mx : mail.example.com", "mx:\t*.Example.NET",
                                            "mx: backupmx.example.com", "max_age: 604800", "x-unknown: anything: at all"})
            text.append(line).append(end);
        const auto policy = MtaStsPolicy::parse(text);
        ASSERT_TRUE(policy) << policy.error().detail;
        EXPECT_EQ(*policy, wanted);
        EXPECT_EQ(MtaStsPolicy::parse(policy->text()), *policy);
    }
    EXPECT_EQ(MtaStsPolicy::parse("max_age: 0\nmode: none\nversion: STSv1"), (MtaStsPolicy{Mode::none, 0s, {}}));
}

TEST(MtaSts, what_is_no_policy) {
    struct Case {
        std::string text, error;
    };
    const Case cases[] = {
        {"", "no version"},
        {"mode: none\nmax_age: 1", "no version"},
        {"version: STSv1\nmax_age: 1\nmx: a.test", "no mode"},
        {"version: STSv1\nmode: enforce\nmx: a.test", "no max_age"},
        {"version: STSv1\nmode: enforce\nmax_age: 1", "no mx"},
        {"version: STSv1\nmode: testing\nmax_age: 1", "no mx"},
        {"version: STSv2\nmode: none\nmax_age: 1", "another version than STSv1"},
        {"version: STSv1\nmode: Enforce\nmax_age: 1\nmx: a.test", "a mode other than enforce, testing, none"},
        {"version: STSv1\nmode: none\nmax_age: -1", "a max_age that is no number of seconds"},
        {"version: STSv1\nmode: none\nmax_age:", "a max_age that is no number of seconds"},
        {"version: STSv1\nmode: none\nmax_age: 1s", "a max_age that is no number of seconds"},
        {"version: STSv1\nmode: none\nmax_age: 00000000001", "a max_age that is no number of seconds"},
        {with("mx: *"), "an mx that is no host name"},
        {with("mx: *.*.example.com"), "an mx that is no host name"},
        {with("mx: a.*.example.com"), "an mx that is no host name"},
        {with("mx: a*.example.com"), "an mx that is no host name"},
        {with("mx: .example.com"), "an mx that is no host name"},
        {with("mx: example.com."), "an mx that is no host name"},
        {with("mx: m\xc3\xbcller.example"), "an mx that is no host name"},
        {with("mx: [192.0.2.1]"), "an mx that is no host name"},
        {with("mx:"), "an mx that is no host name"},
        {with("no field"), "a line that is no field"},
        {with(": x"), "a line that is no field"},
        {with("a b: x"), "a line that is no field"},
        {with(std::string(33, 'x') + ": y"), "a line that is no field"},
        {with("<html>"), "a line that is no field"},
        {with("x: a\rb"), "a control in a field"},
        {with(std::string("x: \0", 4)), "a control in a field"},
    };
    for (const Case& c : cases) {
        const auto policy = MtaStsPolicy::parse(c.text);
        ASSERT_FALSE(policy) << c.text;
        EXPECT_EQ(policy.error().detail, c.error) << c.text;
    }
}

TEST(MtaSts, of_a_field_that_comes_twice_the_first_counts) {
    EXPECT_EQ(MtaStsPolicy::parse(with("mode: none\nmax_age: x\nversion: STSv9")), MtaStsPolicy::parse(with("")));
}

TEST(MtaSts, limits_of_a_policy) {
    EXPECT_EQ(MtaStsPolicy::parse("version: STSv1\nmode: none\nmax_age: 31557600")->max_age, max_mta_sts_age);
    EXPECT_EQ(MtaStsPolicy::parse("version: STSv1\nmode: none\nmax_age: 9999999999")->max_age, max_mta_sts_age);

    std::string text = with("", "testing");
    for (std::size_t i = 1; i < max_mta_sts_patterns; ++i) text += "mx: a.test\n";
    ASSERT_TRUE(MtaStsPolicy::parse(text));
    EXPECT_EQ(MtaStsPolicy::parse(text)->mx.size(), max_mta_sts_patterns);
    EXPECT_EQ(MtaStsPolicy::parse(text + "mx: a.test\n").error().code, base::Errc::too_long);

    std::string padded = with("x: ");
    padded.resize(max_mta_sts_policy_octets, 'y');
    EXPECT_TRUE(MtaStsPolicy::parse(padded));
    EXPECT_EQ(MtaStsPolicy::parse(padded + "y").error().code, base::Errc::too_long);
}

TEST(MtaSts, which_hosts_a_pattern_names) {
    const MtaStsPolicy policy{Mode::enforce, 1s, {"mail.example.com", "*.example.net"}};
    for (const std::string_view host : {"mail.example.com", "MAIL.Example.Com", "a.example.net", "B.EXAMPLE.NET"})
        EXPECT_TRUE(policy.names_mx(host)) << host;
    for (const std::string_view host : {"example.com", "a.mail.example.com", "mail.example.comm", "example.net", ".example.net",
                                        "a.b.example.net", "xexample.net", "", "net", "*.example.com"})
        EXPECT_FALSE(policy.names_mx(host)) << host;
}

const MtaStsEntry entry{"example.com", "2026a", std::chrono::sys_seconds(1'800'000'000s), {Mode::enforce, 3600s, {"*.example.com"}}};

TEST(MtaSts, an_entry_is_in_force_until_it_expires) {
    EXPECT_TRUE(entry.is_in_force(entry.fetched));
    EXPECT_TRUE(entry.is_in_force(entry.fetched + 3599s));
    EXPECT_FALSE(entry.is_in_force(entry.fetched + 3600s));
}

TEST(MtaSts, an_entry_reads_back_whole_or_not_at_all) {
    const std::string text = entry.text();
    EXPECT_EQ(text,
              "exota-mta-sts 1\ndomain example.com\nid 2026a\nfetched 1800000000\n"
              "version: STSv1\nmode: enforce\nmax_age: 3600\nmx: *.example.com\nend\n");
    EXPECT_EQ(MtaStsEntry::parse(text), entry);
    for (std::size_t octets = 0; octets < text.size(); ++octets) EXPECT_FALSE(MtaStsEntry::parse(text.substr(0, octets))) << octets;
    for (const auto& [from, to] : {std::pair{"mta-sts 1", "mta-sts 2"}, std::pair{"mta-sts 1", "mta-sts 12"},
                                   std::pair{"domain e", "domain E"}, std::pair{"id 2026a", "id "}, std::pair{"fetched 1", "fetched -1"},
                                   std::pair{"1800000000", "9223372036854775807"}, std::pair{"mode: enforce", "mode: x"}}) {
        std::string broken = text;
        broken.replace(broken.find(from), std::string_view(from).size(), to);
        EXPECT_FALSE(MtaStsEntry::parse(broken)) << to;
    }
}

}  // namespace
}  // namespace exota::authn
