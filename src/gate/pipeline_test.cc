// The way to a verdict when somebody has to be asked: tenants and counts that come late, are unknown, or never come; and answers that come
// together.
#include "gate/pipeline.h"

#include <gtest/gtest.h>

#include "gate/message.h"
#include "gate/verifying_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::Reason;
using decision::Verdict;
using Standing = Message::Standing;

/// Tenants and counts are kept elsewhere.
class AskedWorld : public HeldNetwork {
public:
    void find(const tenant::Keys& keys, Found found) override {
        asked_keys.push_back(keys);
        finds.push_back(std::move(found));
    }
    std::optional<CountAnswer> count_at_hand(const Counted& message, const Snapshot& snapshot) override {
        return counts_elsewhere ? std::nullopt : HeldNetwork::count_at_hand(message, snapshot);
    }
    void count(const Counted& message, Passed passed) override {
        counted_tenants.emplace_back(message.tenant_name);
        counted_recipients.push_back(message.recipients);
        counts.push_back(std::move(passed));
    }
    std::chrono::sys_seconds now() override {
        ++rounds;
        return HeldNetwork::now();
    }
    void found(Tenants tenants) {
        std::exchange(finds, {}).at(0)(std::move(tenants));
        end_turn();
    }
    void counted(const CountAnswer& answer) {
        std::exchange(counts, {}).at(0)(answer);
        end_turn();
    }

    bool counts_elsewhere = false;
    std::vector<tenant::Keys> asked_keys;
    std::vector<Found> finds;
    std::vector<std::string> counted_tenants;
    std::vector<std::uint32_t> counted_recipients;
    std::vector<Passed> counts;
    int rounds = 0;
};

class Pipelines : public ::testing::Test {
protected:
    void SetUp() override { use({}); }
    void use(std::shared_ptr<const tenant::Index> tenants, decision::DkimSource source = decision::DkimSource::authentication_results) {
        Snapshot snapshot = snapshot_of(std::move(tenants));
        snapshot.looks_up = snapshot.tenants == nullptr;
        snapshot.rules.dkim_source = source;
        judge->use(shared(std::move(snapshot)));
    }
    void begin(std::string_view domain = "contoso.test", bool reported = true) {
        static constexpr FrontEnd front{.name = "test", .instance = "", .hold_queue = HoldQueue::offered};
        message.emplace(*judge, front, Message::Way{}, wake);
        evidence::Session session;
        session.client.address = evidence::Observed<base::IpAddress>{base::IpAddress::parse("192.0.2.1").value(), evidence::Source::given};
        session.tls.version = "TLSv1.3";
        session.tls.certificate_name = evidence::Observed<std::string>{std::string(good_certificate), evidence::Source::peer_certificate};
        message->collector().session(std::move(session));
        message->collector().mail("<a@contoso.test>");
        message->collector().recipient("<r@d.test>");
        if (reported) {
            message->header_field("Authentication-Results", " mx.test; dkim=pass header.d=" + std::string(domain));
            message->header_field("DKIM-Signature", signature_of(domain));
            message->header_field("From", " jane@" + std::string(domain));
        }
    }
    /// A message of contoso's with a good signature for each selector; its body is handed over by end_signed().
    void begin_signed(std::initializer_list<const char*> selectors) {
        static const authn::TestSigner key = authn::TestSigner::rsa(2048);
        signed_message.fields[0].value = " Jane <jane@contoso.test>";
        for (const char* selector : selectors) {
            authn::TestSignature how;
            how.domain = "contoso.test";
            how.selector = selector;
            sign(signed_message, key, how);
        }
        begin("contoso.test", false);
        for (const authn::TestField& field : signed_message.fields) message->header_field(field.name, field.value);
    }
    Standing end_signed() {
        message->body(signed_message.body);
        return message->judge(Stage::message);
    }

    authn::TestMessage signed_message;

    Standing at_the_end(std::string_view domain = "contoso.test") {
        begin(domain);
        return message->judge(Stage::message);
    }

    Recorder recorder;
    AskedWorld world;
    std::optional<Judge> judge{std::in_place, recorder, world};
    std::shared_ptr<const tenant::Index> everybody = index_of(tenants_text);
    int wakes = 0;
    std::function<void()> wake = [this] { ++wakes; };
    std::optional<Message> message;
};

TEST_F(Pipelines, what_is_at_hand_is_asked_of_nobody) {
    use(everybody);
    EXPECT_EQ(at_the_end(), Standing::decided);
    EXPECT_EQ(message->decision().verdict, Verdict::accept) << message->decision().why;
    EXPECT_EQ(at_the_end("fabrikam.test"), Standing::decided) << "a tenant with limits";
    EXPECT_TRUE(world.finds.empty());
    EXPECT_TRUE(world.counts.empty());
    EXPECT_TRUE(world.soon.empty());
    EXPECT_TRUE(world.alarms.empty());
    EXPECT_EQ(wakes, 0);
}

TEST_F(Pipelines, each_of_three_answers_of_a_source) {
    struct Case {
        std::string_view name;
        Tenants answer;
        Verdict verdict;
        Reason reason;
    };
    for (const Case& c : {Case{"found", Tenants(everybody), Verdict::accept, Reason::authorised},
                          Case{"others found", Tenants(index_of(R"({"version": 2, "tenants": {"other": {"domains": ["other.test"]}}})")),
                               Verdict::reject, Reason::no_policy},
                          Case{"none", Tenants(Tenants::none), Verdict::reject, Reason::no_policy},
                          Case{"unknown", Tenants(Tenants::unknown), Verdict::tempfail, Reason::unavailable}}) {
        wakes = 0;
        ASSERT_EQ(at_the_end(), Standing::waiting) << c.name;
        EXPECT_EQ(judge->waiting(), 1U);
        EXPECT_EQ(world.asked_keys.back().domains.front(), "contoso.test");
        world.found(c.answer);
        EXPECT_EQ(wakes, 1) << c.name;
        EXPECT_EQ(judge->waiting(), 0U);
        ASSERT_EQ(message->standing(), Standing::decided) << c.name;
        EXPECT_EQ(message->decision().verdict, c.verdict) << c.name << ' ' << message->decision().why;
        EXPECT_EQ(message->decision().reason, c.reason) << c.name;
    }
    ASSERT_TRUE(message->decision().reply);
    EXPECT_EQ(message->decision().reply->line(),
              "451 4.7.1 unavailable: the tenants cannot be looked up at the moment, try again later (domain contoso.test, id none)");
}

TEST_F(Pipelines, a_source_that_says_nothing_defers_when_time_is_up_and_is_not_heard_after) {
    ASSERT_EQ(at_the_end(), Standing::waiting);
    world.time_is_up();
    EXPECT_EQ(wakes, 1);
    ASSERT_EQ(message->standing(), Standing::decided);
    EXPECT_EQ(message->decision().reason, Reason::unavailable);
    EXPECT_EQ(message->decision().verdict, Verdict::tempfail);
    world.found(Tenants(everybody));
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(message->decision().reason, Reason::unavailable);
    EXPECT_EQ(recorder.messages.size(), 1U);
}

TEST_F(Pipelines, a_world_that_can_look_nothing_up_says_unknown) {
    StillWorld still;
    Judge alone(recorder, still);
    Snapshot snapshot = snapshot_of(nullptr);
    snapshot.looks_up = true;
    alone.use(shared(std::move(snapshot)));
    Mta mta(alone);
    mta.greet_and_connect();
    EXPECT_TRUE(mta.message().empty());
    still.end_turn();
    EXPECT_EQ(mta.wakes, 1);
    EXPECT_TRUE(refusal(mta.say()).starts_with("451 4.7.1 unavailable")) << recorder.messages.back().decision.why;
}

TEST_F(Pipelines, tenants_are_asked_for_once_a_message) {
    use({}, decision::DkimSource::verify);
    begin_signed({"selector1"});
    EXPECT_EQ(message->judge(Stage::mail), Standing::open) << "nobody is asked for an envelope";
    EXPECT_TRUE(world.finds.empty());
    ASSERT_EQ(message->judge(Stage::header), Standing::waiting);
    EXPECT_EQ(world.asked_keys.back().sdids, (std::vector<std::string>{"contoso.test", "test"})) << "signatures are kept for it";
    world.found(Tenants(everybody));
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(message->standing(), Standing::open) << "the signature needs the body";
    EXPECT_TRUE(recorder.messages.empty());
    EXPECT_EQ(end_signed(), Standing::waiting) << "for the key";
    EXPECT_EQ(world.asked_keys.size(), 1U);
    world.answer("selector1._domainkey.contoso.test", {.status = authn::DnsStatus::nxdomain});
    EXPECT_EQ(wakes, 2);
    ASSERT_EQ(message->standing(), Standing::decided);
    EXPECT_EQ(message->decision().reason, Reason::not_proven) << message->decision().why;
}

TEST_F(Pipelines, time_runs_for_tenants_and_names_together) {
    use({}, decision::DkimSource::verify);
    begin_signed({"selector1"});
    ASSERT_EQ(end_signed(), Standing::waiting);
    ASSERT_EQ(world.alarms.size(), 1U);
    world.found(Tenants(everybody));
    ASSERT_FALSE(world.held.empty());
    EXPECT_EQ(world.alarms.size(), 1U) << "no second deadline";
    world.time_is_up();
    ASSERT_EQ(message->standing(), Standing::decided);
    EXPECT_EQ(message->decision().reason, Reason::unavailable);
    EXPECT_EQ(message->decision().tenant_name, "contoso");
}

TEST_F(Pipelines, counts_that_are_kept_elsewhere) {
    use(everybody);
    world.counts_elsewhere = true;
    EXPECT_EQ(at_the_end(), Standing::decided) << "a tenant without limits is not counted";
    struct Case {
        std::string_view name;
        std::optional<PassedLimit> answer;  // nullopt: time is up
        Verdict verdict;
        Reason reason;
    };
    for (const Case& c :
         {Case{"within", PassedLimit(PassedLimit::none), Verdict::accept, Reason::authorised},
          Case{"above", PassedLimit(Exceeded{everybody->policy(*everybody->with_literal_domain("fabrikam.test")).limits[1], {}}),
               Verdict::tempfail, Reason::limit_exceeded},
          Case{"unknown", PassedLimit(PassedLimit::unknown), Verdict::tempfail, Reason::unavailable},
          Case{"never", std::nullopt, Verdict::tempfail, Reason::unavailable}}) {
        wakes = 0;
        ASSERT_EQ(at_the_end("fabrikam.test"), Standing::waiting) << c.name;
        EXPECT_EQ(world.counted_tenants.back(), "fabrikam");
        EXPECT_EQ(world.counted_recipients.back(), 1U);
        c.answer ? world.counted(*c.answer) : world.time_is_up();
        EXPECT_EQ(wakes, 1) << c.name;
        ASSERT_EQ(message->standing(), Standing::decided) << c.name;
        EXPECT_EQ(message->decision().verdict, c.verdict) << c.name << ' ' << message->decision().why;
        EXPECT_EQ(message->decision().reason, c.reason) << c.name;
        if (c.reason == Reason::limit_exceeded) EXPECT_EQ(message->decision().reply->code, 452);
    }
    EXPECT_EQ(message->decision().detail, decision::limits_unknown);
    EXPECT_EQ(message->decision().reply->line(),
              "451 4.7.1 unavailable: the limits of the tenant could not be counted, try again later (domain fabrikam.test, id none)");
    world.counted(PassedLimit(PassedLimit::none));
    EXPECT_EQ(message->decision().reason, Reason::unavailable) << "too late";
    ASSERT_EQ(at_the_end("nobody.test"), Standing::decided) << "what is refused is not counted";
}

/// The deadline passes in the turn that brings an answer.
TEST_F(Pipelines, an_answer_and_the_deadline_in_one_turn_count_a_message_once) {
    world.counts_elsewhere = true;
    ASSERT_EQ(at_the_end("fabrikam.test"), Standing::waiting);
    world.finds.at(0)(Tenants(everybody));
    world.time_is_up();
    world.end_turn();
    EXPECT_EQ(world.counted_tenants.size(), 1U);
    world.counted(PassedLimit(PassedLimit::none));
    ASSERT_EQ(message->standing(), Standing::decided);
    EXPECT_EQ(message->decision().reason, Reason::authorised);
}

TEST_F(Pipelines, no_name_is_asked_for_when_time_was_up_with_the_tenants) {
    use({}, decision::DkimSource::verify);
    begin_signed({"selector1"});
    ASSERT_EQ(end_signed(), Standing::waiting);
    world.finds.at(0)(Tenants(everybody));
    world.time_is_up();
    world.end_turn();
    EXPECT_TRUE(world.held.empty());
    ASSERT_EQ(message->standing(), Standing::decided) << "nobody waits without a deadline";
    EXPECT_EQ(message->decision().reason, Reason::unavailable);
}

TEST_F(Pipelines, tenants_that_were_looked_up_are_not_counted_by_numbers_of_others) {
    use(everybody);
    Snapshot snapshot = snapshot_of(everybody);
    snapshot.looks_up = true;
    judge->use(shared(std::move(snapshot)));
    ASSERT_EQ(at_the_end("fabrikam.test"), Standing::waiting);
    world.found(Tenants(index_of(tenants_text)));
    ASSERT_EQ(message->standing(), Standing::decided);
    EXPECT_EQ(message->decision().detail, decision::limits_unknown);
}

TEST_F(Pipelines, the_answers_of_one_turn_make_one_round) {
    use(everybody, decision::DkimSource::verify);
    begin_signed({"a", "b", "c"});
    ASSERT_EQ(end_signed(), Standing::waiting);
    ASSERT_EQ(world.held.size(), 3U);
    EXPECT_EQ(world.rounds, 1);
    world.answer_in_turn("a._domainkey.contoso.test", {.status = authn::DnsStatus::nxdomain});
    world.answer_in_turn("b._domainkey.contoso.test", {.status = authn::DnsStatus::nxdomain});
    EXPECT_EQ(world.rounds, 1);
    EXPECT_EQ(world.soon.size(), 1U);
    world.end_turn();
    EXPECT_EQ(world.rounds, 2);
    EXPECT_EQ(message->standing(), Standing::waiting);
    world.answer_in_turn("c._domainkey.contoso.test", {.status = authn::DnsStatus::nxdomain});
    world.time_is_up();
    EXPECT_EQ(message->standing(), Standing::decided);
    EXPECT_EQ(message->decision().reason, Reason::not_proven) << "what came in the turn of the deadline is known";
    world.end_turn();
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(world.rounds, 3);
}

TEST_F(Pipelines, answers_for_a_judge_that_is_gone_hurt_nobody) {
    ASSERT_EQ(at_the_end(), Standing::waiting);
    auto finds = std::exchange(world.finds, {});
    finds.at(0)(Tenants(everybody));
    ASSERT_EQ(world.soon.size(), 1U);
    message.reset();
    judge.reset();
    finds.at(0)(Tenants(everybody));
    world.end_turn();
    world.time_is_up();
    EXPECT_TRUE(recorder.messages.empty());
    EXPECT_EQ(wakes, 0);
}

}  // namespace
}  // namespace exota::gate
