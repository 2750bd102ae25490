#include "authn/arc.h"

#include <gtest/gtest.h>

#include "authn/dkim_sign_helper.h"
#include "authn/message_test_helper.h"

namespace exota::authn {
namespace {

constexpr std::int64_t now = 1'700'000'000;

const TestSigner& signer() {
    static const TestSigner made = TestSigner::rsa(1024);
    return made;
}

MockDns zone() {
    MockDns dns;
    for (int i = 1; i <= 60; ++i) dns.txt("sel._domainkey.hop" + std::to_string(i) + ".example", signer().record());
    return dns;
}

void seal(TestMessage& message, int instance, const Sealing& how = {}) { seal(message, signer(), instance, how); }

TestMessage sealed(int hops) {
    TestMessage message;
    for (int i = 1; i <= hops; ++i) seal(message, i);
    return message;
}

TestField& field(TestMessage& message, std::string_view name, int instance) {
    for (TestField& candidate : message.fields)
        if (candidate.name == name && candidate.value.starts_with(" i=" + std::to_string(instance) + ";")) return candidate;
    throw std::runtime_error("no such field");
}

ArcOutcome check(const TestMessage& message, const MockDns& dns = zone()) { return verify(message.text(), dns, now).arc; }
std::string said(const ArcOutcome& outcome) {
    return std::string(name_of(outcome.value)) + (outcome.reason.empty() ? "" : ": " + outcome.reason);
}

TEST(Arc, passes_chains_of_any_allowed_length_and_lists_the_sealers) {
    EXPECT_EQ(said(check(TestMessage{})), "none");
    for (const int hops : {1, 2, 3, 50}) {
        const ArcOutcome outcome = check(sealed(hops));
        ASSERT_EQ(said(outcome), "pass") << hops;
        EXPECT_TRUE(outcome.counts);
        ASSERT_EQ(outcome.instances.size(), static_cast<std::size_t>(hops));
        EXPECT_EQ(outcome.instances.front(), (ArcInstance{1, "hop1.example", "mx.example; dkim=pass header.d=example.com"}));
        EXPECT_EQ(outcome.instances.back().sealer, "hop" + std::to_string(hops) + ".example");
    }
    TestMessage message = sealed(50);
    message.fields.insert(message.fields.begin(), {"ARC-Seal", " i=51; cv=pass; a=rsa-sha256; d=x.example; s=s; b=AAAA"});
    EXPECT_EQ(said(check(message)), "fail: more than 50 ARC sets");
}

TEST(Arc, each_rule_of_structure) {
    struct Case {
        const char* name;
        void (*forge)(TestMessage&);
        const char* want;
    };
    const Case cases[] = {
        {"untouched", [](TestMessage&) {}, "pass"},
        {"unsigned_field_added", [](TestMessage& m) { m.fields.insert(m.fields.begin(), {"X-New", " x"}); }, "pass"},
        {"seal_missing",
         [](TestMessage& m) {
             std::erase_if(m.fields, [](const TestField& f) { return f.name == "ARC-Seal" && f.value.starts_with(" i=1"); });
         },
         "not complete"},
        {"results_missing",
         [](TestMessage& m) {
             std::erase_if(m.fields,
                           [](const TestField& f) { return f.name == "ARC-Authentication-Results" && f.value.starts_with(" i=2"); });
         },
         "not complete"},
        {"only_results",
         [](TestMessage& m) {
             std::erase_if(m.fields, [](const TestField& f) { return f.name == "ARC-Seal" || f.name == "ARC-Message-Signature"; });
         },
         "not complete"},
        {"newest_set_removed",
         [](TestMessage& m) {
             std::erase_if(m.fields, [](const TestField& f) { return f.name.starts_with("ARC-") && f.value.starts_with(" i=2"); });
         },
         "pass"},
        {"oldest_set_removed",
         [](TestMessage& m) {
             std::erase_if(m.fields, [](const TestField& f) { return f.name.starts_with("ARC-") && f.value.starts_with(" i=1"); });
         },
         "a set is missing"},
        {"seal_twice", [](TestMessage& m) { m.fields.push_back(field(m, "ARC-Seal", 2)); }, "not complete"},
        {"seal_twice_for_one_missing", [](TestMessage& m) { field(m, "ARC-Seal", 1) = field(m, "ARC-Seal", 2); }, "i=2: twice"},
        {"results_twice_for_one_missing",
         [](TestMessage& m) { field(m, "ARC-Authentication-Results", 1) = field(m, "ARC-Authentication-Results", 2); }, "i=2: twice"},
        {"instance_zero", [](TestMessage& m) { field(m, "ARC-Seal", 1).value.replace(1, 4, "i=0;"); }, "no good i="},
        {"instance_51", [](TestMessage& m) { field(m, "ARC-Seal", 1).value.replace(1, 4, "i=51;"); }, "no good i="},
        {"instance_missing", [](TestMessage& m) { field(m, "ARC-Message-Signature", 1).value.replace(1, 4, "j=1;"); }, "no good i="},
        {"instance_of_results_not_first",
         [](TestMessage& m) { field(m, "ARC-Authentication-Results", 1).value = " mx.example; i=1; dkim=pass"; }, "does not begin"},
        {"instance_within_a_comment", [](TestMessage& m) { field(m, "ARC-Authentication-Results", 1).value.insert(0, " (i=2; (nested))"); },
         "fail: ARC-Seal i=2: signature did not verify"},
        {"comment_never_closes", [](TestMessage& m) { field(m, "ARC-Authentication-Results", 1).value.insert(0, " (("); },
         "does not begin"},
        {"first_says_pass",
         [](TestMessage& m) {
             std::string& v = field(m, "ARC-Seal", 1).value;
             v.replace(v.find("cv=none"), 7, "cv=pass");
         },
         "wrong cv="},
        {"second_says_none",
         [](TestMessage& m) {
             std::string& v = field(m, "ARC-Seal", 2).value;
             v.replace(v.find("cv=pass"), 7, "cv=none");
         },
         "wrong cv="},
        {"second_says_fail",
         [](TestMessage& m) {
             std::string& v = field(m, "ARC-Seal", 2).value;
             v.replace(v.find("cv=pass"), 7, "cv=fail");
         },
         "says cv=fail"},
        {"no_chain_status",
         [](TestMessage& m) {
             std::string& v = field(m, "ARC-Seal", 2).value;
             v.replace(v.find("cv=pass"), 7, "xx=pass");
         },
         "wrong cv="},
        {"seal_with_h", [](TestMessage& m) { field(m, "ARC-Seal", 2).value.insert(1, "h=From; "); }, "has h="},
        {"seal_algorithm",
         [](TestMessage& m) {
             std::string& v = field(m, "ARC-Seal", 1).value;
             v.replace(v.find("rsa-sha256"), 10, "rsa-sha1");
         },
         "rsa-sha1"},
        {"signature_covers_seals",
         [](TestMessage& m) {
             std::string& v = field(m, "ARC-Message-Signature", 2).value;
             v.replace(v.find("h=From"), 6, "h=From:ARC-Seal");
         },
         "covers ARC-Seal"},
        {"tag_twice", [](TestMessage& m) { field(m, "ARC-Seal", 1).value.insert(1, "s=x; "); }, "twice"},
        {"results_changed", [](TestMessage& m) { field(m, "ARC-Authentication-Results", 1).value += "!"; }, "signature did not verify"},
        {"older_signature_changed", [](TestMessage& m) { field(m, "ARC-Message-Signature", 1).value.insert(6, " "); },
         "pass"},  // relaxed: white space
        {"older_signature_rewritten", [](TestMessage& m) { field(m, "ARC-Message-Signature", 1).value += "x"; },
         "fail: ARC-Seal i=2: signature did not verify"},
        {"author_changed", [](TestMessage& m) { m.fields[6].value += "x"; }, "fail: ARC-Message-Signature i=2: signature did not verify"},
        {"body_changed", [](TestMessage& m) { m.body += "x"; }, "fail: ARC-Message-Signature i=2: body hash did not verify"},
    };
    for (const Case& c : cases) {
        TestMessage message = sealed(2);
        c.forge(message);
        const std::string result = said(check(message));
        EXPECT_NE(result.find(c.want), std::string::npos) << c.name << ": " << result;
        if (std::string_view(c.want) != "pass") {
            EXPECT_TRUE(result.starts_with("fail: ")) << c.name << ": " << result;
        }
    }
}

TEST(Arc, a_change_that_a_later_hop_sealed_passes) {
    TestMessage message = sealed(1);
    message.body += "footer of a list\r\n";
    message.fields.back().value += " [list]";
    seal(message, 2);
    EXPECT_EQ(said(check(message)), "pass");
}

TEST(Arc, a_later_hop_cannot_whitewash_what_it_found_broken) {
    TestMessage message = sealed(1);
    field(message, "ARC-Authentication-Results", 1).value += " forged=pass";
    seal(message, 2);  // says cv=pass
    EXPECT_EQ(said(check(message)), "fail: ARC-Seal i=1: signature did not verify");
}

TEST(Arc, keys_that_cannot_be_found_out_are_temporary) {
    const TestMessage message = sealed(3);
    const char* first = "sel._domainkey.hop1.example";
    EXPECT_EQ(said(check(message, zone().status(first, DnsStatus::temporary_failure))), "temperror: key unavailable: DNS failed");
    EXPECT_EQ(said(check(message, zone().status(first, DnsStatus::bogus))), "temperror: key unavailable: DNSSEC validation failed");
    EXPECT_EQ(said(check(message, zone().status(first, DnsStatus::nxdomain))), "fail: ARC-Seal i=1: no key");
    // A definite failure is told whatever else is unknown.
    MockDns dns = zone();
    dns.status(first, DnsStatus::temporary_failure).status("sel._domainkey.hop2.example", DnsStatus::no_data);
    EXPECT_EQ(said(check(message, dns)), "fail: ARC-Seal i=2: no key");
}

TEST(Arc, asks_for_all_keys_at_once_and_settles_when_they_are_there) {
    const std::string text = sealed(3).text();
    MessageVerifier verifier{VerifyLimits{}};
    feed(verifier, text);
    Dns dns;
    KeyCache keys;
    const std::chrono::sys_seconds when{std::chrono::seconds(now)};
    ArcOutcome outcome = verifier.check_arc(dns, when, keys);
    EXPECT_TRUE(outcome.pending);
    EXPECT_EQ(outcome.value, ArcResult::temperror);
    EXPECT_EQ(outcome.instances.size(), 3U);
    EXPECT_EQ(dns.take_pending().size(), 3U);
    const auto put = [&](int hop) {
        dns.put({"sel._domainkey.hop" + std::to_string(hop) + ".example", RecordType::txt},
                {.status = DnsStatus::data, .records = {signer().record()}});
    };
    put(1);
    put(3);
    EXPECT_TRUE(verifier.check_arc(dns, when, keys).pending);
    put(2);
    outcome = verifier.check_arc(dns, when, keys);
    EXPECT_FALSE(outcome.pending);
    EXPECT_EQ(said(outcome), "pass");
}

TEST(Arc, a_short_length_passes_and_does_not_count) {
    TestMessage message;
    seal(message, 1, {.message_signature = {.body_octets = 5}});
    const ArcOutcome outcome = check(message);
    EXPECT_EQ(said(outcome), "pass");
    EXPECT_FALSE(outcome.counts);
}

TEST(Arc, what_could_be_added_behind_the_sealer_passes_and_does_not_count) {
    TestMessage repeated = sealed(1);
    repeated.fields.insert(repeated.fields.begin(), {"Subject", " not what was sealed"});
    EXPECT_EQ(said(check(repeated)), "pass");
    EXPECT_FALSE(check(repeated).counts);

    TestMessage nobodys;
    seal(nobodys, 1, {.message_signature = {.names = "Subject:Date"}});
    EXPECT_EQ(said(check(nobodys)), "pass");
    EXPECT_FALSE(check(nobodys).counts) << "any author can be put in front";
}

TEST(Arc, limits) {
    VerifyLimits limits;
    limits.arc.max_instances = 2;
    EXPECT_EQ(said(verify(sealed(2).text(), zone(), now, limits).arc), "pass");
    EXPECT_EQ(said(verify(sealed(3).text(), zone(), now, limits).arc), "fail: more than 2 ARC sets");
    limits = {};
    limits.header.max_fields = sealed(2).fields.size() - 1;
    EXPECT_EQ(said(verify(sealed(2).text(), zone(), now, limits).arc), "fail: header passes the limit, not evaluated");
}

TEST(ArcResultsField, begins_with_its_instance) {
    struct Case {
        const char* value;
        std::uint32_t instance;  // 0: broken
        const char* payload;
    };
    const Case cases[] = {
        {" i=1; mx; dkim=pass", 1, "mx; dkim=pass"},
        {"i=50;mx", 50, "mx"},
        {" i = 2 ;\r\n\tmx", 2, "mx"},
        {" (c) i (c) = (c(c)\\)) 3 (c) ; mx", 3, "mx"},
        {" i=01; mx", 1, "mx"},
        {" i=1;", 1, ""},
        {" i=0; mx", 0, ""},
        {" i=51; mx", 0, ""},
        {" i=100; mx", 0, ""},
        {" i=-1; mx", 0, ""},
        {" i=1 mx", 0, ""},
        {" i=; mx", 0, ""},
        {" I=1; mx", 0, ""},
        {" mx; i=1", 0, ""},
        {" i=1", 0, ""},
        {"", 0, ""},
        {" (i=1; mx", 0, ""},
    };
    for (const Case& c : cases) {
        const auto parsed = parse_arc_results_field(c.value);
        if (c.instance == 0) {
            EXPECT_FALSE(parsed) << c.value;
        } else {
            ASSERT_TRUE(parsed) << c.value;
            EXPECT_EQ(parsed->instance, c.instance) << c.value;
            EXPECT_EQ(parsed->payload, c.payload) << c.value;
        }
    }
}

}  // namespace
}  // namespace exota::authn
