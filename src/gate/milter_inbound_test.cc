// A milter that is an inbound door: what it asks for, whom and what it refuses at RCPT, and what is told of it.
#include <gtest/gtest.h>

#include "gate/door_fixture.h"
#include "wire/milter/negotiate.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::Reason;
using decision::Verdict;
using State = MilterSession::State;

class MilterInbound : public ::testing::Test {
protected:
    void use(const DoorOptions& options) { judge.use(shared(door_snapshot(options))); }
    void start(std::string_view address = "192.0.2.1") {
        mta.emplace(judge, Door::inbound);
        mta->greet();
        mta->connect("Postfix 3.7.11", address);
        mta::append_helo(mta->out, "client.test");
        mta->say();
    }
    /// What this RCPT is told: "continue", a reply line, or "nothing" while it waits.
    std::string recipient(std::string_view address) {
        mta::append_recipient(mta->out, '<' + std::string(address) + '>');
        return answer(mta->say());
    }
    static std::string answer(const std::vector<mta::FilterReply>& replies) {
        if (replies.empty()) return "nothing";
        if (replies.size() > 1) return "several";
        return accepted(replies) ? "continue" : refusal(replies);
    }
    void mail(std::string_view from = "<a@sender.test>") {
        mta::append_mail(mta->out, from);
        EXPECT_TRUE(mta->say().empty());
    }
    /// From an author without a policy, to whoever was taken.
    std::vector<mta::FilterReply> message(std::string_view domain = "sender.test") {
        mta->header(domain, false);
        mta->end();
        auto replies = mta->say();
        while (mta->state == State::waiting && !world.soon.empty()) {
            world.end_turn();
            auto more = mta->say();
            replies.insert(replies.end(), more.begin(), more.end());
        }
        return replies;
    }
    void SetUp() override { use({}); }

    Recorder recorder;
    ResolvingWorld world;
    Judge judge{recorder, world};
    std::optional<Mta> mta;
};

TEST_F(MilterInbound, asks_for_answers_at_rcpt_where_a_relay_door_does_not) {
    const auto offer = mta::full_offer;
    const auto relay = milter::agree(offer, {.body = true}), door = milter::agree(offer, {.body = true, .answers_recipients = true});
    ASSERT_TRUE(relay && door);
    EXPECT_FALSE(relay->answers(Command::recipient));
    EXPECT_TRUE(door->answers(Command::recipient));
    for (const Command command : {Command::connect, Command::helo, Command::mail, Command::header, Command::data, Command::body})
        EXPECT_EQ(relay->answers(command), door->answers(command)) << static_cast<char>(command);
    EXPECT_EQ(relay->actions, door->actions);
    EXPECT_EQ(relay->steps, door->steps | milter::step::no_reply_recipient);
}

/// All that a relay door's milter says in one message, octet by octet.
std::string relay_says(const Snapshot& snapshot, const milter::Offer& offer) {
    Recorder recorder;
    ResolvingWorld world;
    Judge judge(recorder, world);
    judge.use(shared(snapshot));
    std::string in, out;
    mta::append_offer(in, offer);
    mta::append_macros(in, Command::connect, {{"j", "gw.test"}, {"v", "Postfix 3.7.11"}, {"{client_addr}", "192.0.2.1"}});
    mta::append_connect(in, "client.test", milter::Family::inet, 25000, "192.0.2.1");
    mta::append_helo(in, "client.test");
    mta::append_mail(in, "<a@contoso.test>");
    for (const char* recipient : {"<b@dest.test>", "<jane@contoso.test>"}) mta::append_recipient(in, recipient);
    MilterSession session(judge, [] {});
    std::string_view left = in;
    left.remove_prefix(session.feed(left, out).consumed);
    EXPECT_EQ(left, "") << "nothing waits";
    EXPECT_TRUE(world.asked.empty() && world.alarms.empty());
    return out;
}

TEST_F(MilterInbound, a_relay_door_says_what_it_said_before_there_were_inbound_ones) {
    for (const milter::Offer& offer : {mta::full_offer, mta::offer_of_version(2), mta::offer_of_version(6)})
        for (const auto source : {decision::DkimSource::verify, decision::DkimSource::authentication_results}) {
            Snapshot with = door_snapshot({.blocked = {"192.0.2.0/24"}, .dnsbl = {"bl.test"}, .require_ptr = true});
            Snapshot without = snapshot_of(with.tenants);
            with.rules.dkim_source = without.rules.dkim_source = source;
            const std::string said = relay_says(with, offer);
            EXPECT_EQ(said, relay_says(without, offer)) << offer.version;
            EXPECT_GT(said.size(), 16U);
        }
}

TEST_F(MilterInbound, takes_recipients_that_exist) {
    start();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "continue");
    EXPECT_EQ(recipient("John+x@CONTOSO.test"), "continue");
    EXPECT_EQ(recipient("@relay.test:john@contoso.test"), "continue") << "a source route is to be ignored";
    EXPECT_EQ(recipient("jane@contoso.test"), "550 5.1.1 Recipient address rejected: no such recipient");
    EXPECT_EQ(recipient("postmaster@contoso.test"), "continue");
    EXPECT_EQ(recipient("anybody@fabrikam.test"), "continue") << "nobody is asked about it";
    EXPECT_TRUE(recipient("anybody@elsewhere.test").starts_with("550 5.7.1 "));
    ASSERT_EQ(recorder.messages.size(), 2U);
    EXPECT_EQ(recorder.messages[0].decision.reason, Reason::recipient_unknown);
    EXPECT_EQ(recorder.messages[0].stage, Stage::recipient);
    EXPECT_EQ(recorder.messages[0].evidence.envelope.recipients, std::vector<std::string>{"jane@contoso.test"});
    EXPECT_EQ(recorder.messages[0].evidence.envelope.reverse_path, "a@sender.test");
    EXPECT_EQ(recorder.messages[1].decision.reason, Reason::recipient_foreign);
    EXPECT_TRUE(accepted(message()));
    ASSERT_EQ(recorder.messages.size(), 3U);
    EXPECT_EQ(recorder.messages[2].decision.reason, Reason::passed);
    EXPECT_EQ(recorder.messages[2].evidence.envelope.recipients.size(), 5U);
    EXPECT_EQ(recorder.messages[2].front.door, Door::inbound);
}

TEST_F(MilterInbound, a_relay_door_beside_it_asks_nothing_of_this) {
    use({.blocked = {"192.0.2.0/24"}});
    Mta relay(judge);
    relay.greet_and_connect();
    const auto replies = relay.message();
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_FALSE(recorder.messages[0].decision.inbound);
    EXPECT_EQ(recorder.messages[0].front.door, Door::relay);
}

TEST_F(MilterInbound, a_blocked_client_is_refused_at_each_rcpt_and_told_of_once_a_message) {
    use({.blocked = {"192.0.2.0/24"}});
    start();
    for (int i = 1; i <= 2; ++i) {
        mail();
        EXPECT_TRUE(recipient("john@contoso.test").starts_with("550 5.7.1 Client [192.0.2.1] blocked")) << i;
        EXPECT_TRUE(recipient("jane@contoso.test").starts_with("550 5.7.1 Client [192.0.2.1] blocked")) << i;
        ASSERT_EQ(recorder.messages.size(), static_cast<std::size_t>(i));
        EXPECT_EQ(recorder.messages.back().decision.reason, Reason::client_blocked);
        EXPECT_EQ(recorder.messages.back().stage, Stage::client);
        mta::append_abort(mta->out);
        mta->say();
    }
}

TEST_F(MilterInbound, a_listed_client_is_refused_once_the_list_has_said_so) {
    use({.dnsbl = {"abcdefghij0123456789abcdef.bl.test"}});
    world.zone = Zone(
        "1.2.0.192.abcdefghij0123456789abcdef.bl.test A 127.0.0.2\n"
        "1.2.0.192.abcdefghij0123456789abcdef.bl.test TXT spam\n");
    start();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "nothing");
    EXPECT_EQ(mta->state, State::waiting);
    std::string progress;
    mta->session.keep_waiting(progress);
    EXPECT_TRUE(progress.empty()) << "Sendmail would take it for an error";
    EXPECT_EQ(mta->wakes, 0);
    world.end_turn();
    EXPECT_EQ(mta->wakes, 1);
    const std::string told = answer(mta->say());
    EXPECT_TRUE(told.starts_with("550 5.7.1 Client [192.0.2.1] blocked (bl.test: spam)")) << told;
    EXPECT_EQ(told.find("abcdefghij"), std::string::npos);
    const std::size_t asked = world.asked.size();
    EXPECT_TRUE(recipient("jane@contoso.test").starts_with("550 5.7.1 Client")) << "at once now";
    EXPECT_EQ(world.asked.size(), asked);
}

TEST_F(MilterInbound, a_dead_list_refuses_nobody) {
    use({.dnsbl = {"bl.test"}});
    world.silent = true;
    start();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "nothing");
    world.time_is_up();
    EXPECT_EQ(mta->wakes, 1);
    EXPECT_EQ(answer(mta->say()), "continue");
    EXPECT_EQ(recipient("jane@contoso.test"), "550 5.1.1 Recipient address rejected: no such recipient");
}

TEST_F(MilterInbound, another_client_on_the_same_connection_is_asked_about_anew) {
    use({.blocked = {"192.0.2.1"}});
    start();
    mail();
    EXPECT_TRUE(recipient("john@contoso.test").starts_with("550 5.7.1 Client"));
    mta::append_abort(mta->out);
    mta::append_quit_new_connection(mta->out);
    mta->connect("Postfix 3.7.11", "192.0.2.2");
    mta::append_helo(mta->out, "client.test");
    mta->say();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "continue");
}

TEST_F(MilterInbound, rcpt_waits_for_the_directory_whatever_it_says) {
    const struct {
        Tenants says;
        std::string_view told;
    } cases[] = {
        {Tenants(index_of(door_tenants_text)), "550 5.1.1 "},
        {Tenants(Tenants::none), "550 5.7.1 "},
        {Tenants(Tenants::unknown), "451 4.7.1 "},
    };
    world.tenants_elsewhere = true;
    start();
    mail();
    int wakes = 0;
    for (const auto& c : cases) {
        EXPECT_EQ(recipient("jane@contoso.test"), "nothing");
        EXPECT_EQ(mta->state, State::waiting);
        std::exchange(world.tenants_asked, {}).at(0)(c.says);
        EXPECT_EQ(mta->wakes, ++wakes);
        const std::string told = answer(mta->say());
        EXPECT_TRUE(told.starts_with(c.told)) << told;
    }
    EXPECT_EQ(recipient("jane@contoso.test"), "nothing");
    world.time_is_up();
    EXPECT_TRUE(answer(mta->say()).starts_with("451 4.7.1 ")) << "a directory that hangs";
}

TEST_F(MilterInbound, rcpt_waits_for_both_lists_and_directory) {
    use({.dnsbl = {"bl.test"}});
    world.tenants_elsewhere = true;
    start();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "nothing");
    std::exchange(world.tenants_asked, {}).at(0)(Tenants(index_of(door_tenants_text)));
    EXPECT_EQ(answer(mta->say()), "nothing");
    EXPECT_EQ(mta->state, State::waiting);
    world.end_turn();
    EXPECT_EQ(answer(mta->say()), "continue");
}

TEST_F(MilterInbound, the_connection_may_end_while_it_waits_for_the_directory) {
    world.tenants_elsewhere = true;
    start();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "nothing");
    mta.reset();
    std::exchange(world.tenants_asked, {}).at(0)(Tenants(Tenants::unknown));
    world.time_is_up();
    EXPECT_TRUE(recorder.messages.empty());
}

TEST_F(MilterInbound, monitor_refuses_nobody_and_says_what_it_would) {
    use({.blocked = {"192.0.2.1"}, .mode = tenant::Mode::monitor});
    start();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "continue");
    EXPECT_TRUE(recorder.messages.empty());
    EXPECT_TRUE(accepted(message()));
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages[0].decision.verdict, Verdict::accept);
    EXPECT_EQ(recorder.messages[0].decision.judged, Verdict::reject);
    EXPECT_EQ(recorder.messages[0].decision.reason, Reason::client_blocked);
}

TEST_F(MilterInbound, a_recipient_that_the_mode_lets_through_is_told_of_though_no_message_comes) {
    for (const tenant::Mode mode : {tenant::Mode::monitor, tenant::Mode::quarantine}) {
        SCOPED_TRACE(tenant::name_of(mode));
        recorder.messages.clear();
        use({.mode = mode});
        start();
        mail();
        EXPECT_EQ(recipient("jane@contoso.test"), "continue");
        ASSERT_EQ(recorder.messages.size(), 1U);
        EXPECT_EQ(recorder.messages[0].stage, Stage::recipient);
        EXPECT_EQ(recorder.messages[0].decision.verdict, Verdict::accept);
        EXPECT_EQ(recorder.messages[0].decision.judged, Verdict::reject);
        EXPECT_EQ(recorder.messages[0].decision.reason, Reason::recipient_unknown);
        EXPECT_FALSE(recorder.messages[0].decision.quarantine) << "nothing is held yet";
        EXPECT_EQ(recorder.messages[0].evidence.envelope.recipients, std::vector<std::string>{"jane@contoso.test"});
        mta::append_abort(mta->out);
        mta->say();
        EXPECT_EQ(recorder.messages.size(), 1U);
    }
}

TEST_F(MilterInbound, one_good_recipient_beside_it_passes_monitor_and_is_held_in_quarantine) {
    for (const auto& [mode, judged] :
         {std::pair(tenant::Mode::monitor, Verdict::accept), std::pair(tenant::Mode::quarantine, Verdict::reject)}) {
        SCOPED_TRACE(tenant::name_of(mode));
        recorder.messages.clear();
        use({.mode = mode});
        start();
        mail();
        for (const char* address : {"john@contoso.test", "jane@contoso.test"}) EXPECT_EQ(recipient(address), "continue");
        message();
        ASSERT_EQ(recorder.messages.size(), 2U);
        EXPECT_EQ(recorder.messages[1].stage, Stage::message);
        EXPECT_EQ(recorder.messages[1].decision.verdict, Verdict::accept);
        EXPECT_EQ(recorder.messages[1].decision.judged, judged);
        EXPECT_EQ(recorder.messages[1].decision.quarantine, mode == tenant::Mode::quarantine);
    }
}

TEST_F(MilterInbound, harvesting_ends_the_session) {
    start();
    mail();
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(recipient("guess" + std::to_string(i) + "@contoso.test").starts_with("550 5.1.1")) << i;
    EXPECT_TRUE(recipient("guess20@contoso.test").starts_with("421 4.7.0"));
    EXPECT_EQ(recorder.messages.back().decision.reason, Reason::too_many_unknown);
}

TEST_F(MilterInbound, a_recipient_that_exists_makes_up_for_any_number) {
    start();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "continue");
    for (int i = 0; i < 25; ++i) EXPECT_TRUE(recipient("guess" + std::to_string(i) + "@contoso.test").starts_with("550 5.1.1")) << i;
}

TEST_F(MilterInbound, exchange_online_may_ask_for_any_number) {
    start("40.92.0.1");
    mail();
    for (int i = 0; i < 25; ++i) EXPECT_TRUE(recipient("guess" + std::to_string(i) + "@contoso.test").starts_with("550 5.1.1")) << i;
}

TEST_F(MilterInbound, the_connection_may_end_while_it_waits) {
    use({.dnsbl = {"bl.test"}});
    start();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "nothing");
    mta.reset();
    world.end_turn();
    world.time_is_up();
    EXPECT_TRUE(recorder.messages.empty());
}

TEST_F(MilterInbound, an_own_domain_that_nothing_proves_is_refused) {
    judge.use([] {
        Snapshot snapshot = door_snapshot({});
        snapshot.rules.inbound->own_domain_unenforced = decision::Action::reject;
        return shared(std::move(snapshot));
    }());
    start();
    mail();
    EXPECT_EQ(recipient("john@contoso.test"), "continue");
    const std::string told = answer(message("contoso.test"));
    EXPECT_TRUE(told.starts_with("550 5.7.26")) << told;
    EXPECT_EQ(recorder.messages.back().decision.reason, Reason::own_domain);
}

}  // namespace
}  // namespace exota::gate
