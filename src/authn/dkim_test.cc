#include "authn/dkim.h"

#include <gtest/gtest.h>

#include "authn/dkim_sign_helper.h"
#include "authn/message_test_helper.h"

namespace exota::authn {
namespace {

constexpr std::int64_t now = 1'700'000'000;

const TestSigner& rsa_signer() {
    static const TestSigner signer = TestSigner::rsa(2048);
    return signer;
}
const TestSigner& ed_signer() {
    static const TestSigner signer = TestSigner::ed25519();
    return signer;
}
MockDns zone() {
    MockDns dns;
    dns.txt("sel._domainkey.example.com", rsa_signer().record()).txt("ed._domainkey.example.com", ed_signer().record());
    return dns;
}

DkimSignatureResult only(const Verified& verified) {
    EXPECT_EQ(verified.dkim.signatures.size(), 1U);
    return verified.dkim.signatures.empty() ? DkimSignatureResult{} : verified.dkim.signatures.front();
}
std::string said(const DkimSignatureResult& result) {
    return std::string(name_of(result.value)) + (result.reason.empty() ? "" : ": " + result.reason);
}

DkimSignatureResult check(const TestMessage& message, const MockDns& dns, std::int64_t when = now) {
    return only(verify(message.text(), dns, when));
}
DkimSignatureResult check_signed(const TestSignature& how, const MockDns& dns, std::int64_t when = now) {
    TestMessage message;
    sign(message, rsa_signer(), how);
    return check(message, dns, when);
}

TEST(Dkim, passes_what_was_signed_in_every_canonical_form_and_fails_every_change) {
    const std::string bodies[] = {"", "x", "\r\n", "\r\n\r\n", "x \t\r\n \r\n", "a\r\n\r\nb  c\r\n\r\n", "\xe4\xf6 8 bit\r\n", " \r\nlead"};
    for (const TestSigner* signer : {&rsa_signer(), &ed_signer()})
        for (const char* header_form : {"simple", "relaxed"})
            for (const char* body_form : {"simple", "relaxed"})
                for (const std::string& body : bodies) {
                    TestMessage message{.body = body};
                    sign(message, *signer,
                         {.selector = signer == &rsa_signer() ? "sel" : "ed", .header_form = header_form, .body_form = body_form});
                    const DkimSignatureResult result = check(message, zone());
                    ASSERT_EQ(said(result), "pass") << header_form << '/' << body_form << base::hex_encode(body);
                    EXPECT_TRUE(result.counts) << result.detail;
                    EXPECT_EQ(result.key_bits, signer == &rsa_signer() ? 2048U : 256U);
                    EXPECT_EQ(result.body_hash_ok, true);
                    TestMessage changed = message;
                    changed.body.insert(changed.body.begin(), '.');
                    EXPECT_EQ(said(check(changed, zone())), "fail: body hash did not verify");
                    changed = message;
                    changed.fields.back().value += ".";
                    EXPECT_EQ(said(check(changed, zone())), "fail: signature did not verify");
                    changed = message;
                    changed.fields.push_back({"X-Unsigned", " added"});
                    EXPECT_EQ(said(check(changed, zone())), "pass");
                }
}

TEST(Dkim, one_octet_changed_anywhere_in_simple_form_never_passes) {
    TestMessage message;
    sign(message, rsa_signer(), {.header_form = "simple", .body_form = "simple", .names = "From:To:Subject"});
    const std::string good = message.text();
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        const Verified verified = verify(bad, zone(), now);
        for (const DkimSignatureResult& result : verified.dkim.signatures)
            EXPECT_NE(result.value, DkimValue::pass) << i << " of " << good.size();
    }
}

TEST(Dkim, key_answers) {
    struct Case {
        const char* name;
        MockDns dns;
        const char* want;
    };
    const std::string good = rsa_signer().record(), data = base::base64_encode(rsa_signer().public_octets());
    const std::string other = TestSigner::rsa(1024).record();
    const char* name = "sel._domainkey.example.com";
    const Case cases[] = {
        {"there", MockDns().txt(name, good), "pass"},
        {"no_such_name", MockDns(), "permerror: no key"},
        {"no_data", MockDns().status(name, DnsStatus::no_data), "permerror: no key"},
        {"data_without_record", MockDns().status(name, DnsStatus::data), "permerror: no key"},
        {"temporary", MockDns().status(name, DnsStatus::temporary_failure), "temperror: key unavailable: DNS failed"},
        {"bogus", MockDns().txt(name, good).status(name, DnsStatus::bogus), "temperror: key unavailable: DNSSEC validation failed"},
        {"other_key", MockDns().txt(name, other), "fail: signature did not verify"},
        {"revoked", MockDns().txt(name, "v=DKIM1; p="), "permerror: key revoked"},
        {"other_type", MockDns().txt(name, ed_signer().record()), "permerror: key is ed25519, a= says otherwise"},
        {"second_record_is_right", MockDns().txt(name, other).txt(name, good), "pass"},
        {"text_then_right", MockDns().txt(name, "some text").txt(name, good), "pass"},
        {"wrong_tells_more_than_unusable", MockDns().txt(name, "some text").txt(name, other), "fail: signature did not verify"},
        {"fourth_record", MockDns().txt(name, other).txt(name, other).txt(name, other).txt(name, good), "pass"},
        {"fifth_record", MockDns().txt(name, other).txt(name, other).txt(name, other).txt(name, other).txt(name, good),
         "fail: signature did not verify"},
        {"pkcs1", MockDns().txt(name, "p=" + base::base64_encode(rsa_signer().public_pkcs1())), "pass"},
        {"strict_auid_of_the_domain", MockDns().txt(name, "t=s; p=" + data), "pass"},
    };
    for (const Case& c : cases) EXPECT_EQ(said(check_signed({}, c.dns)), c.want) << c.name;
}

TEST(Dkim, a_changed_body_fails_even_without_dns_but_a_bad_key_is_told_first) {
    TestMessage message;
    sign(message, rsa_signer());
    message.body += "more";
    const char* name = "sel._domainkey.example.com";
    EXPECT_EQ(said(check(message, MockDns().status(name, DnsStatus::temporary_failure))), "fail: body hash did not verify");
    EXPECT_EQ(said(check(message, MockDns().status(name, DnsStatus::bogus))), "fail: body hash did not verify");
    EXPECT_EQ(said(check(message, MockDns().txt(name, "p="))), "permerror: key revoked");
    EXPECT_EQ(check(message, zone()).body_hash_ok, false);
}

TEST(Dkim, strict_keys_forbid_subdomains_in_auid) {
    const std::string strict = "t=s; p=" + base::base64_encode(rsa_signer().public_octets());
    const MockDns dns = MockDns().txt("sel._domainkey.example.com", strict);
    EXPECT_EQ(said(check_signed({.more = "i=a@sub.example.com;"}, dns)), "permerror: key does not allow subdomains in i= (t=s)");
    EXPECT_EQ(said(check_signed({.more = "i=a@sub.example.com;"}, zone())), "pass");
    EXPECT_EQ(said(check_signed({.more = "i=a@example.com;"}, dns)), "pass");
    EXPECT_EQ(check_signed({.more = "i=a@sub.example.com;"}, zone()).auid, "a@sub.example.com");
    EXPECT_EQ(check_signed({}, zone()).auid, "@example.com");
}

TEST(Dkim, keeps_time) {
    struct Case {
        std::string tags;
        std::int64_t when;
        const char* want;
    };
    const Case cases[] = {
        {"x=1000;", 999, "pass"},
        {"x=1000;", 1000, "permerror: signature expired"},
        {"t=1000;", 700, "pass"},
        {"t=1000;", 699, "permerror: signature is from the future"},
        {"t=1000; x=2000;", 1500, "pass"},
        {"x=999999999999;", now, "pass"},
        {"t=999999999999;", now, "permerror: signature is from the future"},
        {"t=0;", 0, "pass"},
    };
    for (const Case& c : cases) EXPECT_EQ(said(check_signed({.more = c.tags}, zone(), c.when)), c.want) << c.tags << c.when;
}

TEST(Dkim, a_length_short_of_the_body_passes_and_does_not_count) {
    const std::string canonical = reference_body(TestMessage{}.body, true);
    const long all = static_cast<long>(canonical.size());
    DkimSignatureResult result = check_signed({.body_octets = all}, zone());
    EXPECT_EQ(said(result), "pass");
    EXPECT_TRUE(result.counts) << "it covers the whole body";
    result = check_signed({.body_octets = all - 1}, zone());
    EXPECT_EQ(said(result), "pass");
    EXPECT_FALSE(result.counts);
    EXPECT_NE(result.detail.find("l="), std::string::npos);
    result = check_signed({.body_octets = 0}, zone());
    EXPECT_EQ(said(result), "pass");
    EXPECT_FALSE(result.counts);

    TestMessage message;
    sign(message, rsa_signer(), {.body_octets = all});
    message.body += "appended by somebody\r\n";
    result = check(message, zone());
    EXPECT_EQ(said(result), "pass");
    EXPECT_FALSE(result.counts);
    message.body = "short";
    EXPECT_EQ(said(check(message, zone())), "fail: body is shorter than l=");
}

TEST(Dkim, the_author_must_be_one_and_signed) {
    TestMessage message;
    sign(message, rsa_signer());
    TestMessage second = message;
    second.fields.insert(second.fields.begin(), {"from", " evil@example.org"});
    EXPECT_EQ(said(check(second, zone())), "permerror: 2 From fields");
    second = message;
    second.fields.push_back({"From ", " evil@example.org"});
    EXPECT_EQ(said(check(second, zone())), "permerror: 2 From fields");

    TestMessage both{.fields = {{"From", " a@example.com"}, {"From", " b@example.com"}}};
    sign(both, rsa_signer(), {.names = "From:From"});
    EXPECT_EQ(said(check(both, zone())), "permerror: 2 From fields") << "even if both are signed";

    TestMessage none{.fields = {{"To", " a@example.com"}}};
    sign(none, rsa_signer(), {.names = "From:To"});
    EXPECT_EQ(said(check(none, zone())), "permerror: 0 From fields");
    EXPECT_EQ(said(check_signed({.names = "To:Subject"}, zone())), "permerror: h= does not cover From");
}

TEST(Dkim, a_repeated_field_that_is_not_covered_as_often_does_not_count) {
    struct Case {
        const char* name;
        std::vector<TestField> added;  // on top, after signing
        const char* names;
        bool passes, counts;
    };
    const Case cases[] = {
        {"nothing_added", {}, "From:To:Subject", true, true},
        {"second_subject", {{"Subject", " evil"}}, "From:To:Subject", true, false},
        {"second_subject_other_case", {{"SUBJECT", " evil"}}, "From:To:Subject", true, false},
        {"second_subject_guarded", {{"Subject", " evil"}}, "From:To:Subject:Subject", false, false},
        {"first_cc_unnamed", {{"Cc", " a@example.com"}}, "From:To:Subject", true, true},
        {"two_cc_unnamed", {{"Cc", " a@example.com"}, {"Cc", " b@example.com"}}, "From:To:Subject", true, false},
        {"second_date", {{"Date", " x"}, {"Date", " y"}}, "From", true, false},
        {"many_received", {{"Received", " x"}, {"Received", " y"}}, "From", true, true},
        {"two_message_ids", {{"Message-ID", " x"}, {"Message-Id", " y"}}, "From", true, false},
    };
    for (const Case& c : cases) {
        TestMessage message;
        sign(message, rsa_signer(), {.names = c.names});
        message.fields.insert(message.fields.begin(), c.added.begin(), c.added.end());
        const DkimSignatureResult result = check(message, zone());
        EXPECT_EQ(result.value == DkimValue::pass, c.passes) << c.name << ' ' << said(result);
        EXPECT_EQ(result.counts, c.counts) << c.name << ' ' << result.detail;
    }
    TestMessage covered{.fields = {{"From", " a@example.com"}, {"To", " a@example.com"}, {"To", " b@example.com"}}};
    sign(covered, rsa_signer(), {.names = "From:To:To"});
    EXPECT_TRUE(check(covered, zone()).counts) << "both are what was signed";
}

TEST(Dkim, testing_keys_pass_and_do_not_count) {
    const MockDns dns = MockDns().txt("sel._domainkey.example.com", "t=y; p=" + base::base64_encode(rsa_signer().public_octets()));
    const DkimSignatureResult result = check_signed({}, dns);
    EXPECT_EQ(said(result), "pass");
    EXPECT_TRUE(result.testing);
    EXPECT_FALSE(result.counts);
}

TEST(Dkim, dnssec_is_reported) {
    EXPECT_FALSE(check_signed({}, zone()).secure);
    MockDns dns = zone();
    EXPECT_TRUE(check_signed({}, dns.secure("sel._domainkey.example.com")).secure);
}

TEST(Dkim, names_take_fields_from_the_bottom_and_never_the_signature_itself) {
    TestMessage message{.fields = {{"Received", " top"}, {"Received", " middle"}, {"Received", " bottom"}, {"From", " a@example.com"}}};
    sign(message, rsa_signer(), {.names = "From:Received:Received"});
    TestMessage added = message;
    added.fields.insert(added.fields.begin() + 1, {"Received", " new"});
    EXPECT_EQ(said(check(added, zone())), "pass");
    TestMessage changed = message;
    changed.fields[2].value = " changed";  // "middle"
    EXPECT_EQ(said(check(changed, zone())), "fail: signature did not verify");

    TestMessage twice;
    sign(twice, rsa_signer());
    sign(twice, rsa_signer(), {.names = "From:DKIM-Signature"});
    const Verified verified = verify(twice.text(), zone(), now);
    ASSERT_EQ(verified.dkim.signatures.size(), 2U);
    EXPECT_EQ(said(verified.dkim.signatures[0]), "pass");
    EXPECT_EQ(said(verified.dkim.signatures[1]), "pass");
    EXPECT_EQ(verified.questions, 1U) << "one key, one question";
}

TEST(Dkim, signatures_beyond_the_limit_are_told_and_the_interesting_come_first) {
    TestMessage message;
    for (int i = 0; i < 3; ++i) sign(message, rsa_signer());
    VerifyLimits limits;
    limits.dkim.max_signatures = 3;
    for (const auto& result : verify(message.text(), zone(), now, limits).dkim.signatures) EXPECT_EQ(said(result), "pass");
    limits.dkim.max_signatures = 2;
    Verified verified = verify(message.text(), zone(), now, limits);
    EXPECT_EQ(said(verified.dkim.signatures[1]), "pass");
    EXPECT_EQ(said(verified.dkim.signatures[2]), "policy: more than 2 signatures, not evaluated");

    // A flood of signatures above must not push out the one that counts.
    TestMessage flood;
    sign(flood, rsa_signer());
    for (int i = 0; i < 50; ++i) sign(flood, rsa_signer(), {.domain = "flood" + std::to_string(i) + ".example"});
    const auto interest = [](std::string_view sdid) { return sdid == "example.com" ? Interest::first : Interest::later; };
    verified = verify(flood.text(), zone(), now, {}, 0, interest);
    ASSERT_EQ(verified.dkim.signatures.size(), 51U);
    EXPECT_EQ(said(verified.dkim.signatures.back()), "pass");
    EXPECT_EQ(verified.questions, 20U);
    const auto only_ours = [](std::string_view sdid) { return sdid == "example.com" ? Interest::first : Interest::none; };
    verified = verify(flood.text(), zone(), now, {}, 0, only_ours);
    EXPECT_EQ(said(verified.dkim.signatures.front()), "neutral: not evaluated");
    EXPECT_EQ(said(verified.dkim.signatures.back()), "pass");
    EXPECT_EQ(verified.questions, 1U);
}

TEST(Dkim, a_header_beyond_the_limit_is_never_no_signature) {
    TestMessage message;
    sign(message, rsa_signer());
    VerifyLimits limits;
    limits.header.max_fields = message.fields.size();
    EXPECT_EQ(said(only(verify(message.text(), zone(), now, limits))), "pass");
    EXPECT_FALSE(verify(message.text(), zone(), now, limits).dkim.incomplete);
    limits.header.max_fields = message.fields.size() - 1;
    Verified verified = verify(message.text(), zone(), now, limits);
    EXPECT_TRUE(verified.dkim.incomplete);
    EXPECT_EQ(said(only(verified)), "policy: header passes the limit, not evaluated");
    limits.header.max_fields = 0;
    verified = verify(message.text(), zone(), now, limits);
    EXPECT_TRUE(verified.dkim.incomplete);
    EXPECT_TRUE(verified.dkim.signatures.empty());
}

TEST(Dkim, pending_says_what_holds_if_time_runs_out) {
    TestMessage message;
    sign(message, rsa_signer());
    sign(message, rsa_signer(), {.algorithm = "rsa-sha1"});
    MessageVerifier verifier{VerifyLimits{}};
    feed(verifier, message.text());
    Dns dns;
    KeyCache keys;
    const std::chrono::sys_seconds when{std::chrono::seconds(now)};
    DkimOutcome outcome = verifier.check_dkim(dns, when, keys);
    EXPECT_TRUE(outcome.pending);
    EXPECT_EQ(said(outcome.signatures[0]), "permerror: rsa-sha1 is not acceptable");
    EXPECT_FALSE(outcome.signatures[0].pending);
    EXPECT_TRUE(outcome.signatures[1].pending);
    EXPECT_EQ(outcome.signatures[1].value, DkimValue::temperror);
    EXPECT_EQ(zone().answer(dns), 1U);
    outcome = verifier.check_dkim(dns, when, keys);
    EXPECT_FALSE(outcome.pending);
    EXPECT_EQ(said(outcome.signatures[1]), "pass");
    EXPECT_EQ(verifier.check_dkim(dns, when, keys).signatures, outcome.signatures) << "settled is settled";
}

TEST(Dkim, long_headers_and_chunks_of_any_size) {
    TestMessage message;
    std::string names = "From";
    for (int i = 0; i < 100; ++i) {
        message.fields.push_back({"X-Long-" + std::to_string(i), " " + std::string(900, 'x') + "\r\n\t" + std::string(900, 'y')});
        names += "\r\n :X-Long-" + std::to_string(i);
    }
    for (int i = 0; i < 500; ++i) message.body += "line " + std::to_string(i) + " \t with  blanks \r\n";
    sign(message, rsa_signer(), {.names = names});
    const std::string text = message.text();
    for (const std::size_t chunk : {0U, 1U, 2U, 3U, 7U, 64U, 1000U, 65535U})
        EXPECT_EQ(said(only(verify(text, zone(), now, {}, chunk))), "pass") << chunk;
}

}  // namespace
}  // namespace exota::authn
