// Verification between the end of a message and its verdict: through the milter session, with DNS answers that come when the test says.
#include <gtest/gtest.h>

#include "gate/verifying_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::Reason;
using decision::Verdict;
using State = MilterSession::State;

TEST_F(Verifying, a_good_signature_authorises_when_its_key_comes) {
    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("contoso.test"));
    for (const std::size_t chunk : {65535UL, 7UL, 1UL}) {
        testing::Mta mta(judge);
        mta.greet_and_connect();
        EXPECT_TRUE(send(mta, message, chunk).empty());
        EXPECT_EQ(mta.state, State::waiting);
        EXPECT_EQ(judge.waiting(), 1U);
        network.answer("s1._domainkey.contoso.test", txt(key.record()));
        EXPECT_EQ(mta.wakes, 1);
        EXPECT_FALSE(mta.say().empty());
        EXPECT_EQ(last().verdict, Verdict::accept) << last().why;
        EXPECT_EQ(judge.waiting(), 0U);
    }
}

TEST_F(Verifying, spf_is_looked_up_though_nobody_listens_to_signatures) {
    const auto tenants =
        testing::index_of(R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "proofs": ["client-cert + spf"]}}})");
    rules_changed(testing::snapshot_of(tenants));  // DKIM results from Authentication-Results
    for (const auto& [record, want] : {std::pair("v=spf1 +all", Verdict::accept), std::pair("v=spf1 -all", Verdict::reject)}) {
        testing::Mta mta(judge);
        mta.greet_and_connect();
        mta.envelope();
        milter::mta::append_header(mta.out, "From", " jane@contoso.test");
        mta.end();
        mta.say();
        ASSERT_EQ(judge.waiting(), 1U);
        ASSERT_EQ(network.held.size(), 1U);
        network.answer(std::string(network.held.begin()->first), txt(record));
        EXPECT_EQ(last().verdict, want) << last().why;
    }
    rules_changed(testing::snapshot_of(testing::index_of(testing::tenants_text)));  // no proof asks for SPF
    testing::Mta mta(judge);
    mta.greet_and_connect();
    mta.envelope();
    milter::mta::append_header(mta.out, "From", " jane@contoso.test");
    mta.end();
    mta.say();
    EXPECT_TRUE(network.held.empty());
    EXPECT_EQ(judge.waiting(), 0U);
}

TEST_F(Verifying, one_changed_octet_is_refused) {
    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("contoso.test"));
    message.body[0] = 'J';
    testing::Mta mta(judge);
    mta.greet_and_connect();
    send(mta, message);
    if (judge.waiting() == 1) network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(last().verdict, Verdict::reject);
    EXPECT_EQ(last().reason, Reason::not_proven);
}

TEST_F(Verifying, trouble_with_dns_defers_and_an_absent_key_refuses) {
    struct Case {
        authn::DnsStatus status;
        Verdict want;
    };
    const Case cases[] = {{authn::DnsStatus::temporary_failure, Verdict::tempfail},
                          {authn::DnsStatus::bogus, Verdict::tempfail},
                          {authn::DnsStatus::nxdomain, Verdict::reject},
                          {authn::DnsStatus::no_data, Verdict::reject}};
    for (const Case& c : cases) {
        authn::TestMessage message = message_of("contoso.test");
        sign(message, key, by("contoso.test"));
        testing::Mta mta(judge);
        mta.greet_and_connect();
        send(mta, message);
        // A bogus answer brings its data along: they must not be looked at.
        network.answer("s1._domainkey.contoso.test", {.status = c.status, .records = {key.record()}});
        EXPECT_EQ(last().verdict, c.want) << static_cast<int>(c.status) << ' ' << last().why;
    }
}

TEST_F(Verifying, silence_ends_at_the_deadline_with_451) {
    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("contoso.test"));
    testing::Mta mta(judge);
    mta.greet_and_connect();
    send(mta, message);
    network.time_is_up();
    EXPECT_EQ(mta.wakes, 1);
    EXPECT_EQ(last().verdict, Verdict::tempfail);
    EXPECT_EQ(last().reason, Reason::unavailable);
    network.answer("s1._domainkey.contoso.test", txt(key.record()));  // too late for anybody
    EXPECT_EQ(recorder.messages.size(), 1U);
}

TEST_F(Verifying, what_is_known_may_suffice) {
    authn::TestMessage message = message_of("contoso.test");
    for (int i = 0; i < 9; ++i) sign(message, key, by("slow" + std::to_string(i) + ".test"));
    sign(message, key, by("contoso.test"));
    testing::Mta mta(judge);
    mta.greet_and_connect();
    send(mta, message);
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(last().verdict, Verdict::accept) << "nine other servers say nothing";
    EXPECT_EQ(judge.waiting(), 0U);
}

TEST_F(Verifying, nothing_is_asked_where_nothing_could_help) {
    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("contoso.test"));
    testing::Mta plain(judge);  // no TLS: client-cert cannot hold, so no signature helps
    plain.greet();
    plain.connect();
    milter::mta::append_helo(plain.out, "outbound.test");
    send(plain, message);
    EXPECT_TRUE(network.held.empty());
    EXPECT_EQ(last().verdict, Verdict::reject);

    testing::Mta unsigned_mail(judge);
    unsigned_mail.greet_and_connect();
    send(unsigned_mail, message_of("contoso.test"));
    EXPECT_TRUE(network.held.empty());
    EXPECT_EQ(last().verdict, Verdict::reject);
}

TEST_F(Verifying, a_connection_that_began_without_bodies_defers_after_a_reload) {
    Snapshot plain = testing::snapshot_of(testing::index_of(testing::tenants_text));
    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("contoso.test"));
    message.body.clear();  // none comes
    const auto said_of = [&](std::string_view proof) {
        plain.tenants = testing::index_of(R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "proofs": [")" +
                                          std::string(proof) + R"("]}}})");
        plain.rules.dkim_source = decision::DkimSource::authentication_results;
        rules_changed(plain);
        testing::Mta mta(judge);
        mta.greet_and_connect();
        plain.rules.dkim_source = decision::DkimSource::verify;
        plain.rules.arc_trusted_sealers = {"lists.test"};
        rules_changed(plain);
        send(mta, message);
        while (!network.held.empty()) {
            auto first = network.held.extract(network.held.begin());
            first.mapped()(first.key() == "_dmarc.contoso.test" ? txt("v=DMARC1; p=reject")
                                                                : authn::DnsAnswer{.status = authn::DnsStatus::nxdomain});
            network.end_turn();
        }
        EXPECT_EQ(last().verdict, Verdict::tempfail) << proof << last().why;
        EXPECT_EQ(last().reason, Reason::unavailable) << proof;
        std::string told;
        for (const decision::FactorFinding& finding : last().findings)
            if (finding.finding == decision::Finding::unavailable) told += finding.detail + ' ';
        return told;
    };
    // The log's findings tell it from trouble with DNS: this one ends with the connection.
    EXPECT_EQ(said_of("client-cert + dkim"), "connection-without-bodies connection-without-bodies connection-without-bodies ");
    EXPECT_EQ(said_of("client-cert + arc"), "connection-without-bodies ");
    EXPECT_NE(said_of("client-cert + dmarc").find("connection-without-bodies"), std::string::npos);

    testing::Mta renewed(judge);  // the same MTA on a new connection
    renewed.greet_and_connect();
    authn::TestMessage whole = message_of("contoso.test");
    sign(whole, key, by("contoso.test"));
    rules_changed([&] {
        plain.tenants = testing::index_of(testing::tenants_text);
        return plain;
    }());
    send(renewed, whole);
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(last().verdict, Verdict::accept) << last().why;
}

TEST_F(Verifying, a_session_that_ends_while_waiting_leaves_nothing_behind) {
    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("contoso.test"));
    {
        testing::Mta mta(judge);
        mta.greet_and_connect();
        send(mta, message);
    }
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(judge.waiting(), 0U);
    EXPECT_EQ(recorder.messages.size(), 1U);  // judged and logged all the same
}

TEST_F(Verifying, dmarc_takes_organisations_from_dns_or_from_the_list_as_the_settings_say) {
    const auto list_with = [](std::string_view suffix) {
        auto list =
            authn::PublicSuffixes::parse("// ===BEGIN ICANN DOMAINS===\ntest\n" + std::string(suffix) + "\n// ===END ICANN DOMAINS===\n");
        EXPECT_TRUE(list) << suffix;
        return list ? *list : nullptr;
    };
    Snapshot snapshot = testing::snapshot_of(testing::index_of(R"({"version": 2, "tenants": {
        "contoso": {"domains": ["a.contoso.test"], "organizations": ["contoso.test"], "proofs": ["client-cert + dmarc"]}}})"));
    snapshot.rules.dkim_source = decision::DkimSource::verify;
    authn::TestMessage message = message_of("a.contoso.test");
    sign(message, key, by("b.contoso.test"));  // aligned if contoso.test is one organisation
    const std::map<std::string, authn::DnsAnswer> zone{{"s1._domainkey.b.contoso.test", txt(key.record())},
                                                       {"_dmarc.a.contoso.test", txt("v=DMARC1; p=reject")},
                                                       {"_dmarc.contoso.test", txt("v=DMARC1; p=reject")}};
    struct Case {
        decision::DmarcRules settings;
        Verdict want;
        bool walks;
    };
    const Case cases[] = {
        {{}, Verdict::accept, true},
        {{authn::DmarcRfc::rfc9989, list_with("contoso.test")}, Verdict::accept, true},  // asks DNS, whatever the list says
        {{authn::DmarcRfc::rfc7489, list_with("example")}, Verdict::accept, false},
        {{authn::DmarcRfc::rfc7489, authn::PublicSuffixes::built_in()}, Verdict::accept, false},  // the real list has no rule for it
        {{authn::DmarcRfc::rfc7489, list_with("contoso.test")}, Verdict::reject, false},          // a and b are strangers
    };
    for (const Case& c : cases) {
        snapshot.rules.dmarc = c.settings;
        rules_changed(snapshot);
        testing::Mta mta(judge);
        mta.greet_and_connect();
        send(mta, message);
        bool walked = false;
        while (!network.held.empty()) {
            auto first = network.held.extract(network.held.begin());
            walked |= first.key() == "_dmarc.test";
            const auto known = zone.find(first.key());
            first.mapped()(known == zone.end() ? authn::DnsAnswer{.status = authn::DnsStatus::nxdomain} : known->second);
            network.end_turn();
        }
        EXPECT_EQ(last().verdict, c.want) << last().why;
        EXPECT_EQ(walked, c.walks);
    }
}

TEST_F(Verifying, spf_and_dmarc_work_from_our_own_evidence) {
    Snapshot snapshot = testing::snapshot_of(testing::index_of(R"({"version": 2, "tenants": {
        "contoso": {"domains": ["contoso.test"], "organizations": ["contoso.test"], "proofs": ["client-cert + dmarc"]},
        "fabrikam": {"domains": ["fabrikam.test"], "organizations": ["fabrikam.test"], "proofs": ["client-cert + spf"]}}})"));
    snapshot.rules.dkim_source = decision::DkimSource::verify;
    rules_changed(std::move(snapshot));

    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("contoso.test"));
    testing::Mta mta(judge);
    mta.greet_and_connect();
    send(mta, message);
    const std::map<std::string, authn::DnsAnswer> zone{{"s1._domainkey.contoso.test", txt(key.record())},
                                                       {"_dmarc.contoso.test", txt("v=DMARC1; p=reject")},
                                                       {"fabrikam.test", txt("v=spf1 ip4:192.0.2.1 -all")}};
    const auto answer_all = [&] {
        while (!network.held.empty()) {
            auto first = network.held.extract(network.held.begin());
            const auto known = zone.find(first.key());
            first.mapped()(known == zone.end() ? authn::DnsAnswer{.status = authn::DnsStatus::nxdomain} : known->second);
            network.end_turn();
        }
    };
    answer_all();
    EXPECT_EQ(last().verdict, Verdict::accept) << last().why;

    // DMARC passes by SPF alone where the key cannot be had: whether it passes by DKIM is not known, so neither yes nor no.
    for (const bool deadline : {false, true}) {
        testing::Mta doubtful(judge);
        doubtful.greet_and_connect();
        milter::mta::append_mail(doubtful.out, "<a@contoso.test>");
        for (const authn::TestField& field : message.fields) milter::mta::append_header(doubtful.out, field.name, field.value);
        milter::mta::append_body(doubtful.out, message.body);
        doubtful.end();
        doubtful.say();
        while (!network.held.empty()) {
            auto first = network.held.extract(network.held.begin());
            if (first.key() == "contoso.test")
                first.mapped()(txt("v=spf1 ip4:192.0.2.1 -all"));
            else if (const auto known = zone.find(first.key()); known != zone.end() && !first.key().starts_with("s1."))
                first.mapped()(known->second);
            else if (!first.key().starts_with("s1."))
                first.mapped()({.status = authn::DnsStatus::nxdomain});
            else if (!deadline)
                first.mapped()({.status = authn::DnsStatus::temporary_failure});
            network.end_turn();
        }
        if (deadline) network.time_is_up();
        EXPECT_EQ(last().verdict, Verdict::tempfail) << last().why;
        EXPECT_EQ(last().reason, Reason::unavailable);
    }

    testing::Mta weak(judge);
    weak.greet_and_connect();
    milter::mta::append_mail(weak.out, "<a@fabrikam.test>");
    milter::mta::append_header(weak.out, "From", " a@fabrikam.test");
    weak.end();
    weak.say();
    answer_all();
    EXPECT_EQ(last().verdict, Verdict::accept) << last().why;
}

}  // namespace
}  // namespace exota::gate
