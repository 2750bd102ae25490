#include "evidence/authres_trust.h"

#include <gtest/gtest.h>

namespace exota::evidence {
namespace {

/// What is believed, as text: "named: pass x.example, fail -; [why the field does not count]".
std::string outcome(const std::vector<AuthresField>& fields, const AuthresTrust& trust) {
    Header header;
    header.authentication_results = fields;
    const BelievedDkim believed = believed_dkim(header, trust);
    std::string out = believed.named ? "named" : "-";
    for (const DkimResult& result : believed.results) {
        out += ' ' + std::string(name_of(result.value)) + ':' + (result.sdid ? result.sdid->text() : "?");
        if (!result.counts) out += '(' + result.detail + ')';
        EXPECT_EQ(result.source, Source::header_field);
    }
    if (!believed.not_counted.empty()) out += " [" + believed.not_counted + ']';
    return out;
}

AuthresTrust trusting(std::uint32_t own_hops = 0, AuthresTrust::Position position = AuthresTrust::Position::top) {
    AuthresTrust trust;
    trust.authserv_ids = {"gw.example", "GW2.example"};
    trust.own_hops = own_hops;
    trust.position = position;
    return trust;
}

std::string many_results(std::size_t count) {
    std::string out = "gw.example";
    for (std::size_t i = 1; i < count; ++i) out += "; x=none";
    return out + "; dkim=pass header.d=evil.example";
}

struct Case {
    const char* name;
    std::vector<AuthresField> fields;
    std::string want, want_any;
};

const std::string real = "gw.example; dkim=fail header.d=x.example";
const std::string forged = "gw.example; dkim=pass header.d=evil.example";

// Each forged field stands where the sender can put it: below the validator's own, or below the first Received.
TEST(AuthresTrust, top_field_decides) {
    const Case cases[] = {
        {"none", {}, "-", "-"},
        {"real", {{real, 0, 1}}, "named fail:x.example", "named fail:x.example"},
        {"id_in_any_case", {{"Gw.EXAMPLE; dkim=pass header.d=X.example", 0, 1}}, "named pass:x.example", "named pass:x.example"},
        {"second_id", {{"gw2.example; dkim=pass header.d=x.example", 0, 1}}, "named pass:x.example", "named pass:x.example"},
        {"other_id", {{"evil.example; dkim=pass header.d=evil.example", 0, 1}}, "-", "-"},
        {"id_in_a_comment", {{"(gw.example) evil.example; dkim=pass header.d=evil.example", 0, 1}}, "-", "-"},
        {"id_as_a_prefix", {{"gw.example.evil.example; dkim=pass header.d=evil.example", 0, 1}}, "-", "-"},
        {"microsoft", {{"dkim=pass (x) header.d=evil.example;gw.example; dmarc=pass", 0, 1}}, "-", "-"},
        {"forged_below", {{real, 0, 1}, {forged, 0, 2}}, "named fail:x.example", "named fail:x.example pass:evil.example"},
        {"forged_behind_received", {{forged, 1, 1}}, "-", "named pass:evil.example"},
        {"other_id_above", {{"evil.example; dkim=pass", 0, 1}, {real, 0, 2}}, "named fail:x.example", "named fail:x.example"},
        {"field_of_another_method_above",
         {{"gw.example; spf=pass smtp.mailfrom=x", 0, 1}, {real, 0, 2}},
         "named fail:x.example",
         "named fail:x.example"},
        {"none_above", {{"gw.example; none", 0, 1}, {real, 0, 2}}, "named fail:x.example", "named fail:x.example"},
        // These pass OpenDKIM's default clean-up: they end the search and count for nothing.
        {"method_version",
         {{"gw.example; dkim/1=pass header.d=evil.example", 0, 1}, {forged, 0, 2}},
         "named [field 1 does not count: a method with a version]",
         "named pass:evil.example [field 1 does not count: a method with a version]"},
        {"version_of_another_method",
         {{"gw.example; spf/1=pass; dkim=pass header.d=evil.example", 0, 1}},
         "named [field 1 does not count: a method with a version]",
         "named [field 1 does not count: a method with a version]"},
        {"version_two",
         {{"gw.example 2; dkim=pass header.d=evil.example", 0, 1}, {forged, 0, 2}},
         "named [field 1 does not count: a version other than 1]",
         "named pass:evil.example [field 1 does not count: a version other than 1]"},
        {"version_one", {{"gw.example 1; dkim=pass header.d=x.example", 0, 1}}, "named pass:x.example", "named pass:x.example"},
        {"version_01",
         {{"gw.example 01; dkim=pass header.d=x.example", 0, 1}},
         "named [field 1 does not count: a version other than 1]",
         "named [field 1 does not count: a version other than 1]"},
        {"fifteen_results", {{many_results(15), 0, 1}}, "named pass:evil.example", "named pass:evil.example"},
        {"sixteen_results",
         {{many_results(16), 0, 1}, {forged, 0, 2}},
         "named [field 1 does not count: too many results]",
         "named pass:evil.example [field 1 does not count: too many results]"},
        {"version_two_of_another_method", {{"gw.example 2; spf=pass", 0, 1}, {real, 0, 2}}, "named fail:x.example", "named fail:x.example"},
        {"unparseable",
         {{"gw.example; dkim=pass header.d=x (", 0, 1}, {forged, 0, 2}},
         "named [field 1 does not count: unparseable (a comment that never closes or nests too deep at octet 34)]",
         "named pass:evil.example [field 1 does not count: unparseable (a comment that never closes or nests too deep at octet 34)]"},
        {"unparseable_of_another_method",
         {{"gw.example; spf=", 0, 1}, {forged, 0, 2}},
         "named [field 1 does not count: unparseable (no result at octet 16)]",
         "named pass:evil.example [field 1 does not count: unparseable (no result at octet 16)]"},
        {"unparseable_of_another_id", {{"evil.example; dkim=", 0, 1}, {real, 0, 2}}, "named fail:x.example", "named fail:x.example"},
        {"unparseable_behind_received",
         {{"gw.example; dkim=", 1, 1}},
         "-",
         "- [field 1 does not count: unparseable (no result at octet 17)]"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(outcome(c.fields, trusting()), c.want) << c.name;
        EXPECT_EQ(outcome(c.fields, trusting(0, AuthresTrust::Position::any)), c.want_any) << c.name << " (any)";
    }
}

// What OpenDKIM 2.11 with its defaults leaves in place, found by asking it. Whoever believes fields anywhere has nothing but this.
TEST(AuthresTrust, anywhere_nothing_counts_that_opendkim_leaves_in_place) {
    const std::string pass = "gw.example; dkim=pass header.d=evil.example";
    const auto repeated = [](std::size_t count, std::string_view text) {
        std::string out;
        for (std::size_t i = 0; i < count; ++i) out += text;
        return out;
    };
    struct Left {
        std::string field;
        std::string_view why;  // empty: OpenDKIM removes it, and writes such itself
    };
    const Left cases[] = {
        {pass + " foo.bar=x", "a ptype other than header, smtp, body and policy"},
        {"gw.example; spf=pass dns.sec=yes; dkim=pass header.d=evil.example", "a ptype other than header, smtp, body and policy"},
        {pass + " action=none", "a property without ptype"},
        {pass + " reason=ok", "a reason behind a property or another reason"},
        {"gw.example; dkim=pass reason=ok reason=ok header.d=evil.example", "a reason behind a property or another reason"},
        {"gw.example; dkim=pass reason=\"\" reason=ok header.d=evil.example", "a reason behind a property or another reason"},
        {"gw.example; dkim(x)=pass header.d=evil.example", "a comment before '='"},
        {"gw.example; dkim=pass header(x).d=evil.example", "a comment before '.' or '='"},
        {"gw.example; dkim=pass reason (x) =ok header.d=evil.example", "a comment before '.' or '='"},
        {pass + " header.b==x", "a value that begins with '='"},
        {pass + repeated(60, " header.b=x"), "more than 60 properties"},
        {"gw.example; dkim=pass " + repeated(61, "(a)") + " header.d=evil.example", "more than 60 comments"},
        {"gw.example; dkim=pass (" + std::string(4000, 'x') + ") header.d=evil.example", "more than 4000 octets"},
        {pass + repeated(59, " header.b=x"), ""},
        {"gw.example; dkim=pass " + repeated(60, "(a)") + " header.d=evil.example", ""},
        {"gw.example; dkim=pass (" + std::string(3900, 'x') + ") header.d=evil.example", ""},
        {"gw.example;\n\tdkim=pass (2048-bit key, unprotected) header.d=evil.example header.i=@evil.example header.b=\"a+b/c=\"; "
         "dkim-atps=neutral",
         ""},
        {"(c) gw.example (c) 1 (c); (c) dkim = (c) pass (c) reason = (c) \"a\" HEADER . (c) d (c) = (c) evil.example (c)", ""},
        {"gw.example; spf=pass reason=a smtp.mailfrom=x; dkim=pass reason=b header.d=evil.example", ""},
    };
    for (const Left& c : cases) {
        const std::string believed = "named pass:evil.example";
        EXPECT_EQ(outcome({{c.field, 0, 1}}, trusting()), believed) << "above the first Received: " << c.field;
        EXPECT_EQ(outcome({{c.field, 3, 1}}, trusting(0, AuthresTrust::Position::any)),
                  c.why.empty() ? believed : "named [field 1 does not count: " + std::string(c.why) + ']')
            << c.field;
    }
}

TEST(AuthresTrust, own_hops_on_both_sides) {
    const std::vector<AuthresField> fields{{forged, 2, 1}};
    EXPECT_EQ(outcome(fields, trusting(1)), "-");
    EXPECT_EQ(outcome(fields, trusting(2)), "named pass:evil.example");
}

TEST(AuthresTrust, results) {
    const Case cases[] = {
        {"all_words",
         {{"gw.example; dkim=pass header.d=a; dkim=FAIL header.d=a; dkim=permerror header.d=a; dkim=temperror header.d=a; dkim=neutral "
           "header.d=a; "
           "dkim=policy header.d=a; dkim=none header.d=a",
           0, 1}},
         "named pass:a fail:a permerror:a temperror:a neutral:a policy:a none:a",
         ""},
        {"unknown_word", {{"gw.example; dkim=passed header.d=a", 0, 1}}, "named none:a(unknown result passed)", ""},
        {"method_in_capitals", {{"gw.example; DKIM=Pass Header.D=A", 0, 1}}, "named pass:a", ""},
        {"other_methods", {{"gw.example; dkim-atps=pass header.d=evil; dkim=fail header.d=a; spf=pass", 0, 1}}, "named fail:a", ""},
        {"no_sdid", {{"gw.example; dkim=pass header.i=@evil", 0, 1}}, "named pass:?(no header.d)", ""},
        {"bad_sdid", {{"gw.example; dkim=pass header.d=\"a b\"", 0, 1}}, "named pass:?(header.d is no domain)", ""},
        {"empty_sdid", {{"gw.example; dkim=pass header.d=\"\"", 0, 1}}, "named pass:?(header.d is no domain)", ""},
        {"two_sdids", {{"gw.example; dkim=pass header.d=a header.d=b", 0, 1}}, "named pass:?(more than one header.d)", ""},
        {"sdid_of_another_ptype", {{"gw.example; dkim=pass policy.d=evil header.d=a", 0, 1}}, "named pass:a", ""},
        {"result_in_a_reason", {{"gw.example; dkim=fail reason=\"; dkim=pass header.d=evil\" header.d=a", 0, 1}}, "named fail:a", ""},
        {"result_in_a_comment", {{"gw.example; dkim=fail (; dkim=pass header.d=evil;) header.d=a", 0, 1}}, "named fail:a", ""},
        {"u_label",
         {{"gw.example; dkim=pass header.d=B\xC3\x9C"
           "cher.example",
           0, 1}},
         "named pass:xn--bcher-kva.example",
         ""},
    };
    for (const Case& c : cases) EXPECT_EQ(outcome(c.fields, trusting()), c.want) << c.name;
}

TEST(AuthresTrust, in_drop_in_as_the_predecessor_reads) {
    AuthresTrust as_predecessor = trusting(0, AuthresTrust::Position::any);
    as_predecessor.as_predecessor = true;
    struct Row {
        std::string field, want, want_usually;
    };
    const Row rows[] = {
        {"(c) GW.example (d); dkim=PASS header.d=\"a\"", "named pass:a", "named pass:a"},
        {"\"gw.example\"; dkim=pass header.d=a", "-", "named pass:a"},
        {"(\") \"gw.example\"; dkim=pass header.d=a", "-", "named pass:a"},
        {"gw.example; DKIM=pass header.d=a", "-", "named pass:a"},
        {"gw.example; DKIM=pass header.d=a; dkim=pass header.d=b", "named pass:b", "named pass:a pass:b"},
        {"gw.example; dkim=pass header.d=a header.b=\xc3\xa9", "-", "named pass:a"},
        {"gw.example; dkim=pass header.d=a header.d=b", "named pass:a", "named pass:?(more than one header.d)"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(outcome({{row.field, 0, 1}}, as_predecessor), row.want) << row.field;
        EXPECT_EQ(outcome({{row.field, 0, 1}}, trusting(0, AuthresTrust::Position::any)), row.want_usually) << row.field;
    }
}

TEST(AuthresTrust, only_trusted_ids_and_methods) {
    AuthresTrust trust = trusting();
    trust.methods = {"spf"};
    EXPECT_EQ(outcome({{forged, 0, 1}}, trust), "- [dkim is not among the trusted methods]");
    trust.methods = {"spf", "DKIM"};
    EXPECT_EQ(outcome({{real, 0, 1}}, trust), "named fail:x.example");
    trust.authserv_ids.clear();
    EXPECT_EQ(outcome({{real, 0, 1}}, trust), "-");
    trust.authserv_ids = {""};  // an empty id trusts nobody, not the fields without one
    EXPECT_EQ(outcome({{"\"\"; dkim=pass header.d=evil", 0, 1}, {"dkim=pass header.d=evil", 0, 2}}, trust), "-");
}

}  // namespace
}  // namespace exota::evidence
