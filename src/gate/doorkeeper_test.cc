#include "gate/doorkeeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <utility>

#include "gate/door_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::Reason;
using decision::RecipientIs;

TEST(RecipientIs, only_authoritative_domains_are_asked_about) {
    const auto tenants = index_of(door_tenants_text);
    const auto lists = door_lists({});
    const struct {
        std::string_view recipient;
        RecipientIs want;
    } cases[] = {
        {"john@contoso.test", RecipientIs::known},       {"John+x@CONTOSO.test", RecipientIs::known},
        {"jane@contoso.test", RecipientIs::unknown},     {"postmaster@contoso.test", RecipientIs::known},
        {"jane@fabrikam.test", RecipientIs::not_asked},  {"jane@elsewhere.test", RecipientIs::not_asked},
        {"postmaster", RecipientIs::not_asked},          {"", RecipientIs::not_asked},
        {"jane doe@contoso.test", RecipientIs::unknown}, {"postmaster+x@contoso.test", RecipientIs::known},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(recipient_at_hand(c.recipient, *tenants, lists.get()), c.want) << c.recipient;
        EXPECT_EQ(recipient_at_hand(c.recipient, *tenants, nullptr), RecipientIs::not_asked) << c.recipient;
    }
}

class Doorkeepers : public ::testing::Test {
protected:
    void use(const DoorOptions& options) { judge.use(shared(door_snapshot(options))); }
    Recorder recorder;
    ResolvingWorld world;
    Judge judge{recorder, world};
    const evidence::MessageLimits limits;
    const evidence::Collector nobody{limits};  // is ahead
    int wakes = 0;
    std::function<void()> wake = [this] { ++wakes; };
    Doorkeeper keeper{judge, FrontEnd{.name = "test", .instance = {}, .door = Door::inbound}, wake};
};

TEST_F(Doorkeepers, asks_once_for_each_client) {
    use({.dnsbl = {"bl.test"}});
    EXPECT_FALSE(keeper.ask(session_from("192.0.2.1")));
    EXPECT_FALSE(keeper.ask(session_from("192.0.2.1")));
    world.end_turn();
    EXPECT_EQ(wakes, 1);
    EXPECT_TRUE(keeper.ask(session_from("192.0.2.1")));
    EXPECT_EQ(world.asked.size(), 1U);
    EXPECT_FALSE(keeper.ask(session_from("192.0.2.2")));
    EXPECT_EQ(world.asked.size(), 2U);
}

TEST_F(Doorkeepers, looks_without_counting) {
    use({});
    const evidence::Session session = session_from("192.0.2.1");
    ASSERT_TRUE(keeper.ask(session));
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(keeper.ask_recipient("jane@contoso.test"));
        EXPECT_TRUE(keeper.would_refuse(session, "jane@contoso.test", {nobody}));
    }
    ASSERT_TRUE(keeper.ask_recipient("john@contoso.test"));
    EXPECT_FALSE(keeper.would_refuse(session, "john@contoso.test", {nobody}));
    ASSERT_TRUE(keeper.ask_recipient("jane@contoso.test"));
    EXPECT_EQ(keeper.refuse_recipient(session, "jane@contoso.test", {nobody})->reason, Reason::recipient_unknown);
}

TEST_F(Doorkeepers, what_is_at_hand_is_looked_up_again_after_a_reload) {
    use({});
    const evidence::Session session = session_from("192.0.2.1");
    ASSERT_TRUE(keeper.ask_recipient("jane@contoso.test"));
    Snapshot others = door_snapshot({});
    others.tenants = index_of(R"({"version": 2, "tenants": {"fabrikam": {"domains": ["fabrikam.test"]}}})");
    judge.use(shared(std::move(others)));
    ASSERT_TRUE(keeper.ask_recipient("jane@contoso.test"));
    EXPECT_EQ(keeper.refuse_recipient(session, "jane@contoso.test", {nobody})->reason, Reason::recipient_foreign);
}

TEST_F(Doorkeepers, a_recipient_is_judged_by_what_was_in_force_when_it_was_asked_for) {
    use({});
    const std::weak_ptr<const Snapshot> first = judge.current();
    const evidence::Session session = session_from("192.0.2.1");
    ASSERT_TRUE(keeper.ask_recipient("jane@contoso.test"));  // and waits for its client
    Snapshot others = door_snapshot({.recipients = {"jane@contoso.test"}});
    others.tenants = index_of(R"({"version": 2, "tenants": {"fabrikam": {"domains": ["fabrikam.test"]}}})");
    judge.use(shared(std::move(others)));
    ASSERT_FALSE(first.expired()) << "its tenants are looked up in";
    const auto refused = keeper.refuse_recipient(session, "jane@contoso.test", {nobody});
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, Reason::recipient_unknown);
    keeper.report(*refused, {}, Stage::recipient, {});
    EXPECT_EQ(recorder.messages.size(), 1U);
    keeper.forget_recipient();
    EXPECT_TRUE(first.expired()) << "an idle session keeps no old tenants";
}

TEST_F(Doorkeepers, only_who_was_known_counts_as_accepted) {
    for (const auto& [recipient, want] :
         {std::pair("postmaster@contoso.test", Reason::too_many_unknown), std::pair("postmaster+x@contoso.test", Reason::too_many_unknown),
          std::pair("\"postmaster\"@contoso.test", Reason::too_many_unknown), std::pair("jane@fabrikam.test", Reason::too_many_unknown),
          std::pair("postmaster", Reason::too_many_unknown), std::pair("john@contoso.test", Reason::recipient_unknown)}) {
        use({});
        Doorkeeper one(judge, FrontEnd{.name = "test", .instance = {}, .door = Door::inbound}, wake);
        const evidence::Session session = session_from("192.0.2.1");
        ASSERT_TRUE(one.ask(session) && one.ask_recipient(recipient));
        EXPECT_FALSE(one.refuse_recipient(session, recipient, {nobody})) << recipient;
        std::optional<decision::Decision> last;
        for (int i = 0; i <= 20; ++i) {
            ASSERT_TRUE(one.ask_recipient("jane@contoso.test"));
            last = one.refuse_recipient(session, "jane@contoso.test", {nobody});
        }
        ASSERT_TRUE(last);
        EXPECT_EQ(last->reason, want) << recipient;
    }
}

TEST_F(Doorkeepers, who_guesses_on_where_nobody_is_refused_is_told_of_until_the_session_would_have_ended) {
    use({.mode = tenant::Mode::monitor});
    const evidence::Session session = session_from("192.0.2.1");
    ASSERT_TRUE(keeper.ask(session));
    std::vector<Reason> told;
    for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(keeper.ask_recipient("jane@contoso.test"));
        EXPECT_FALSE(keeper.would_refuse(session, "jane@contoso.test", {nobody}));
        const auto refusal = keeper.refuse_recipient(session, "jane@contoso.test", {nobody});
        if (!refusal) continue;
        EXPECT_EQ(refusal->verdict, decision::Verdict::accept);
        told.push_back(refusal->reason);
    }
    std::vector<Reason> want(decision::InboundRules().max_unknown, Reason::recipient_unknown);
    want.push_back(Reason::too_many_unknown);
    EXPECT_EQ(told, want);
}

TEST_F(Doorkeepers, in_quarantine_whom_the_message_could_not_be_held_for_is_put_off) {
    using enum decision::Verdict;
    const std::string foreign = "@elsewhere.test", longest = std::string(evidence::max_path_octets - foreign.size(), 'a') + foreign;
    const struct {
        std::string recipient;
        std::size_t collected, open;
        decision::Verdict want;
        std::string_view why;
        HoldQueue hold_queue = HoldQueue::offered;
    } cases[] = {
        {"jane@contoso.test", 0, 0, tempfail, "no such recipient; it was to be held, but the MTA offers no hold queue", HoldQueue::none},
        {"jane@contoso.test", 99, 0, accept, "no such recipient"},
        {"jane@contoso.test", 100, 0, tempfail, "no such recipient; behind 100 others it cannot be held with its message"},
        {"jane@contoso.test", 98, 1, accept, "no such recipient"},
        {"jane@contoso.test", 99, 1, tempfail, "no such recipient; behind 100 others it cannot be held with its message"},
        {longest, 0, 0, accept, "not one of our domains"},
        {'a' + longest, 0, 0, tempfail, "not one of our domains; of more than 1024 octets it cannot be held with its message"},
    };
    for (const tenant::Mode mode : {tenant::Mode::quarantine, tenant::Mode::monitor})
        for (const auto& c : cases) {
            SCOPED_TRACE(::testing::Message() << tenant::name_of(mode) << ' ' << &c - cases);
            use({.mode = mode});
            const evidence::Session session = session_from("192.0.2.1");
            evidence::Collector collector(limits);
            collector.mail("<a@sender.test>");
            for (std::size_t i = 0; i < c.collected; ++i) collector.recipient("<john@contoso.test>");
            const Doorkeeper::Ahead ahead{collector, c.open};
            Doorkeeper one(judge, FrontEnd{.name = "test", .instance = {}, .hold_queue = c.hold_queue, .door = Door::inbound}, wake);
            ASSERT_TRUE(one.ask(session) && one.ask_recipient(c.recipient));
            const bool is_put_off = mode == tenant::Mode::quarantine && c.want == tempfail;
            EXPECT_EQ(one.would_refuse(session, c.recipient, ahead), is_put_off);
            const auto refusal = one.refuse_recipient(session, c.recipient, ahead);
            ASSERT_TRUE(refusal);
            EXPECT_EQ(refusal->verdict, is_put_off ? tempfail : accept);
            EXPECT_EQ(refusal->judged, reject);
            EXPECT_FALSE(refusal->quarantine);
            ASSERT_EQ(refusal->reply.has_value(), is_put_off);
            if (is_put_off) {
                EXPECT_EQ(refusal->reply->line(), "451 4.7.1 Recipient address rejected: " + std::string(c.why));
                EXPECT_TRUE(refusal->why.ends_with(c.why)) << refusal->why;
            }
            ASSERT_TRUE(one.ask_recipient("john@contoso.test"));
            EXPECT_FALSE(one.refuse_recipient(session, "john@contoso.test", ahead)) << "is none to be held for";
        }
}

TEST_F(Doorkeepers, who_guesses_on_behind_those_that_are_kept_is_put_off_each_time_and_goes_on) {
    use({.mode = tenant::Mode::quarantine});
    const evidence::Session session = session_from("192.0.2.1");
    ASSERT_TRUE(keeper.ask(session));
    for (std::uint32_t i = 0; i <= decision::InboundRules().max_unknown; ++i) {
        ASSERT_TRUE(keeper.ask_recipient("jane@contoso.test"));
        keeper.refuse_recipient(session, "jane@contoso.test", {nobody});
    }
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(keeper.ask_recipient("jane@contoso.test"));
        const auto refusal = keeper.refuse_recipient(session, "jane@contoso.test", {nobody, evidence::max_recipients_kept});
        ASSERT_TRUE(refusal && refusal->reply);
        EXPECT_EQ(refusal->reason, Reason::too_many_unknown);
        EXPECT_EQ(refusal->reply->code, 451) << "421 would end the session";
    }
}

// --- Tenants that a directory is asked for --------------------------------------------------------------------------------------------

class DoorkeepersOfDirectory : public Doorkeepers {
protected:
    void SetUp() override {
        use({});
        world.tenants_elsewhere = true;
        ASSERT_TRUE(keeper.ask(session));
        ASSERT_FALSE(keeper.ask_recipient("jane@contoso.test"));
        EXPECT_FALSE(keeper.is_ready());
    }
    void answer(const Tenants& tenants) { std::exchange(world.tenants_asked, {}).at(0)(tenants); }
    std::string at_rcpt(std::string_view recipient) {
        const auto refused = keeper.refuse_recipient(session, recipient, {nobody});
        return refused ? std::string(name_of(refused->reason)) : "passes";
    }
    const evidence::Session session = session_from("192.0.2.1");
};

TEST_F(DoorkeepersOfDirectory, its_answer_is_judged_by_once) {
    EXPECT_FALSE(keeper.ask_recipient("jane@contoso.test"));
    EXPECT_EQ(world.tenants_asked.size(), 1U) << "asked once";
    answer(Tenants(index_of(door_tenants_text)));
    EXPECT_EQ(wakes, 1);
    EXPECT_TRUE(keeper.is_ready());
    ASSERT_TRUE(keeper.ask_recipient("jane@contoso.test"));
    EXPECT_EQ(at_rcpt("jane@contoso.test"), "recipient-unknown");
    EXPECT_FALSE(keeper.ask_recipient("jane@contoso.test")) << "the next RCPT asks anew";
    answer(Tenants(Tenants::none));
    EXPECT_EQ(at_rcpt("jane@contoso.test"), "recipient-foreign");
}

TEST_F(DoorkeepersOfDirectory, what_it_cannot_say_is_put_off) {
    answer(Tenants(Tenants::unknown));
    EXPECT_EQ(at_rcpt("jane@contoso.test"), "unavailable");
}

TEST_F(DoorkeepersOfDirectory, its_silence_is_put_off_and_a_late_answer_is_nobodys) {
    world.time_is_up();
    EXPECT_EQ(wakes, 1);
    ASSERT_TRUE(keeper.is_ready());
    answer(Tenants(index_of(door_tenants_text)));
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(at_rcpt("jane@contoso.test"), "unavailable");
}

TEST_F(DoorkeepersOfDirectory, an_answer_to_an_earlier_question_is_none_to_the_next) {
    ASSERT_FALSE(keeper.ask_recipient("john@contoso.test"));
    ASSERT_EQ(world.tenants_asked.size(), 2U);
    world.tenants_asked.at(0)(Tenants(Tenants::none));
    EXPECT_FALSE(keeper.is_ready());
    world.tenants_asked.at(1)(Tenants(index_of(door_tenants_text)));
    EXPECT_EQ(at_rcpt("john@contoso.test"), "passes");
}

TEST_F(DoorkeepersOfDirectory, nobody_is_woken_for_a_recipient_that_is_forgotten) {
    keeper.forget_recipient();
    answer(Tenants(index_of(door_tenants_text)));
    world.time_is_up();
    EXPECT_EQ(wakes, 0);
    EXPECT_FALSE(keeper.is_ready());
    EXPECT_FALSE(keeper.ask_recipient("jane@contoso.test")) << "asked anew";
}

TEST_F(DoorkeepersOfDirectory, who_has_no_domain_is_not_asked_for) {
    answer(Tenants(Tenants::none));
    EXPECT_TRUE(keeper.ask_recipient("postmaster"));
    EXPECT_TRUE(world.tenants_asked.empty());
    EXPECT_EQ(at_rcpt("postmaster"), "passes");
}

TEST_F(Doorkeepers, of_a_directory_that_is_away_no_recipient_is_refused_for_good_for_its_domain) {
    const struct {
        TenantsAre are;
        std::string_view recipient, want;
    } cases[] = {
        {TenantsAre::current, "a@elsewhere.test", "recipient-foreign"}, {TenantsAre::stale, "a@elsewhere.test", "unavailable"},
        {TenantsAre::outdated, "a@elsewhere.test", "unavailable"},      {TenantsAre::stale, "john@contoso.test", "passes"},
        {TenantsAre::stale, "jane@contoso.test", "recipient-unknown"},  {TenantsAre::outdated, "john@contoso.test", "unavailable"},
    };
    for (const auto& c : cases) {
        Snapshot snapshot = door_snapshot({});
        snapshot.tenants_are = std::make_shared<const std::atomic<TenantsAre>>(c.are);
        judge.use(shared(std::move(snapshot)));
        const evidence::Session session = session_from("192.0.2.1");
        ASSERT_TRUE(keeper.ask(session) && keeper.ask_recipient(c.recipient));
        const auto refused = keeper.refuse_recipient(session, c.recipient, {nobody});
        EXPECT_EQ(refused ? name_of(refused->reason) : "passes", c.want) << c.recipient << ' ' << static_cast<int>(c.are);
        if (c.want == "unavailable") {
            EXPECT_EQ(refused->reply->code, 451);
        }
    }
}

// --- Recipients that a server is asked for --------------------------------------------------------------------------------------------

TEST(RecipientIs, a_server_is_asked_for_nobody_whom_it_cannot_know) {
    const auto tenants = index_of(door_tenants_text);
    const auto lists = door_lists({.ask_recipients = true});
    const struct {
        std::string_view recipient;
        std::optional<RecipientIs> want;
    } cases[] = {
        {"john@contoso.test", std::nullopt},         {"Postmaster@contoso.test", RecipientIs::known},
        {"a@fabrikam.test", RecipientIs::not_asked}, {"a@elsewhere.test", RecipientIs::not_asked},
        {"a b@contoso.test", RecipientIs::unknown},  {"postmaster", RecipientIs::not_asked},
    };
    for (const auto& c : cases) EXPECT_EQ(recipient_at_hand(c.recipient, *tenants, lists.get()), c.want) << c.recipient;
}

class DoorkeepersOfServer : public Doorkeepers {
protected:
    void SetUp() override {
        use({.ask_recipients = true});
        ASSERT_TRUE(keeper.ask(session));
    }
    void answer(RecipientIs is) { std::exchange(world.recipients_asked, {}).at(0).second(is); }
    std::string at_rcpt(std::string_view recipient) {
        const auto refused = keeper.refuse_recipient(session, recipient, {nobody});
        return refused ? std::string(name_of(refused->reason)) : "passes";
    }
    const evidence::Session session = session_from("192.0.2.1");
};

TEST_F(DoorkeepersOfServer, its_answer_is_waited_for_and_used_once) {
    for (const auto& [is, want] : {std::pair(RecipientIs::known, "passes"), std::pair(RecipientIs::unknown, "recipient-unknown"),
                                   std::pair(RecipientIs::unavailable, "unavailable")}) {
        const int woken = wakes;
        ASSERT_FALSE(keeper.ask_recipient("John+x@Contoso.test"));
        EXPECT_FALSE(keeper.is_ready());
        EXPECT_FALSE(keeper.ask_recipient("John+x@Contoso.test"));
        ASSERT_EQ(world.recipients_asked.size(), 1U) << "asked once";
        EXPECT_EQ(world.recipients_asked.front().first, "john+x@contoso.test");
        answer(is);
        EXPECT_EQ(wakes, woken + 1);
        ASSERT_TRUE(keeper.is_ready());
        ASSERT_TRUE(keeper.ask_recipient("John+x@Contoso.test"));
        EXPECT_EQ(at_rcpt("John+x@Contoso.test"), want);
    }
}

TEST_F(DoorkeepersOfServer, its_silence_is_put_off_and_a_late_answer_is_nobodys) {
    ASSERT_FALSE(keeper.ask_recipient("john@contoso.test"));
    world.time_is_up();
    EXPECT_EQ(wakes, 1);
    ASSERT_TRUE(keeper.is_ready());
    answer(RecipientIs::unknown);
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(at_rcpt("john@contoso.test"), "unavailable");
}

TEST_F(DoorkeepersOfServer, nobody_is_woken_for_a_recipient_that_is_forgotten) {
    ASSERT_FALSE(keeper.ask_recipient("john@contoso.test"));
    keeper.forget_recipient();
    answer(RecipientIs::known);
    world.time_is_up();
    EXPECT_EQ(wakes, 0);
    EXPECT_FALSE(keeper.is_ready());
}

TEST_F(DoorkeepersOfServer, whose_domain_it_is_is_asked_first) {
    world.tenants_elsewhere = true;
    ASSERT_FALSE(keeper.ask_recipient("john@contoso.test"));
    EXPECT_TRUE(world.recipients_asked.empty());
    std::exchange(world.tenants_asked, {}).at(0)(Tenants(index_of(door_tenants_text)));
    EXPECT_EQ(wakes, 0);
    EXPECT_FALSE(keeper.is_ready());
    answer(RecipientIs::unknown);
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(at_rcpt("john@contoso.test"), "recipient-unknown");

    ASSERT_FALSE(keeper.ask_recipient("a@elsewhere.test"));
    std::exchange(world.tenants_asked, {}).at(0)(Tenants(index_of(door_tenants_text)));
    EXPECT_TRUE(world.recipients_asked.empty()) << "foreign: nobody else is asked";
    EXPECT_EQ(at_rcpt("a@elsewhere.test"), "recipient-foreign");

    ASSERT_FALSE(keeper.ask_recipient("john@contoso.test"));
    std::exchange(world.tenants_asked, {}).at(0)(Tenants(index_of(door_tenants_text)));
    world.time_is_up();
    EXPECT_EQ(at_rcpt("john@contoso.test"), "unavailable") << "one deadline for both";
}

}  // namespace
}  // namespace exota::gate
