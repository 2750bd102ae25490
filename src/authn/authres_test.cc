#include "authn/authres.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "mail/cfws.h"

namespace exota::authn {
namespace {

/// The parse as one line: "id/version: method/version=result(reason) ptype.property=pvalue; …", or "refused".
std::string outcome(std::string_view value) {
    const base::Result<AuthenticationResults> field = parse_authentication_results(value);
    if (!field) return "refused";
    std::string out = field->authserv_id;
    if (!field->version.empty()) out += '/' + field->version;
    out += ':';
    for (const ResInfo& result : field->results) {
        out += ' ' + result.method;
        if (!result.method_version.empty()) out += '/' + result.method_version;
        out += '=' + result.result;
        if (!result.reason.empty()) out += '(' + result.reason + ')';
        for (const Property& p : result.properties) out += ' ' + p.ptype + '.' + p.property + '=' + p.pvalue;
        out += ';';
    }
    return out;
}

struct Case {
    const char* name;
    std::string_view value, want;
};

TEST(Authres, grammar) {
    const Case cases[] = {
        {"plain", " gw.example; dkim=pass header.d=x.example", "gw.example: dkim=pass header.d=x.example;"},
        {"version", "gw.example 1; dkim=pass", "gw.example/1: dkim=pass;"},
        {"version_two", "gw.example 2; dkim=pass", "gw.example/2: dkim=pass;"},
        {"method_version", "gw.example; dkim/1=pass header.d=x", "gw.example: dkim/1=pass header.d=x;"},
        {"none", "gw.example; none", "gw.example:"},
        {"none_in_capitals", "gw.example 1 ; NONE ;", "gw.example/1:"},
        {"none_as_a_method", "gw.example; none=pass", "gw.example: none=pass;"},
        {"final_semicolon", "gw.example; dkim=pass;", "gw.example: dkim=pass;"},
        {"no_blanks", "gw.example;dkim=pass header.d=x;spf=fail smtp.mailfrom=y",
         "gw.example: dkim=pass header.d=x; spf=fail smtp.mailfrom=y;"},
        {"blanks_everywhere", " gw.example ; dkim = pass header . d = x", "gw.example: dkim=pass header.d=x;"},
        {"folded", "gw.example;\r\n\tdkim=pass\n header.d=x", "gw.example: dkim=pass header.d=x;"},
        {"letter_case_kept", "GW.Example; DKIM=Pass Header.D=X", "GW.Example: DKIM=Pass Header.D=X;"},
        {"reason", "gw.example; dkim=fail reason=bad header.d=x", "gw.example: dkim=fail(bad) header.d=x;"},
        {"reason_quoted", "gw.example; dkim=pass reason=\"ok; dkim=fine\" header.d=x", "gw.example: dkim=pass(ok; dkim=fine) header.d=x;"},
        {"a_reason_in_each_of_two", "gw.example; spf=fail reason=a; dkim=pass reason=b", "gw.example: spf=fail(a); dkim=pass(b);"},
        {"comment_is_no_result", "gw.example (c; dkim=pass header.d=evil) ; (dkim=pass;) dkim=fail (d=evil) header.d=x (\\))",
         "gw.example: dkim=fail header.d=x;"},
        {"comment_glued", "gw.example;dkim=pass(good)header.d=x(y)", "gw.example: dkim=pass header.d=x;"},
        {"quoted_id", "\"gw.example\"; dkim=pass", "gw.example: dkim=pass;"},
        {"quoted_pvalue", "gw.example; dkim=pass header.d=\"x\"", "gw.example: dkim=pass header.d=x;"},
        {"quoted_pvalue_is_no_structure", "gw.example; dkim=fail header.b=\"; dkim=pass header.d=evil\"",
         "gw.example: dkim=fail header.b=; dkim=pass header.d=evil;"},
        {"escaped_quote", "gw.example; spf=fail smtp.mailfrom=\"a\\\"b\"@x", "gw.example: spf=fail smtp.mailfrom=a\"b@x;"},
        {"empty_quoted_pvalue", "gw.example; spf=none smtp.mailfrom=\"\"", "gw.example: spf=none smtp.mailfrom=;"},
        {"address", "gw.example; spf=pass smtp.mailfrom=prvs=1/2=j.d@x", "gw.example: spf=pass smtp.mailfrom=prvs=1/2=j.d@x;"},
        {"domain_behind_at", "gw.example; dkim=pass header.i=@x", "gw.example: dkim=pass header.i=@x;"},
        {"signature_part", "gw.example; dkim=pass header.b=a/b+c= header.d=x", "gw.example: dkim=pass header.b=a/b+c= header.d=x;"},
        {"ipv6", "gw.example; iprev=pass policy.iprev=2001:db8::1", "gw.example: iprev=pass policy.iprev=2001:db8::1;"},
        {"internationalised",
         "gw.example; dkim=pass header.d=b\xC3\xBC"
         "cher.example",
         "gw.example: dkim=pass header.d=b\xC3\xBC"
         "cher.example;"},
        {"property_without_ptype", "gw.example; dmarc=none action=none header.from=x", "gw.example: dmarc=none header.from=x;"},
        {"two_of_a_property", "gw.example; dkim=pass header.d=x header.d=y", "gw.example: dkim=pass header.d=x header.d=y;"},

        {"empty", "", "refused"},
        {"blank", " \r\n ", "refused"},
        {"id_alone", "gw.example", "refused"},
        {"id_and_semicolon", "gw.example;", "refused"},
        {"two_semicolons", "gw.example; dkim=pass;;", "refused"},
        {"empty_result", "gw.example;; dkim=pass", "refused"},
        {"no_id", "; dkim=pass", "refused"},
        {"empty_quoted_id", "\"\"; dkim=pass", "refused"},
        {"no_semicolon", "gw.example dkim=pass", "refused"},
        {"microsoft", "dkim=none (message not signed) header.d=none;dmarc=none action=none header.from=x;", "refused"},
        {"domain_as_a_result", "gw.example; dkim=none;x.example; dmarc=none", "refused"},
        {"version_no_number", "gw.example 1a; dkim=pass", "refused"},
        {"version_glued", "gw.example/1; dkim=pass", "refused"},
        {"two_versions", "gw.example 1 1; dkim=pass", "refused"},
        {"method_version_missing", "gw.example; dkim/=pass", "refused"},
        {"no_result", "gw.example; dkim=", "refused"},
        {"no_equals", "gw.example; dkim pass", "refused"},
        {"quoted_result", "gw.example; dkim=\"pass\"", "refused"},
        {"quoted_method", "gw.example; \"dkim\"=pass", "refused"},
        {"none_and_a_result", "gw.example; none; dkim=pass", "refused"},
        {"a_result_and_none", "gw.example; dkim=pass; none", "refused"},
        {"no_blank_before_property", "gw.example; dkim=pass header.i=\"y\"header.d=x", "refused"},
        {"property_without_value", "gw.example; dkim=pass header.d=", "refused"},
        {"property_without_name", "gw.example; dkim=pass header.=x", "refused"},
        {"ptype_alone", "gw.example; dkim=pass header", "refused"},
        {"comma", "gw.example; dkim=pass header.d=x, y", "refused"},
        {"angle", "gw.example; spf=pass smtp.mailfrom=<j@x>", "refused"},
        {"two_ats", "gw.example; spf=pass smtp.mailfrom=a@b@c", "refused"},
        {"open_quote", "gw.example; dkim=pass reason=\"ok header.d=x", "refused"},
        {"two_reasons", "gw.example; dkim=pass reason=a reason=b header.d=x", "refused"},
        {"two_equal_reasons", "gw.example; dkim=pass reason=a header.d=x reason=a", "refused"},
        {"an_empty_reason_and_another", "gw.example; dkim=pass reason=\"\" REASON=b header.d=x", "refused"},
        {"open_comment", "gw.example; dkim=pass (ok header.d=x", "refused"},
        {"open_comment_at_the_end", "gw.example; dkim=pass header.d=x (", "refused"},
        {"closed_twice", "gw.example; dkim=pass (ok)) header.d=x", "refused"},
        {"latin_1",
         "gw.example; dkim=pass header.d=b\xFC"
         "cher.example",
         "refused"},
        {"latin_1_keyword", "gw.example; dk\xFCm=pass", "refused"},
        {"control", "gw.example; dkim=pass\x01 header.d=x", "refused"},
        {"bare_line_feed", "gw.example; dkim=pass\nheader.d=x", "refused"},
        {"bare_carriage_return", "gw.example; dkim=pass\r header.d=x", "refused"},
        {"nul", std::string_view("gw.example; dkim=pass header.d=x\0.evil", 39), "refused"},
    };
    for (const Case& c : cases) EXPECT_EQ(outcome(c.value), c.want) << c.name;
}

TEST(Authres, errors_say_what_and_where) {
    const auto error = parse_authentication_results("gw.example; dkim").error();
    EXPECT_EQ(error.code, base::Errc::invalid_data);
    EXPECT_EQ(error.detail, "no '=' behind a method at octet 16");
}

TEST(Authres, limits_on_both_sides) {
    const auto repeated = [](std::string_view part, std::size_t times) {
        std::string out;
        while (times-- > 0) out += part;
        return out;
    };
    EXPECT_EQ(parse_authentication_results("gw.example" + repeated("; dkim=pass", max_authres_results))->results.size(),
              max_authres_results);
    EXPECT_EQ(parse_authentication_results("gw.example" + repeated("; dkim=pass", max_authres_results + 1)).error().code,
              base::Errc::too_long);
    EXPECT_TRUE(parse_authentication_results("gw.example; dkim=pass" + repeated(" a.b=c", max_authres_properties)));
    EXPECT_EQ(parse_authentication_results("gw.example; dkim=pass" + repeated(" a.b=c", max_authres_properties + 1)).error().code,
              base::Errc::too_long);
    const std::string_view field = "gw.example; dkim=pass";
    EXPECT_TRUE(parse_authentication_results(repeated(" ", max_authres_octets - field.size()).append(field)));
    EXPECT_EQ(parse_authentication_results(repeated(" ", max_authres_octets - field.size() + 1).append(field)).error().code,
              base::Errc::too_long);
    const auto nested = [&](int depth) { return repeated("(", depth) + repeated(")", depth) + std::string(field); };
    EXPECT_TRUE(parse_authentication_results(nested(mail::max_comment_depth)));
    EXPECT_FALSE(parse_authentication_results(nested(mail::max_comment_depth + 1)));
}

TEST(Authres, finds_the_first_property_in_any_letter_case) {
    const auto field = parse_authentication_results("gw.example; dkim=pass header.b=1 Header.D=x header.d=y").value();
    ASSERT_NE(field.results[0].find("header", "d"), nullptr);
    EXPECT_EQ(field.results[0].find("header", "d")->pvalue, "x");
    EXPECT_EQ(field.results[0].find("header", "i"), nullptr);
    EXPECT_EQ(field.results[0].find("smtp", "d"), nullptr);
}

TEST(Authres, peeks_at_the_id_only) {
    const Case cases[] = {
        {"plain", " gw.example; dkim=pass", "gw.example"},
        {"comment", "(evil.example) gw.example (x); dkim=pass", "gw.example"},
        {"quoted", "\"gw.example\"; dkim=pass", "gw.example"},
        {"quoted_escape", "\"gw\\.example\"; dkim=pass", "gw.example"},
        {"version", "gw.example 2; dkim=pass", "gw.example"},
        {"broken_behind", "gw.example ; dkim=(", "gw.example"},  // an unreadable field of a trusted id must be seen
        {"open_comment_behind", "gw.example (; dkim=pass", "gw.example"},
        {"alone", "gw.example", "gw.example"},
        {"microsoft", "dkim=none (message not signed) header.d=none", ""},
        {"microsoft_blank", "dkim (c) = none", ""},
        {"empty", "", ""},
        {"semicolon", ";", ""},
        {"open_comment", "(gw.example; dkim=pass", ""},
        {"open_quote", "\"gw.example; dkim=pass", ""},
    };
    std::string scratch;
    for (const Case& c : cases) EXPECT_EQ(peek_authserv_id(c.value, scratch), c.want) << c.name;
}

TEST(Authres, what_is_written_is_one_value) {
    const Case cases[] = {
        {"token", "x.example", "x.example"},
        {"empty", "", "\"\""},
        {"address", "j@x.example", "\"j@x.example\""},
        {"blank", "a b", "\"a b\""},
        {"quote", "a\"; dkim=pass \\", "\"a\\\"; dkim=pass \\\\\""},
        {"line_break", "a\r\nX-Evil: 1", "\"a??X-Evil: 1\""},
        {"comment", "a(b", "\"a(b\""},
        {"utf8", "\xC3\xA4", "\"??\""},
        {"delete", "a\x7f", "\"a?\""},
    };
    for (const Case& c : cases) {
        const std::string written = encode_pvalue(c.value);
        EXPECT_EQ(written, c.want) << c.name;
        const auto field = parse_authentication_results("gw.example; x=y a.b=" + written);
        ASSERT_TRUE(field) << c.name;
        ASSERT_EQ(field->results.size(), 1U) << c.name;
        EXPECT_EQ(field->results[0].properties.size(), 1U) << c.name;
    }
}

}  // namespace
}  // namespace exota::authn
