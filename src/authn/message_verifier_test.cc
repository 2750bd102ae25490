#include "authn/message_verifier.h"

#include <gtest/gtest.h>

#include "authn/dkim_sign_helper.h"
#include "authn/message_test_helper.h"

namespace exota::authn {
namespace {

constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};

TEST(MessageVerifier, wants_the_body_only_if_a_signature_needs_it) {
    const TestSigner signer = TestSigner::rsa(1024);
    TestMessage plain;
    MessageVerifier none{VerifyLimits{}};
    feed(none, plain.text());
    EXPECT_FALSE(none.wants_body());
    Dns dns;
    KeyCache keys;
    EXPECT_TRUE(none.check_dkim(dns, now, keys).signatures.empty());
    EXPECT_EQ(none.check_arc(dns, now, keys).value, ArcResult::none);
    EXPECT_FALSE(dns.has_pending());

    TestMessage message;
    sign(message, signer);
    MessageVerifier good{VerifyLimits{}};
    feed(good, message.text());
    EXPECT_TRUE(good.wants_body());

    MessageVerifier uninteresting{VerifyLimits{}};
    feed(uninteresting, message.text(), 0, [](std::string_view) { return Interest::none; });
    EXPECT_FALSE(uninteresting.wants_body());

    MessageVerifier arc_only(VerifyLimits{}, {.dkim = false});
    feed(arc_only, message.text());
    EXPECT_FALSE(arc_only.wants_body());

    TestMessage broken;
    sign(broken, signer, {.algorithm = "rsa-sha1"});
    MessageVerifier hopeless{VerifyLimits{}};
    feed(hopeless, broken.text());
    EXPECT_FALSE(hopeless.wants_body()) << "nothing left to verify";
}

TEST(MessageVerifier, asks_for_keys_before_the_body) {
    const TestSigner signer = TestSigner::rsa(1024);
    TestMessage message;
    sign(message, signer);
    MessageVerifier verifier{VerifyLimits{}};
    for (const TestField& field : message.fields) verifier.header_field(field.name, field.value);
    verifier.end_of_header();
    Dns dns;
    verifier.ask_keys(dns);
    EXPECT_EQ(MockDns().txt("sel._domainkey.example.com", signer.record()).answer(dns), 1U);
    verifier.body(message.body);
    verifier.end_of_body();
    KeyCache keys;
    const DkimOutcome outcome = verifier.check_dkim(dns, now, keys);
    EXPECT_FALSE(outcome.pending);
    ASSERT_EQ(outcome.signatures.size(), 1U);
    EXPECT_EQ(outcome.signatures[0].value, DkimValue::pass) << outcome.signatures[0].reason;
    EXPECT_EQ(keys.misses(), 1U);
}

TEST(MessageVerifier, takes_folds_as_milters_write_them) {
    const TestSigner signer = TestSigner::rsa(1024);
    TestMessage message;
    sign(message, signer, {.header_form = "simple"});
    MessageVerifier verifier{VerifyLimits{}};
    for (const TestField& field : message.fields) verifier.header_field(field.name, replace_all(field.value, "\r\n", "\n"));
    verifier.end_of_header();
    verifier.body(message.body);
    verifier.end_of_body();
    Dns dns;
    dns.put({"sel._domainkey.example.com", RecordType::txt}, {.status = DnsStatus::data, .records = {signer.record()}});
    KeyCache keys;
    EXPECT_EQ(verifier.check_dkim(dns, now, keys).signatures.at(0).value, DkimValue::pass);
}

TEST(MessageVerifier, worst_cases_stay_small) {
    // 1,000 signatures with h= of 256 names, all of which look at a header of a megabyte: work is bounded by limits, not by the sender.
    const TestSigner signer = TestSigner::rsa(1024);
    TestMessage message;
    TestSignature how;
    for (int i = 0; i < 255; ++i) how.names += i < 253 ? ":X-Big" : "";
    for (int i = 0; i < 253; ++i) message.fields.push_back({"X-Big", " " + std::string(1000, 'x')});
    sign(message, signer, how);
    const TestField signature = message.fields.front();
    for (int i = 0; i < 300; ++i) message.fields.insert(message.fields.begin(), signature);
    const MockDns dns = MockDns().txt("sel._domainkey.example.com", signer.record());
    const Verified verified = verify(message.text(), dns, 1'700'000'000);
    std::size_t passed = 0, refused = 0;
    for (const auto& result : verified.dkim.signatures) {
        passed += result.value == DkimValue::pass;
        refused += result.value == DkimValue::policy;
    }
    EXPECT_EQ(passed, VerifyLimits{}.dkim.max_signatures);
    EXPECT_EQ(passed + refused, 301U);
    EXPECT_EQ(verified.questions, 1U);
}

}  // namespace
}  // namespace exota::authn
