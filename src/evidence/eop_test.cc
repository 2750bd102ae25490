// EOP's fields, read: every word and family, the forms that are seen, and the forms that mean nothing.
#include "evidence/eop.h"

#include <gtest/gtest.h>

#include <string>

#include "evidence/collector.h"

namespace exota::evidence {
namespace {

Eop eop_of(std::string_view results, std::string_view report = {}) {
    Eop eop;
    auto parsed = parse_eop_results(results);
    if (parsed)
        eop.results = *std::move(parsed);
    else
        eop.unreadable = parsed.error().detail;
    if (auto pairs = parse_antispam_report(report)) eop.report = *std::move(pairs);
    return eop;
}

/// "spf/dkim/dmarc/action/from/compauth/reason/sender", an '-' for what is not said.
std::string read(std::string_view results) {
    const Eop eop = eop_of(results);
    if (!eop.unreadable.empty()) return "unreadable: " + eop.unreadable;
    const EopReading reading = reading_of(eop);
    std::string out;
    const auto add = [&out](std::string_view part) { out.append(out.empty() ? "" : "/").append(part.empty() ? "-" : part); };
    for (const std::string_view part : {reading.spf, reading.dkim, reading.dmarc, reading.action}) add(part);
    add(reading.header_from ? reading.header_from->text() : std::string());
    for (const std::string_view part : {reading.compauth, reading.reason}) add(part);
    add(reading.sender_ip ? reading.sender_ip->text() : std::string());
    return out;
}

TEST(Eop, fields_as_they_are_seen) {
    struct Case {
        std::string_view field, want;
    };
    const Case cases[] = {
        // All that Microsoft's pages name, one after the other.
        {"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=pass (signature was verified) header.d=a.example;"
         "dmarc=pass action=none header.from=a.example;compauth=pass reason=100",
         "pass/pass/pass/none/a.example/pass/100/192.0.2.1"},
        {"spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=fail (body hash did not verify) header.d=a.example;"
         "dmarc=fail action=oreject header.from=a.example;compauth=fail reason=000",
         "fail/fail/fail/oreject/a.example/fail/000/192.0.2.1"},
        {"spf=softfail (sender IP is 2001:db8::1) smtp.mailfrom=a.example; dkim=none (message not signed) header.d=none;"
         "dmarc=bestguesspass action=none header.from=a.example;compauth=softpass reason=201",
         "softfail/none/bestguesspass/none/a.example/softpass/201/2001:db8::1"},
        {"spf=neutral (sender IP is 192.0.2.1) smtp.mailfrom=a.example;dmarc=none action=none header.from=a.example;"
         "compauth=none reason=300",
         "neutral/-/none/none/a.example/none/300/192.0.2.1"},
        {"spf=none (sender IP is 192.0.2.1) smtp.helo=mx.a.example;dmarc=permerror action=permerror header.from=a.example;"
         "compauth=fail reason=001",
         "none/-/permerror/permerror/a.example/fail/001/192.0.2.1"},
        {"spf=temperror (sender IP is 192.0.2.1) smtp.mailfrom=a.example;dmarc=temperror action=temperror header.from=a.example;"
         "compauth=fail reason=002",
         "temperror/-/temperror/temperror/a.example/fail/002/192.0.2.1"},
        {"spf=permerror (sender IP is 192.0.2.1) smtp.mailfrom=a.example;dmarc=fail action=quarantine header.from=a.example;"
         "compauth=fail reason=010",
         "permerror/-/fail/quarantine/a.example/fail/010/192.0.2.1"},
        {"dmarc=fail action=pct.quarantine header.from=a.example;compauth=none reason=451", "-/-/fail/pct.quarantine/a.example/none/451/-"},
        {"dmarc=fail action=pct.reject header.from=a.example;compauth=none reason=905", "-/-/fail/pct.reject/a.example/none/905/-"},
        {"dmarc=fail action=none header.from=a.example;compauth=pass reason=130", "-/-/fail/none/a.example/pass/130/-"},
        {"dmarc=fail action=none header.from=a.example;compauth=fail reason=601", "-/-/fail/none/a.example/fail/601/-"},
        {"compauth=pass reason=703", "-/-/-/-/-/pass/703/-"},
        {"compauth=fail", "-/-/-/-/-/fail/-/-"},
        // Missing blanks, more blanks, folds.
        {"spf=pass(sender IP is 192.0.2.1)smtp.mailfrom=a.example;dkim=none(message not signed)header.d=none;compauth=pass reason=116",
         "pass/none/-/-/-/pass/116/192.0.2.1"},
        {"\r\n\tspf=pass\r\n (sender\r\n IP is 192.0.2.1)\r\n\tsmtp.mailfrom=a.example\t;\r\n compauth=pass\r\n\treason=111 ",
         "pass/-/-/-/-/pass/111/192.0.2.1"},
        {"  spf=pass (sender IP is 192.0.2.1)  smtp.mailfrom=a.example ;  ", "pass/-/-/-/-/-/-/192.0.2.1"},
        // Bare domains between.
        {"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; b.example; dkim=none; b.example; dmarc=none action=none "
         "header.from=A.Example.; b.example",
         "pass/none/none/none/a.example/-/-/192.0.2.1"},
        {"spf=pass; B-1.example (of the tenant) ;compauth=pass reason=109", "pass/-/-/-/-/pass/109/-"},
        // Letter case.
        {"SPF=Pass (Sender IP is 192.0.2.1); DMARC=FAIL Action=oreject Header.From=a.example",
         "pass/-/fail/oreject/a.example/-/-/192.0.2.1"},
        // Signatures: several of one result; a name server that did not answer.
        {"dkim=pass (signature was verified) header.d=a.example;dkim=pass (signature was verified) header.d=b.example",
         "-/pass/-/-/-/-/-/-"},
        {"dkim=timeout (key query timeout) header.d=a.example", "-/timeout/-/-/-/-/-/-"},
        // The same twice is once.
        {"dmarc=pass header.from=a.example;dmarc=pass header.from=a.example", "-/-/pass/-/a.example/-/-/-"},
        // What nobody knows stands beside.
        {"arc=whatever (i=1) x.y=z;dmarc=pass header.from=a.example policy.dmarc=none", "-/-/pass/-/a.example/-/-/-"},
        // Nothing, and nearly nothing.
        {"dmarc=none", "-/-/none/-/-/-/-/-"},
        {";;dmarc=none;;", "-/-/none/-/-/-/-/-"},
        {"spf=none (sender IP is ) smtp.mailfrom=", "none/-/-/-/-/-/-/-"},
        {"spf=none (sender IP is nobody)", "none/-/-/-/-/-/-/-"},
        {"dmarc=fail header.from=none", "-/-/fail/-/none/-/-/-"},
        {"dmarc=fail header.from=\"a.example\" x=\"a \\\" b\"", "-/-/fail/-/a.example/-/-/-"},
        {"spf=pass smtp.mailfrom=prvs=0123=j\xC3\xB6rg@a.example", "pass/-/-/-/-/-/-/-"},
    };
    for (const Case& c : cases) EXPECT_EQ(read(c.field), c.want) << c.field;
}

TEST(Eop, forms_that_mean_nothing) {
    struct Case {
        std::string_view field, why;
    };
    const Case cases[] = {
        {"mx.example; dmarc=pass header.from=a.example", "has an authserv-id, or begins with no result"},
        {"mx.example 1; dmarc=pass", "has an authserv-id, or begins with no result"},
        {"\"mx.example\"; dmarc=pass", "has an authserv-id, or begins with no result"},
        {"dmarc=pass; mx.example dmarc=pass", "what stands between two ';' is no result"},
        {"dmarc=pass; mx.example/1", "what stands between two ';' is no result"},
        {"dmarc=pass; =pass", "no method before '='"},
        {"dmarc=", "no result of dmarc"},
        {"dmarc= pass", "no result of dmarc"},
        {"dmarc =pass", "has an authserv-id, or begins with no result"},
        {"dmarc=pass header.from", "a property of dmarc without name or '='"},
        {"dmarc=pass header.from =a.example", "a property of dmarc without name or '='"},
        {"dmarc=pass \"a\"", "a property of dmarc without name or '='"},
        {"dmarc=pass)", "a property of dmarc without name or '='"},
        {"spf=pass (sender IP is 192.0.2.1", "open comment"},
        {"spf=pass (sender IP is (192.0.2.1)", "open comment"},
        {"spf=pass (sender IP is 192.0.2.1\\)", "open comment"},
        {"spf=pass smtp.mailfrom=\"a", "open quoted string"},
        {"spf=pass smtp.mailfrom=\"a\\\"", "open quoted string"},
        {"spf=pass dmarc=pass", "no ';' before dmarc"},
        {"spf=pass compauth=pass reason=100", "no ';' before compauth"},
        {"spf=passed", "unknown result: spf=passed"},
        {"dkim=yes", "unknown result: dkim=yes"},
        {"dmarc=bestguessfail", "unknown result: dmarc=bestguessfail"},
        {"compauth=softfail", "unknown result: compauth=softfail"},
        {"compauth=pass reason=1000", "a reason that has not three digits"},
        {"compauth=pass reason=10", "a reason that has not three digits"},
        {"compauth=pass reason=1OO", "a reason that has not three digits"},
        {"compauth=pass reason=", "a reason that has not three digits"},
        {"dmarc=fail action=oreject header.from=a.example;dmarc=pass action=none header.from=a.example", "a method twice: dmarc"},
        {"dmarc=pass header.from=a.example;dmarc=pass header.from=b.example", "a method twice: dmarc"},
        {"dkim=pass header.d=a.example;dkim=fail header.d=b.example", "a method twice: dkim"},
        {"spf=pass (sender IP is 192.0.2.1);spf=pass (sender IP is 192.0.2.2)", "a method twice: spf"},
        {"compauth=pass reason=100;compauth=pass reason=703", "a method twice: compauth"},
        {"dmarc=fail header.from=a.example header.from=b.example", "a property twice: header.from"},
        {"spf=pass (sender IP is 192.0.2.1) (sender IP is 192.0.2.2)", "two sender addresses"},
        {std::string_view("dmarc=pass\0", 11), "control characters"},
        {"dmarc=pass\x01", "control characters"},
    };
    for (const Case& c : cases) EXPECT_EQ(read(c.field), "unreadable: " + std::string(c.why)) << c.field;
}

TEST(Eop, what_a_sender_smuggles_in_makes_it_unreadable) {
    // An envelope sender or a signing domain, printed as it came.
    for (const std::string_view mail_from : {"x;dmarc=pass", "x; compauth=pass reason=100", "x (; dmarc=pass", "\"x;dmarc=pass",
                                             "x;dmarc=pass action=none header.from=bank.example", "x dmarc=pass"}) {
        const std::string field = "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=" + std::string(mail_from) +
                                  "; dkim=none (message not signed) header.d=none;dmarc=fail action=oreject "
                                  "header.from=bank.example;compauth=none reason=451";
        EXPECT_TRUE(read(field).starts_with("unreadable: ")) << field << '\n' << read(field);
    }
}

TEST(Eop, limits_on_both_sides) {
    const auto sized = [](std::size_t octets) {
        std::string field = "dmarc=pass header.from=a.example;x=y z.z=";
        return field.append(octets - field.size(), 'a');
    };
    EXPECT_FALSE(read(sized(max_eop_octets)).starts_with("unreadable"));
    EXPECT_EQ(read(sized(max_eop_octets + 1)), "unreadable: more than 4096 octets");
    const auto counted = [](std::size_t statements) {
        std::string field;
        for (std::size_t i = 0; i < statements; ++i) field.append("m").append(std::to_string(i)).append("=r;");
        return field;
    };
    EXPECT_FALSE(read(counted(max_eop_statements)).starts_with("unreadable"));
    EXPECT_EQ(read(counted(max_eop_statements + 1)), "unreadable: more than 50 results");
    const auto paired = [](std::size_t pairs) {
        std::string field = "m=r";
        for (std::size_t i = 0; i < pairs; ++i) field.append(" p").append(std::to_string(i)).append("=v");
        return field;
    };
    EXPECT_FALSE(read(paired(max_eop_pairs)).starts_with("unreadable"));
    EXPECT_EQ(read(paired(max_eop_pairs + 1)), "unreadable: more than 100 properties");
}

TEST(Eop, every_key_is_kept) {
    const auto results =
        parse_eop_results("SPF=pass (sender IP is 192.0.2.1) (a \\(b\\) (c)) smtp.MailFrom=A@b.example new.key=\"x y\";oda=1 p=q");
    ASSERT_TRUE(results);
    ASSERT_EQ(results->size(), 2U);
    EXPECT_EQ(results->front().method, "spf");
    EXPECT_EQ(results->front().comments, (std::vector<std::string>{"sender IP is 192.0.2.1", "a (b) (c)"}));
    EXPECT_EQ(results->front().properties, (std::vector<EopPair>{{"smtp.mailfrom", "A@b.example"}, {"new.key", "x y"}}));
    EXPECT_EQ(results->back(), (EopStatement{.method = "oda", .result = "1", .comments = {}, .properties = {{"p", "q"}}}));
}

TEST(Eop, whether_a_field_has_an_authserv_id) {
    for (const std::string_view with : {"mx.example; dkim=pass", "mx.example", "mx.example 1; none", "\"a=b\"; none",
                                        "(c) mx.example; none", "mx.example/4XyZ1; dkim=pass", " (a(b)\\)) x (c);", "dmarc;dmarc=pass"})
        EXPECT_TRUE(has_authserv_id(with)) << with;
    for (const std::string_view without : {"dmarc=pass", " spf=pass (x)", "(c) dkim=none", "", "  ", ";dmarc=pass", "=x", "(open",
                                           "dmarc =pass", "dmarc (c) =pass", "(x", "(\\"})
        EXPECT_FALSE(has_authserv_id(without)) << without;
}

TEST(AntispamReport, pairs_as_they_are_seen) {
    const std::string_view field =
        " CIP:2001:db8::7;CTRY:US;LANG:en;SCL:-1;SRV:;IPV:NLI;SFV:NSPM;H:mail.a.example;PTR:InfoDomainNonexistent;CAT:NONE;\r\n"
        "\tSFS:(13230040)(4636009);DIR:INB;SFP:1101;new:x:y;";
    const auto pairs = parse_antispam_report(field);
    ASSERT_TRUE(pairs) << pairs.error().detail;
    EXPECT_EQ(pairs->size(), 14U);
    EXPECT_EQ(pairs->front(), (EopPair{"CIP", "2001:db8::7"}));
    EXPECT_EQ(pairs->at(4), (EopPair{"SRV", ""}));
    EXPECT_EQ(pairs->back(), (EopPair{"NEW", "x:y"}));
    const Eop eop{.report = *pairs};  // the reading points into it
    const EopReading reading = reading_of(eop);
    EXPECT_EQ(reading.direction, "INB");
    EXPECT_EQ(reading.client->text(), "2001:db8::7");
    EXPECT_FALSE(reading_of(Eop{.report = {{"CIP", "nobody"}, {"DIR", ""}}}).client);
}

TEST(AntispamReport, forms_that_mean_nothing) {
    struct Case {
        std::string_view field, why;
    };
    const Case cases[] = {
        {"CIP:192.0.2.1;x;DIR:INB", "a pair without ':'"},
        {":192.0.2.1", "a name that is none"},
        {"C P:x", "a name that is none"},
        {"DIR:OUT;CIP:192.0.2.1;DIR:INB", "a name twice: DIR"},
        {"CIP:192.0.2.1;cip:192.0.2.2", "a name twice: CIP"},
        {"H:a\x7f;DIR:INB", "control characters"},
    };
    for (const Case& c : cases) {
        const auto pairs = parse_antispam_report(c.field);
        ASSERT_FALSE(pairs) << c.field;
        EXPECT_EQ(pairs.error().detail, c.why) << c.field;
    }
    EXPECT_TRUE(parse_antispam_report("DIR:INB;dir:INB;")) << "the same twice is once";
    EXPECT_TRUE(parse_antispam_report(""));
    const auto sized = [](std::size_t octets) { return "H:" + std::string(octets - 2, 'a'); };
    EXPECT_TRUE(parse_antispam_report(sized(max_eop_octets)));
    EXPECT_FALSE(parse_antispam_report(sized(max_eop_octets + 1)));
    const auto counted = [](std::size_t pairs) {
        std::string field;
        for (std::size_t i = 0; i < pairs; ++i) field.append("K").append(std::to_string(i)).append(":;");
        return field;
    };
    EXPECT_TRUE(parse_antispam_report(counted(max_eop_pairs)));
    EXPECT_FALSE(parse_antispam_report(counted(max_eop_pairs + 1)));
}

TEST(AntispamReport, bulk_complaint_level) {
    const auto level = [](std::string_view field) { return bulk_level_of(Eop{.antispam = parse_antispam_report(field).value()}); };
    EXPECT_EQ(level("BCL:0;"), 0U);
    EXPECT_EQ(level("BCL:9;ARA:13230040"), 9U);
    for (const std::string_view none : {"", "BCL:;", "BCL:x;", "BCL:-1;", "BCL:1000;", "BCL:1 2;"}) EXPECT_FALSE(level(none)) << none;
}

}  // namespace
}  // namespace exota::evidence
