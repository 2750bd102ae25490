#include "gate/milter_session.h"

#include <gtest/gtest.h>

#include "gate/session_fixture.h"
#include "gate/verification.h"

namespace exota::gate {
namespace {

using namespace testing;
using namespace std::string_view_literals;
using State = MilterSession::State;
using decision::Reason;

using Session = SessionTest;

TEST_F(Session, one_reply_a_message_and_its_edits_with_it) {
    Mta mta(judge);
    mta::append_offer(mta.out, mta::full_offer);
    const auto answer = mta.say();
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_TRUE(std::holds_alternative<mta::Answer>(answer.front()));
    mta.connect();
    mta.helo_tls();
    mta.envelope();
    mta.header("contoso.test", true);
    EXPECT_TRUE(mta.say().empty()) << "nothing is answered before the end of the message";
    EXPECT_TRUE(mta.session.in_message());
    mta.end();
    const auto replies = mta.say();
    ASSERT_EQ(replies.size(), 2u);
    const auto& added = std::get<mta::HeaderChange>(replies.front());
    EXPECT_EQ(added.code, milter::ReplyCode::add_header);
    EXPECT_EQ(added.name, "X-ExOTA-Authentication-Results");
    EXPECT_TRUE(added.value.starts_with(" mx.test;")) << added.value;
    EXPECT_TRUE(accepted(replies));
    EXPECT_FALSE(mta.session.in_message());
    EXPECT_EQ(last().decision.reason, Reason::authorised);
    EXPECT_EQ(last().evidence.envelope.queue_id, "QID1");
    EXPECT_EQ(last().evidence.session.helo, "outbound.test");
    EXPECT_EQ(last().evidence.session.mta, "Postfix 3.7.11");
    EXPECT_EQ(last().evidence.session.tls.version, "TLSv1.3");
    EXPECT_EQ(last().evidence.envelope.reverse_path, "a@contoso.test");
    EXPECT_EQ(last().evidence.envelope.recipient_count, 1u);
}

TEST_F(Session, several_messages_on_one_connection) {
    Mta mta(judge);
    mta.greet_and_connect();
    EXPECT_TRUE(refusal(mta.message("contoso.test", false)).starts_with("550 5.7."));
    EXPECT_TRUE(accepted(mta.message("contoso.test", true)));
    EXPECT_TRUE(refusal(mta.message("unknown.test", true)).starts_with("550 5.7."));
    EXPECT_TRUE(accepted(mta.message("contoso.test", true)));
    ASSERT_EQ(recorder.messages.size(), 4u);
    EXPECT_EQ(recorder.messages[0].decision.reason, Reason::not_proven);
    EXPECT_EQ(recorder.messages[2].decision.reason, Reason::no_policy);
}

TEST_F(Session, abort_in_every_state_leaves_nothing_behind) {
    // A message of another sender, cut off after each of its frames; then one that must not profit from it, then a good one.
    const auto steps = [](std::size_t count, std::string& out) {
        const auto nothing_left = [&] { return count-- == 0; };
        if (nothing_left()) return;
        mta::append_macros(out, Command::mail,
                           {{"i", "OLD"}, {"{auth_type}", "PLAIN"}, {"{auth_authen}", "jane"}, {"{cert_subject}", good_certificate}});
        if (nothing_left()) return;
        mta::append_mail(out, "<a@contoso.test>");
        if (nothing_left()) return;
        mta::append_recipient(out, "<b@dest.test>");
        if (nothing_left()) return;
        mta::append_data(out);
        if (nothing_left()) return;
        mta::append_header(out, "Authentication-Results", " mx.test; dkim=pass header.d=contoso.test");
        if (nothing_left()) return;
        mta::append_header(out, "DKIM-Signature", signature_of("contoso.test"));
        if (nothing_left()) return;
        mta::append_header(out, "From", " jane@contoso.test");
        if (nothing_left()) return;
        mta::append_end_of_header(out);
        if (nothing_left()) return;
        mta::append_body(out, "body");
    };
    for (std::size_t count = 0; count <= 8; ++count) {
        Mta mta(judge);
        mta.greet();
        mta.connect();
        mta::append_helo(mta.out, "plain.test");
        steps(count, mta.out);
        mta::append_abort(mta.out);
        mta.say();
        ASSERT_EQ(mta.state, State::reading) << count;
        EXPECT_FALSE(mta.session.in_message());
        EXPECT_FALSE(accepted(mta.message("contoso.test", false))) << count;
        EXPECT_EQ(last().decision.reason, Reason::not_proven);
        EXPECT_FALSE(last().evidence.session.authenticated);
        EXPECT_TRUE(std::holds_alternative<evidence::Absent>(last().evidence.session.tls.certificate_name)) << count;
        EXPECT_EQ(last().evidence.envelope.queue_id, "QID1");
        mta.helo_tls();
        EXPECT_TRUE(accepted(mta.message("contoso.test", true))) << count;
    }
}

TEST_F(Session, mail_and_helo_within_a_message_end_it) {
    for (const bool by_helo : {false, true}) {
        Mta mta(judge);
        mta.greet_and_connect();
        mta.envelope();
        mta.header("contoso.test", true);
        if (by_helo) mta.helo_tls();
        EXPECT_FALSE(accepted(mta.message("contoso.test", false))) << by_helo;
        EXPECT_EQ(last().evidence.header.from_count, 1u);
    }
}

TEST_F(Session, the_certificate_comes_with_the_helo_behind_starttls) {
    Mta mta(judge);
    mta.greet();
    mta.connect();
    mta::append_helo(mta.out, "outbound.test");
    mta::append_abort(mta.out);  // STARTTLS
    mta.helo_tls();
    EXPECT_TRUE(accepted(mta.message()));
    EXPECT_TRUE(accepted(mta.message())) << "it belongs to the session";
    mta::append_abort(mta.out);
    EXPECT_TRUE(accepted(mta.message())) << "ABORT ends messages, not the session";
    mta.helo_tls("mail.contoso.test");
    EXPECT_FALSE(accepted(mta.message()));
    mta.helo_tls();
    EXPECT_TRUE(accepted(mta.message()));
    mta::append_helo(mta.out, "outbound.test");  // replaces the HELO before as a whole, by nothing
    EXPECT_FALSE(accepted(mta.message()));
}

TEST_F(Session, a_later_stage_may_bring_the_certificate) {
    for (const Command stage : {Command::mail, Command::recipient, Command::data, Command::end_of_message}) {
        Mta mta(judge);
        mta.greet();
        mta.connect();
        mta::append_helo(mta.out, "outbound.test");
        mta.say();
        for (const bool with : {false, true, false}) {
            const auto macros = [&](Command now) {
                if (now == stage && with) mta::append_macros(mta.out, stage, {{"i", "Q2"}, {"{cert_subject}", good_certificate}});
            };
            macros(Command::mail);
            mta::append_mail(mta.out, "<a@contoso.test>");
            macros(Command::recipient);
            mta::append_recipient(mta.out, "<b@dest.test>");
            macros(Command::data);
            mta.header("contoso.test", true);
            macros(Command::end_of_message);
            mta::append_end_of_message(mta.out);
            EXPECT_EQ(accepted(mta.say()), with) << static_cast<char>(stage);
        }
    }
}

TEST_F(Session, queue_ids_are_found_at_any_stage_and_only_of_this_message) {
    for (const Command stage :
         {Command::mail, Command::recipient, Command::data, Command::header, Command::end_of_header, Command::end_of_message}) {
        Mta mta(judge);
        mta.greet_and_connect();
        mta::append_macros(mta.out, Command::mail, {{"{mail_addr}", "a@contoso.test"}});
        mta::append_mail(mta.out, "<a@contoso.test>");
        if (stage == Command::mail) mta::append_macros(mta.out, Command::recipient, {{"i", "OF-STAGE"}});
        if (stage != Command::mail) mta::append_macros(mta.out, stage, {{"i", "OF-STAGE"}});
        mta.header("contoso.test", true);
        mta::append_end_of_message(mta.out);
        mta.say();
        EXPECT_EQ(last().evidence.envelope.queue_id, "OF-STAGE");
        mta.envelope();
        mta.header("contoso.test", true);
        mta::append_end_of_message(mta.out);
        mta.say();
        EXPECT_EQ(last().evidence.envelope.queue_id, "");
    }
}

TEST_F(Session, quit_nc_brings_another_client) {
    Mta mta(judge);
    mta.greet_and_connect();
    EXPECT_TRUE(accepted(mta.message()));
    mta.envelope();
    mta.header("contoso.test", true);
    mta::append_quit_new_connection(mta.out);
    EXPECT_TRUE(mta.say().empty());
    EXPECT_EQ(mta.state, State::reading);
    mta::append_connect(mta.out, "other.test", Family::inet6, 1, "2001:db8::2");  // no macros, no negotiation
    EXPECT_FALSE(accepted(mta.message()));
    EXPECT_EQ(evidence::value_of(last().evidence.session.client.address)->text(), "2001:db8::2");
    EXPECT_EQ(last().evidence.session.mta, "");
    EXPECT_EQ(last().evidence.session.helo, "");
    EXPECT_FALSE(last().evidence.session.tls.in_use());
    mta::append_quit_new_connection(mta.out);
    mta.envelope();  // without CONNECT
    mta.say();
    EXPECT_EQ(mta.state, State::closing);
    EXPECT_EQ(recorder.errors, std::vector<std::string>{"command out of order"});
}

TEST_F(Session, pieces_of_any_size_give_the_same_answers) {
    std::string said;
    mta::append_offer(said, mta::full_offer);
    {
        Mta writer(judge);
        writer.connect();
        writer.helo_tls();
        for (const bool good : {true, false, true}) {
            writer.envelope();
            writer.header("contoso.test", good);
            writer.end();
        }
        mta::append_quit(writer.out);
        said += writer.out;
    }
    std::string whole;
    MilterSession at_once(judge, [] {});
    EXPECT_EQ(at_once.feed(said, whole).consumed, said.size());
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 100u}) {
        std::string answers, input;
        MilterSession session(judge, [] {});
        MilterSession::Step step;
        for (std::size_t at = 0; at < said.size(); at += piece) {
            input += said.substr(at, piece);
            step = session.feed(input, answers);
            input.erase(0, step.consumed);
        }
        EXPECT_EQ(answers, whole) << piece;
        EXPECT_EQ(step.state, State::closing);
        EXPECT_TRUE(input.empty());
    }
}

TEST_F(Session, a_message_is_judged_by_the_snapshot_that_it_began_with) {
    Snapshot other = snapshot_of(index_of(
        R"({"version": 2, "tenants": {"other": {"domains": ["other.test"], "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"]}}})"));
    other.generation = 7;
    Mta mta(judge);
    mta.greet_and_connect();
    mta.envelope();
    mta.header("contoso.test", true);
    mta.say();
    use(std::move(other));
    mta.end();
    EXPECT_TRUE(accepted(mta.say()));
    EXPECT_EQ(last().generation, 0u);
    EXPECT_FALSE(accepted(mta.message()));
    EXPECT_EQ(last().generation, 7u);
    EXPECT_EQ(last().decision.reason, Reason::no_policy);
}

TEST_F(Session, an_idle_session_holds_no_snapshot) {
    std::weak_ptr<const Snapshot> first = judge.current();
    Mta mta(judge);
    mta.greet_and_connect();
    EXPECT_TRUE(accepted(mta.message()));
    use(snapshot_of(tenants));
    EXPECT_TRUE(first.expired());
    EXPECT_TRUE(accepted(mta.message()));
}

/// Lets every verdict come when the test says so.
class LateJudge : public Judge {
public:
    using Judge::Judge;
    void judge(std::shared_ptr<Submission> submission, Done done) override {
        held.push_back([this, s = std::move(submission), d = std::move(done)]() mutable { Judge::judge(std::move(s), std::move(d)); });
    }
    std::vector<std::move_only_function<void()>> held;
};

TEST_F(Session, a_verdict_may_come_late) {
    LateJudge late(recorder, world);
    late.use(judge.current());
    Mta mta(late);
    mta.greet_and_connect();
    EXPECT_TRUE(mta.message().empty());
    EXPECT_EQ(mta.state, State::waiting);
    mta.envelope();
    EXPECT_TRUE(mta.say().empty());
    EXPECT_FALSE(mta.input.empty()) << "nothing is taken while a verdict is pending";
    std::string progress;
    mta.session.keep_waiting(progress);
    EXPECT_EQ(progress, "\0\0\0\1p"sv);
    EXPECT_EQ(mta.wakes, 0);
    late.held.front()();
    EXPECT_EQ(mta.wakes, 1);
    EXPECT_TRUE(accepted(mta.say()));
    EXPECT_EQ(mta.state, State::reading);
    EXPECT_TRUE(mta.input.empty()) << "and then goes on";
    EXPECT_TRUE(mta.session.in_message());
    progress.clear();
    mta.session.keep_waiting(progress);
    EXPECT_TRUE(progress.empty());
}

TEST_F(Session, a_verdict_that_comes_too_late_hurts_nobody) {
    LateJudge late(recorder, world);
    late.use(judge.current());
    {
        Mta mta(late);
        mta.greet_and_connect();
        mta.message();
    }
    late.held.front()();
    EXPECT_EQ(recorder.messages.size(), 1u);
}

}  // namespace
}  // namespace exota::gate
