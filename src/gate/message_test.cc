// A message as any front end brings it: what is settled at which stage, what comes late, and what nobody waits for any more.
#include "gate/message.h"

#include <gtest/gtest.h>

#include "decision/findings.h"
#include "gate/verifying_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::Reason;
using decision::Verdict;
using Standing = Message::Standing;

constexpr FrontEnd front_end{.name = "gateway", .instance = "exchange", .hold_queue = HoldQueue::none};

/// Tenants that all list organisations, so that something can be certain at MAIL.
constexpr std::string_view tenants_with_organizations = R"({"version": 2, "tenants": {
    "contoso": {"domains": ["contoso.test"], "organizations": ["contoso.example"]}
}})";

class Messages : public Verifying {
protected:
    Message& begin(Message::Way way = {}, std::string_view xoorg = {}) {
        Message& made = message.emplace(judge, front_end, way, wake);
        evidence::Session session;
        session.client.address = evidence::Observed<base::IpAddress>{base::IpAddress::parse("192.0.2.1").value(), evidence::Source::given};
        session.tls.version = "TLSv1.3";
        session.tls.certificate_name = evidence::Observed<std::string>{std::string(good_certificate), evidence::Source::peer_certificate};
        made.collector().session(std::move(session));
        made.collector().mail("<a@contoso.test>");
        made.collector().queue_id("Q1");
        if (!xoorg.empty()) made.collector().xoorg(xoorg, evidence::Source::smtp_parameter);
        return made;
    }
    void header_of(const authn::TestMessage& from, bool without_blank = false) {
        for (const authn::TestField& field : from.fields)
            message->header_field(field.name, std::string_view(field.value).substr(without_blank && field.value.starts_with(' ') ? 1 : 0));
    }
    authn::TestMessage signed_by(std::string domain) {
        authn::TestMessage made = message_of(domain);
        sign(made, key, by(std::move(domain)));
        return made;
    }
    void read_results() {
        Snapshot snapshot = snapshot_of(index_of(tenants_text));
        rules_changed(std::move(snapshot));
    }

    int wakes = 0;
    std::function<void()> wake = [this] { ++wakes; };
    std::optional<Message> message;
};

TEST_F(Messages, where_nothing_is_verified_the_header_settles_it) {
    read_results();
    begin();
    EXPECT_FALSE(message->wants_body());
    EXPECT_EQ(message->judge(Stage::mail), Standing::open) << "no XOORG was said";
    EXPECT_TRUE(recorder.messages.empty());
    message->header_field("Authentication-Results", " mx.test; dkim=pass header.d=contoso.test");
    message->header_field("DKIM-Signature", signature_of("contoso.test"));
    message->header_field("From", " jane@contoso.test");
    EXPECT_EQ(message->judge(Stage::header), Standing::decided);
    EXPECT_EQ(message->decision().verdict, Verdict::accept) << message->decision().why;
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages[0].stage, Stage::header);
    EXPECT_EQ(recorder.messages[0].front.name, "gateway");
    EXPECT_EQ(recorder.messages[0].front.instance, "exchange");
    EXPECT_EQ(recorder.messages[0].evidence.envelope.queue_id, "Q1");
    EXPECT_EQ(wakes, 0) << "nobody waited";
}

TEST_F(Messages, a_signature_that_could_count_needs_the_body_and_one_that_could_not_does_not) {
    const authn::TestMessage ours = signed_by("contoso.test");
    begin();
    EXPECT_TRUE(message->wants_body());
    header_of(ours);
    EXPECT_EQ(message->judge(Stage::header), Standing::open);
    EXPECT_TRUE(recorder.messages.empty()) << "it gets its one judgement at the end";
    message->body(ours.body);
    EXPECT_EQ(message->judge(Stage::message), Standing::waiting);
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(message->standing(), Standing::decided);
    EXPECT_EQ(message->decision().verdict, Verdict::accept) << message->decision().why;
    EXPECT_EQ(recorder.messages.back().stage, Stage::message);
    EXPECT_FALSE(message->wants_body());

    begin();
    header_of(message_of("contoso.test"));
    EXPECT_EQ(message->judge(Stage::header), Standing::decided) << "unsigned: no proof can hold";
    EXPECT_EQ(message->decision().reason, Reason::not_proven);
    EXPECT_FALSE(message->wants_body());
    message->body("nobody listens");

    begin();
    header_of(signed_by("nobody.test"));
    EXPECT_EQ(message->judge(Stage::header), Standing::decided) << "no tenant";
    EXPECT_EQ(message->decision().reason, Reason::no_policy);
    EXPECT_EQ(wakes, 1);
}

TEST_F(Messages, one_that_reports_after_its_reply_is_counted_then_and_once) {
    read_results();
    constexpr Message::Way after_reply{.report = Report::after_reply};
    begin(after_reply);
    message->header_field("From", " jane@contoso.test");
    ASSERT_EQ(message->judge(Stage::header), Standing::decided);
    EXPECT_TRUE(recorder.messages.empty()) << "the client has no reply yet";
    message->delivered({.backend = "inet:127.0.0.1:25", .backend_reply = "250 2.0.0 Ok", .answered = "550 5.7.1 no"});
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages.back().delivery, "inet:127.0.0.1:25|250 2.0.0 Ok|550 5.7.1 no");
    message.reset();
    EXPECT_EQ(recorder.messages.size(), 1U);

    begin(after_reply);
    message->header_field("From", " jane@contoso.test");
    ASSERT_EQ(message->judge(Stage::header), Standing::decided);
    message.reset();
    EXPECT_EQ(recorder.messages.size(), 2U) << "its client had gone";
    EXPECT_EQ(recorder.messages.back().delivery, "||");

    begin(after_reply);
    message.reset();
    EXPECT_EQ(recorder.messages.size(), 2U) << "never judged";
}

TEST_F(Messages, one_whose_client_goes_before_its_verdict_is_counted_with_it) {
    begin({.report = Report::after_reply});
    const authn::TestMessage ours = signed_by("contoso.test");
    header_of(ours);
    message->body(ours.body);
    ASSERT_EQ(message->judge(Stage::message), Standing::waiting);
    message.reset();
    EXPECT_TRUE(recorder.messages.empty());
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages.back().delivery, "||");
    EXPECT_EQ(wakes, 0);
}

TEST_F(Messages, what_only_spf_decides_waits_at_the_end_of_the_header) {
    Snapshot snapshot =
        snapshot_of(index_of(R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "proofs": ["client-cert + spf"]}}})"));
    snapshot.rules.dkim_source = decision::DkimSource::verify;
    rules_changed(std::move(snapshot));
    begin();
    header_of(message_of("contoso.test"));
    EXPECT_EQ(message->judge(Stage::header), Standing::waiting);
    network.answer("contoso.test", txt("v=spf1 +all"));
    EXPECT_EQ(wakes, 1);
    ASSERT_EQ(message->standing(), Standing::decided);
    EXPECT_EQ(message->decision().verdict, Verdict::accept) << message->decision().why;
    EXPECT_EQ(recorder.messages.back().stage, Stage::header);
}

TEST_F(Messages, a_foreign_organisation_is_refused_at_mail_and_counted_there) {
    Snapshot snapshot = snapshot_of(index_of(tenants_with_organizations));
    snapshot.rules.dkim_source = decision::DkimSource::verify;
    rules_changed(std::move(snapshot));
    begin({}, "contoso.example");
    EXPECT_EQ(message->judge(Stage::mail), Standing::open);
    header_of(message_of("contoso.test"));
    EXPECT_EQ(message->judge(Stage::header), Standing::decided) << "and goes on";
    EXPECT_EQ(value_of(recorder.messages.back().evidence.envelope.xoorg)->text(), "contoso.example") << "MAIL took nothing away";
    ASSERT_EQ(recorder.messages.size(), 1U);

    begin({}, "stranger.example");
    EXPECT_EQ(message->judge(Stage::mail), Standing::decided);
    EXPECT_EQ(message->decision().verdict, Verdict::reject);
    EXPECT_EQ(message->decision().why, "no-policy: no tenant has the organisation stranger.example");
    ASSERT_EQ(recorder.messages.size(), 2U);
    EXPECT_EQ(recorder.messages.back().stage, Stage::mail);
    EXPECT_EQ(recorder.messages.back().evidence.envelope.reverse_path, "a@contoso.test");
    EXPECT_EQ(wakes, 0);
}

TEST_F(Messages, an_inbound_door_refuses_nobody_at_mail_by_who_may_relay) {
    rules_changed(snapshot_of(index_of(tenants_with_organizations)));
    Message made(judge, FrontEnd{.name = "test", .instance = {}, .door = Door::inbound}, {}, wake);
    made.collector().mail("<a@contoso.test>");
    made.collector().xoorg("stranger.example", evidence::Source::smtp_parameter);
    EXPECT_EQ(made.judge(Stage::mail), Standing::open);
    EXPECT_TRUE(recorder.messages.empty());
}

TEST_F(Messages, a_blank_that_the_mta_took_is_put_back_before_the_signature_is_verified) {
    for (const bool taken : {false, true}) {
        authn::TestMessage ours = message_of("contoso.test");
        authn::TestSignature exact = by("contoso.test");
        exact.header_form = exact.body_form = "simple";
        sign(ours, key, exact);
        begin({.body_comes = true, .blank_taken = taken});
        header_of(ours, taken);
        message->body(ours.body);
        ASSERT_EQ(message->judge(Stage::message), Standing::waiting);
        network.answer("s1._domainkey.contoso.test", txt(key.record()));
        EXPECT_EQ(message->decision().verdict, Verdict::accept) << taken << ' ' << message->decision().why;
    }
}

TEST_F(Messages, a_body_that_does_not_come_makes_its_signatures_a_temporary_error) {
    begin({.body_comes = false, .blank_taken = false});
    EXPECT_FALSE(message->wants_body());
    header_of(signed_by("contoso.test"));
    message->body("not what was signed, and not listened to");
    EXPECT_EQ(message->judge(Stage::message), Standing::decided);
    EXPECT_EQ(message->decision().verdict, Verdict::tempfail);
    EXPECT_EQ(decision::finding_of(message->decision().findings, tenant::Factor::dkim_aligned).detail, evidence::connection_without_bodies);
    EXPECT_TRUE(network.held.empty());
}

TEST_F(Messages, a_message_that_is_gone_is_judged_and_wakes_nobody) {
    const authn::TestMessage ours = signed_by("contoso.test");
    begin();
    header_of(ours);
    message->body(ours.body);
    ASSERT_EQ(message->judge(Stage::message), Standing::waiting);
    message.reset();
    EXPECT_EQ(judge.waiting(), 1U);
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(judge.waiting(), 0U);
    EXPECT_EQ(wakes, 0);
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(last().verdict, Verdict::accept);
}

TEST_F(Messages, whoever_is_woken_may_drop_the_message) {
    const authn::TestMessage ours = signed_by("contoso.test");
    wake = [this] {
        ++wakes;
        message.reset();
    };
    begin();
    header_of(ours);
    message->body(ours.body);
    ASSERT_EQ(message->judge(Stage::message), Standing::waiting);
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(wakes, 1);
    EXPECT_FALSE(message);
}

TEST_F(Messages, is_judged_by_what_was_in_force_when_it_began) {
    const authn::TestMessage ours = signed_by("contoso.test");
    begin();
    header_of(ours);
    rules_changed(snapshot_of(nullptr));
    message->body(ours.body);
    ASSERT_EQ(message->judge(Stage::message), Standing::waiting);
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    EXPECT_EQ(message->decision().verdict, Verdict::accept);
    begin();
    header_of(ours);
    EXPECT_EQ(message->judge(Stage::message), Standing::decided);
    EXPECT_EQ(message->decision().reason, Reason::unavailable);
}

TEST(Stages, have_the_names_that_the_log_writes) {
    EXPECT_EQ(name_of(Stage::mail), "mail");
    EXPECT_EQ(name_of(Stage::header), "header");
    EXPECT_EQ(name_of(Stage::message), "message");
}

}  // namespace
}  // namespace exota::gate
