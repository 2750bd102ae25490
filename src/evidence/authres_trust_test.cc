#include "evidence/authres_trust.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace exota::evidence {
namespace {

/// Signatures that could have caused what the fields below report.
void add_signature(Header& header, std::string_view sdid, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i, ++header.dkim_signature_count)
        header.dkim_signatures.push_back("v=1; a=rsa-sha256; d=" + std::string(sdid) +
                                         "; s=s1; h=From; b=AAAA; bh=" + std::string(43, 'A') + '=');
}

/// What is believed, as text: "named: pass x.example, fail -; [why the field does not count]".
std::string outcome(const std::vector<AuthresField>& fields, const AuthresTrust& trust) {
    Header header;
    header.authentication_results = fields;
    for (const AuthresField& field : fields) header.received_count = std::max(header.received_count, field.received_above);
    for (const std::string_view sdid : {"x.example", "evil.example", "a", "b", "xn--bcher-kva.example"}) add_signature(header, sdid, 10);
    const BelievedDkim believed = believed_dkim(header, "4XyZ1", trust);
    std::string out = believed.named ? "named" : "-";
    for (const DkimResult& result : believed.results) {
        out += ' ' + std::string(name_of(result.value)) + ':' + (result.sdid ? result.sdid->text() : "?");
        if (!result.counts) out += '(' + result.detail + ')';
        EXPECT_EQ(result.source, Source::header_field);
    }
    if (!believed.not_counted.empty()) out += " [" + believed.not_counted + ": " + believed.hint + ']';
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
         "named [result-not-counted: Authentication-Results field 1: a method with a version]",
         "named [result-not-counted: Authentication-Results field 1: a method with a version]"},
        {"version_of_another_method",
         {{"gw.example; spf/1=pass; dkim=pass header.d=evil.example", 0, 1}},
         "named [result-not-counted: Authentication-Results field 1: a method with a version]",
         "named [result-not-counted: Authentication-Results field 1: a method with a version]"},
        {"version_two",
         {{"gw.example 2; dkim=pass header.d=evil.example", 0, 1}, {forged, 0, 2}},
         "named [result-not-counted: Authentication-Results field 1: a version other than 1]",
         "named [result-not-counted: Authentication-Results field 1: a version other than 1]"},
        {"version_one", {{"gw.example 1; dkim=pass header.d=x.example", 0, 1}}, "named pass:x.example", "named pass:x.example"},
        {"version_01",
         {{"gw.example 01; dkim=pass header.d=x.example", 0, 1}},
         "named [result-not-counted: Authentication-Results field 1: a version other than 1]",
         "named [result-not-counted: Authentication-Results field 1: a version other than 1]"},
        {"fifteen_results", {{many_results(15), 0, 1}}, "named pass:evil.example", "named pass:evil.example"},
        {"sixteen_results",
         {{many_results(16), 0, 1}, {forged, 0, 2}},
         "named [result-not-counted: Authentication-Results field 1: too many results]",
         "named [result-not-counted: Authentication-Results field 1: too many results]"},
        {"version_two_of_another_method", {{"gw.example 2; spf=pass", 0, 1}, {real, 0, 2}}, "named fail:x.example", "named fail:x.example"},
        {"unparseable",
         {{"gw.example; dkim=pass header.d=x (", 0, 1}, {forged, 0, 2}},
         "named [result-not-counted: Authentication-Results field 1: unparseable (a comment that never closes or nests too deep at octet "
         "34)]",
         "named [result-not-counted: Authentication-Results field 1: unparseable (a comment that never closes or nests too deep at octet "
         "34)]"},
        {"unparseable_of_another_method",
         {{"gw.example; spf=", 0, 1}, {forged, 0, 2}},
         "named [result-not-counted: Authentication-Results field 1: unparseable (no result at octet 16)]",
         "named [result-not-counted: Authentication-Results field 1: unparseable (no result at octet 16)]"},
        {"unparseable_of_another_id", {{"evil.example; dkim=", 0, 1}, {real, 0, 2}}, "named fail:x.example", "named fail:x.example"},
        {"unparseable_behind_received",
         {{"gw.example; dkim=", 1, 1}},
         "-",
         "- [result-not-counted: Authentication-Results field 1: unparseable (no result at octet 17)]"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(outcome(c.fields, trusting()), c.want) << c.name;
        EXPECT_EQ(outcome(c.fields, trusting(0, AuthresTrust::Position::any)), c.want_any) << c.name << " (any)";
    }
}

// What OpenDKIM 2.11 with its defaults leaves in place, found by asking it: where it is silent, such a field stands at the top.
TEST(AuthresTrust, nothing_counts_that_opendkim_leaves_in_place) {
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
        {pass + " reason=ok", "a reason behind a property"},
        {"gw.example; dkim(x)=pass header.d=evil.example", "a comment before '='"},
        {"gw.example; dkim=pass header(x).d=evil.example", "a comment before '.' or '='"},
        {"gw.example; dkim=pass reason (x) =ok header.d=evil.example", "a comment before '.' or '='"},
        {pass + " header.b==x", "a value with '.' or '=' at an end, or two together"},
        {pass + repeated(60, " header.b=A"), "more than 60 properties"},
        {"gw.example; dkim=pass " + repeated(61, "(a)") + " header.d=evil.example", "more than 60 comments"},
        {"gw.example; dkim=pass (" + std::string(4000, 'x') + ") header.d=evil.example", "more than 4000 octets"},
        {"gw.example(x); dkim=pass header.d=evil.example", "a comment at the authserv-id"},
        {"gw.example; dkim=pass reason=a.b header.d=evil.example", "a reason with marks and without quotes"},
        {"gw.example; dkim=pass reason=x@y header.d=evil.example", "a reason with marks and without quotes"},
        {"gw.example; dkim=pass reason=\"(x\" header.d=evil.example", "a mark in quotes"},
        {"gw.example; vbr=x smtp.from=\"(\"; dkim=pass header.d=evil.example", "a mark in quotes"},
        {"gw.example; dkim=pass reason=\";\" header.d=evil.example", "a mark in quotes"},
        {pass + " header.i=a..b", "a value with '.' or '=' at an end, or two together"},
        {pass + " header.i=.x", "a value with '.' or '=' at an end, or two together"},
        {pass + " header.i=a.=b", "a value with '.' or '=' at an end, or two together"},
        {"gw.example; dkim=pass header.d=evil.example.; spf=none", "a value with '.' or '=' at an end, or two together"},
        {pass + " header.i=\"a\"@x.example", "a quoted local part"},
        {pass + " header.i=a" + repeated(450, ".a"), "more than 400 words and marks"},
        {pass + repeated(59, " header.b=A"), ""},
        {"gw.example; dkim=pass " + repeated(60, "(a)") + " header.d=evil.example", ""},
        {"gw.example; dkim=pass (" + std::string(3900, 'x') + ") header.d=evil.example", ""},
        {"gw.example;\n\tdkim=pass (2048-bit key, unprotected) header.d=evil.example header.i=@evil.example header.b=\"AAAA\"; "
         "dkim-atps=neutral",
         ""},
        {"(c) gw.example (c) 1 (c); (c) dkim = (c) pass (c) reason = (c) \"a\" HEADER . (c) d (c) = (c) evil.example (c)", ""},
        {"gw.example; spf=pass reason=a smtp.mailfrom=x; dkim=pass reason=b header.d=evil.example", ""},
    };
    for (const Left& c : cases) {
        const std::string want = c.why.empty() ? "named pass:evil.example"
                                               : "named [result-not-counted: Authentication-Results field 1: " + std::string(c.why) + ']';
        EXPECT_EQ(outcome({{c.field, 0, 1}}, trusting()), want) << "above the first Received: " << c.field;
        EXPECT_EQ(outcome({{c.field, 3, 1}}, trusting(0, AuthresTrust::Position::any)), want) << c.field;
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
           "header.d=a; dkim=policy header.d=a; dkim=none header.d=a",
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
         "named [result-not-counted: Authentication-Results field 1: 8-bit octets or a backslash]",
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
    const std::string unread = "named [result-not-counted: Authentication-Results field 1: a form that the predecessor did not read]";
    const Row rows[] = {
        {"(c) GW.example (d); dkim=PASS header.d=\"a\"", "named pass:a", "named pass:a"},
        {"\"gw.example\"; dkim=pass header.d=a", unread, "named pass:a"},
        {"(\") \"gw.example\"; dkim=pass header.d=a", unread, "named pass:a"},
        {"gw.example; DKIM=pass header.d=a", "named", "named pass:a"},
        {"gw.example; DKIM=pass header.d=a; dkim=pass header.d=b", "named pass:b", "named pass:a pass:b"},
        {"gw.example; dkim=pass header.d=a header.b=\xc3\xa9", unread,
         "named [result-not-counted: Authentication-Results field 1: 8-bit octets or a backslash]"},
        {"gw.example; dkim=pass header.d=a header.d=b", "named pass:a", "named pass:?(more than one header.d)"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(outcome({{row.field, 0, 1}}, as_predecessor), row.want) << row.field;
        EXPECT_EQ(outcome({{row.field, 0, 1}}, trusting(0, AuthresTrust::Position::any)), row.want_usually) << row.field;
    }
}

// The topmost field of the validator decides, readable or not; a forged one below it is not looked at any more. Only where none stands at
// the top are fields elsewhere read.
TEST(AuthresTrust, anywhere_a_field_below_the_top_one_is_not_believed) {
    AuthresTrust any = trusting(0, AuthresTrust::Position::any);
    AuthresTrust as_predecessor = any;
    as_predecessor.as_predecessor = true;
    for (const AuthresTrust& trust : {any, as_predecessor}) {
        EXPECT_EQ(outcome({{"gw.example; dkim=none", 0, 1}, {forged, 0, 2}}, trust), "named none:?(no header.d)");
        EXPECT_EQ(outcome({{"gw.example; dkim=none", 0, 1}, {forged, 2, 2}}, trust), "named none:?(no header.d)");
        EXPECT_EQ(outcome({{"gw.example; dkim=none (", 0, 1}, {forged, 2, 2}}, trust).find("pass"), std::string::npos);
        EXPECT_EQ(outcome({{"\"gw.example\"; dkim=none", 0, 1}, {forged, 2, 2}}, trust).find("pass"), std::string::npos);
        EXPECT_EQ(outcome({{real, 0, 1}, {forged, 2, 2}}, trust), "named fail:x.example");
        EXPECT_EQ(outcome({{real, 0, 1}, {forged, 0, 2}, {"other.example; spf=pass", 1, 3}}, trust), "named fail:x.example");
        EXPECT_EQ(outcome({{"gw.example; spf=none", 0, 1}, {forged, 2, 2}}, trust), "named pass:evil.example");
        EXPECT_EQ(outcome({{forged, 2, 1}}, trust), "named pass:evil.example");
    }
}

// A message without any Received field did not come from Exchange Online; the predecessor's own scripts have such.
TEST(AuthresTrust, anywhere_without_received_several_fields_are_read_as_far_as_there_are_signatures) {
    const AuthresTrust any = trusting(0, AuthresTrust::Position::any);
    EXPECT_EQ(outcome({{real, 0, 1}, {forged, 0, 2}}, any), "named fail:x.example pass:evil.example");
    Header header;
    header.authentication_results = {{real, 0, 1}, {forged, 0, 2}};
    add_signature(header, "x.example", 1);
    EXPECT_EQ(believed_dkim(header, "", any).not_counted, "result-without-signature");
    EXPECT_TRUE(believed_dkim(header, "", any).results.empty());
    add_signature(header, "evil.example", 1);
    EXPECT_EQ(believed_dkim(header, "", any).results.size(), 2u);
}

TEST(AuthresTrust, elsewhere_too_the_topmost_field_ends_the_search) {
    const AuthresTrust any = trusting(0, AuthresTrust::Position::any);
    EXPECT_EQ(outcome({{"gw.example; dkim=none", 1, 1}, {forged, 1, 2}}, any), "named none:?(no header.d)");
    EXPECT_EQ(outcome({{"gw.example; dkim=pass action=none header.d=evil.example", 1, 1}, {forged, 1, 2}}, any),
              "named [result-not-counted: Authentication-Results field 1: a property without ptype]");
    AuthresTrust with_job_ids = any;
    with_job_ids.job_id = true;
    std::vector<AuthresField> guesses;
    for (std::uint32_t i = 1; i < 60; ++i)
        guesses.push_back({"gw.example/G" + std::to_string(i) + "; dkim=pass header.d=evil.example", 1, i});
    guesses.push_back({"gw.example/4XyZ1; dkim=pass header.d=evil.example", 1, 60});
    EXPECT_EQ(outcome(guesses, with_job_ids).find("pass"), std::string::npos);
}

TEST(AuthresTrust, with_job_ids_only_this_messages_queue_id_counts) {
    AuthresTrust trust = trusting();
    trust.job_id = true;
    const std::string ours = "gw.example/4XyZ1; dkim=pass header.d=x.example";
    EXPECT_EQ(outcome({{ours, 0, 1}}, trust), "named pass:x.example");
    EXPECT_EQ(outcome({{"\"gw.example/4XyZ1\" 1; dkim=pass header.d=x.example", 0, 1}}, trust), "named pass:x.example");
    EXPECT_EQ(outcome({{forged, 0, 1}, {"GW.example/4XyZ1; dkim=fail header.d=x.example", 0, 2}}, trust), "named fail:x.example");
    for (const char* id : {"gw.example/", "gw.example/4xyz1", "gw.example/4XyZ1/", "gw.example/4XyZ12", "gw.example/x/4XyZ1"})
        EXPECT_EQ(outcome({{id + std::string("; dkim=pass header.d=evil.example"), 0, 1}, {ours, 0, 2}}, trust),
                  "named [result-not-counted: Authentication-Results field 1: the job id of another message]")
            << id;
    for (const char* id : {"gw.example", "gw.example /4XyZ1", "evil.example/4XyZ1", "4XyZ1", "/4XyZ1"})
        EXPECT_EQ(outcome({{id + std::string("; dkim=pass header.d=evil.example"), 0, 1}}, trust), "-") << id;
    // Without job ids a '/' is no part of an id, and the field of our own name ends the search.
    EXPECT_EQ(outcome({{ours, 0, 1}, {forged, 0, 2}}, trusting()).substr(0, 40), "named [result-not-counted: Authenticatio");

    Header header;
    header.authentication_results = {{"gw.example/; dkim=pass header.d=x.example", 0, 1}};
    add_signature(header, "x.example", 1);
    EXPECT_TRUE(believed_dkim(header, "", trust).no_queue_id);
    EXPECT_TRUE(believed_dkim(header, "", trust).results.empty());
    EXPECT_FALSE(believed_dkim(header, "4XyZ1", trust).no_queue_id);
}

TEST(AuthresTrust, only_trusted_ids_and_methods) {
    AuthresTrust trust = trusting();
    trust.methods = {"spf"};
    EXPECT_EQ(outcome({{forged, 0, 1}}, trust), "- [method-not-trusted: ]");
    trust.methods = {"spf", "DKIM"};
    EXPECT_EQ(outcome({{real, 0, 1}}, trust), "named fail:x.example");
    trust.authserv_ids.clear();
    EXPECT_EQ(outcome({{real, 0, 1}}, trust), "-");
    trust.authserv_ids = {""};  // an empty id trusts nobody, not the fields without one
    EXPECT_EQ(outcome({{"\"\"; dkim=pass header.d=evil", 0, 1}, {"dkim=pass header.d=evil", 0, 2}}, trust), "-");
}

}  // namespace
}  // namespace exota::evidence
