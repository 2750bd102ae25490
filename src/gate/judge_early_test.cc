// When the answers that are still missing do not matter any more, nobody waits for them; and only then.
#include <gtest/gtest.h>

#include "decision/findings.h"
#include "decision/verified_results.h"
#include "gate/verifying_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::Reason;
using decision::Verdict;

TEST_F(Verifying, fifty_signatures_on_slow_servers_cost_the_others_nothing) {
    authn::TestMessage flood = message_of("contoso.test");
    sign(flood, key, by("contoso.test"));  // at the bottom: whose domain could count is asked for first all the same
    for (int i = 0; i < 49; ++i) sign(flood, key, by("slow" + std::to_string(i) + ".test"));
    authn::TestMessage ordinary = message_of("fabrikam.test");
    sign(ordinary, key, by("fabrikam.test"));

    testing::Mta slow(judge), other(judge);
    slow.greet_and_connect();
    other.greet_and_connect();
    send(slow, flood);
    EXPECT_LE(network.held.size(), authn::VerifyLimits{}.dkim.max_signatures);
    EXPECT_TRUE(network.held.contains("s1._domainkey.contoso.test"));
    for (int round = 0; round < 2; ++round) {  // as many as the tenant may send
        send(other, ordinary);
        network.answer("s1._domainkey.fabrikam.test", txt(key.record()));
        EXPECT_FALSE(other.say().empty()) << "answered while the flood still waits";
        EXPECT_EQ(last().verdict, Verdict::accept) << last().why;
        EXPECT_EQ(judge.waiting(), 1U);
    }
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(last().verdict, Verdict::accept) << "nobody waits for the slow ones";
    EXPECT_EQ(judge.waiting(), 0U);

    authn::TestMessage hopeless = message_of("contoso.test");
    for (int i = 0; i < 50; ++i) sign(hopeless, key, by("slow" + std::to_string(i) + ".test"));
    network.held.clear();
    testing::Mta third(judge);
    third.greet_and_connect();
    send(third, hopeless);
    EXPECT_TRUE(network.held.empty()) << "none of them could count, so nobody is asked";
    EXPECT_EQ(last().verdict, Verdict::reject);
}

TEST_F(Verifying, what_nobody_asked_about_is_left_out_and_not_called_trouble) {
    Snapshot snapshot = snapshot_of(index_of(tenants_text));
    snapshot.rules.dkim_source = decision::DkimSource::verify;
    snapshot.rules.header.verification_results = true;
    rules_changed(snapshot);
    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("list.test"));
    Mta mta(judge);
    mta.greet_and_connect();
    send(mta, message);
    EXPECT_TRUE(network.held.empty());
    EXPECT_EQ(last().verdict, Verdict::reject);
    EXPECT_EQ(decision::finding_of(last().findings, tenant::Factor::dkim_any).detail, "not-asked");
    EXPECT_EQ(decision::verified_results(recorder.messages.back().evidence, "mx.test"), "") << "no word about a signature nobody looked at";

    sign(message, key, by("contoso.test"));
    send(mta, message);
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(last().verdict, Verdict::accept) << last().why;
    EXPECT_EQ(decision::verified_results(recorder.messages.back().evidence, "mx.test"), "mx.test;\n\tdkim=pass header.d=contoso.test");
}

/// DMARC may hang on an SPF result that nobody waited for: then its failure is not known, and must not be told.
TEST_F(Verifying, a_failure_that_an_answer_could_mend_is_not_told) {
    Snapshot snapshot = snapshot_of(index_of(
        R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "proofs": ["client-cert + dkim-any", "client-cert + dmarc"]}}})"));
    snapshot.rules.dkim_source = decision::DkimSource::verify;
    rules_changed(snapshot);
    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("list.test"));
    Mta mta(judge);
    mta.greet_and_connect();
    send(mta, message);
    network.answer("_dmarc.contoso.test", txt("v=DMARC1; p=reject; psd=n"));
    ASSERT_EQ(judge.waiting(), 1U);
    network.answer("s1._domainkey.list.test", txt(key.record()));
    ASSERT_EQ(judge.waiting(), 0U);
    EXPECT_EQ(last().verdict, Verdict::accept) << last().why;
    EXPECT_TRUE(network.held.contains("contoso.test")) << "SPF was still open";
    EXPECT_EQ(decision::verified_results(recorder.messages.back().evidence, "mx.test"), "mx.test;\n\tdkim=pass header.d=list.test");
}

/// The predecessor names the first check that failed; an answer may make the proof hold all the same.
TEST_F(Verifying, the_predecessors_words_do_not_end_the_wait) {
    for (const auto& [record, want] : {std::pair("v=spf1 +all", Verdict::accept), std::pair("v=spf1 -all", Verdict::reject)}) {
        Snapshot snapshot = snapshot_of(
            index_of(R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "proofs": ["client-cert + spf"]}}})"));
        snapshot.rules.drop_in.emplace();
        snapshot.rules.drop_in->x509 = true;
        snapshot.rules.drop_in->tenant_id_required = true;
        rules_changed(snapshot);
        Mta mta(judge);
        mta.greet_and_connect();
        mta.envelope();
        milter::mta::append_header(mta.out, "From", " jane@contoso.test");
        mta.end();
        mta.say();
        ASSERT_EQ(network.held.size(), 1U);
        network.answer(std::string(network.held.begin()->first), txt(record));
        EXPECT_EQ(last().verdict, want) << last().why;
        EXPECT_EQ(judge.waiting(), 0U);
    }
}

/// While it is open whose message it is, the mode is open too: the verdict must not hang on which server answers first.
TEST_F(Verifying, between_two_customers_the_order_of_answers_changes_nothing) {
    for (const bool forwarder_enforces : {false, true}) {
        std::vector<std::pair<Verdict, Verdict>> seen;
        for (const bool author_first : {true, false}) {
            const std::string modes[] = {forwarder_enforces ? "monitor" : "enforce", forwarder_enforces ? "enforce" : "monitor"};
            Snapshot snapshot = snapshot_of(
                index_of(R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "mode": ")" + modes[0] +
                         R"(", "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "proofs": ["client-cert + dkim-aligned"]},
                "fabrikam": {"domains": ["fabrikam.test"], "mode": ")" +
                         modes[1] + R"(", "forwarding": true,
                "tenant_ids": ["2222abcd-18c5-45e8-88de-123456789abc"], "proofs": ["client-cert + dkim"]}}})"));
            snapshot.rules.dkim_source = decision::DkimSource::verify;
            rules_changed(snapshot);
            authn::TestMessage message = message_of("contoso.test");
            message.fields.push_back({"X-MS-Exchange-CrossTenant-Id", " 2222abcd-18c5-45e8-88de-123456789abc"});
            sign(message, key, by("contoso.test"));
            sign(message, key, by("fabrikam.test"));
            Mta mta(judge);
            mta.greet_and_connect();
            send(mta, message);
            const auto answer = [&](bool author) {
                const std::string name = author ? "s1._domainkey.contoso.test" : "s1._domainkey.fabrikam.test";
                if (!network.held.contains(name)) return;  // nobody waits for it any more
                network.answer(name, author ? txt(key.record()) : authn::DnsAnswer{.status = authn::DnsStatus::nxdomain});
            };
            answer(author_first);
            answer(!author_first);
            ASSERT_EQ(judge.waiting(), 0U);
            seen.emplace_back(last().verdict, last().judged);
            network.held.clear();
        }
        EXPECT_EQ(seen.front(), seen.back());
        EXPECT_EQ(seen.front().first, forwarder_enforces ? Verdict::reject : Verdict::accept) << "the forwarder's mode";
        EXPECT_EQ(seen.front().second, Verdict::reject);
    }
}

}  // namespace
}  // namespace exota::gate
