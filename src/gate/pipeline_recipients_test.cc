// Recipients of a message at an inbound door, where a server is asked for them: the message waits for their answers, and no longer than it
// may.
#include <gtest/gtest.h>

#include "evidence/collector.h"
#include "gate/door_fixture.h"
#include "gate/judge.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::RecipientIs;

class PipelineRecipients : public ::testing::Test {
protected:
    void SetUp() override { judge.use(shared(door_snapshot({.ask_recipients = true}))); }
    void send(std::initializer_list<std::string_view> recipients) {
        auto submission = std::make_shared<Submission>(judge.current());
        evidence::Collector collector(submission->snapshot->limits);
        evidence::Client client;
        client.address = evidence::Observed<base::IpAddress>{base::IpAddress::parse("192.0.2.1").value(), evidence::Source::mta};
        collector.connected(client);
        collector.mail("<jane@elsewhere.test>");
        for (const std::string_view recipient : recipients) collector.recipient(recipient);
        collector.header_field("From", " <jane@elsewhere.test>");
        submission->evidence = collector.finish();
        submission->front.door = Door::inbound;
        told.clear();
        judge.judge(submission, [this](std::optional<decision::Decision>&& decision) {
            told = decision ? std::string(name_of(decision->reason)) : "left open";
        });
        world.end_turn();
    }
    void answer(std::initializer_list<RecipientIs> answers) {
        auto asked = std::exchange(world.recipients_asked, {});
        ASSERT_EQ(asked.size(), answers.size());
        auto question = asked.begin();
        for (const RecipientIs is : answers) (question++)->second(is);
        world.end_turn();
    }

    Recorder recorder;
    ResolvingWorld world;
    Judge judge{recorder, world};
    std::string told;
};

TEST_F(PipelineRecipients, a_message_is_refused_for_them_only_where_each_is_unknown) {
    using enum RecipientIs;
    const struct {
        std::initializer_list<RecipientIs> answers;
        std::string_view want;
    } cases[] = {
        {{unknown, unknown}, "recipient-unknown"}, {{unknown, known}, "passed"},     {{known, unknown}, "passed"},
        {{unknown, unavailable}, "unavailable"},   {{known, unavailable}, "passed"}, {{unavailable, unavailable}, "unavailable"},
    };
    for (const auto& c : cases) {
        send({"<john@contoso.test>", "<jane@contoso.test>"});
        EXPECT_EQ(told, "");
        EXPECT_EQ(judge.waiting(), 1U);
        answer(c.answers);
        EXPECT_EQ(told, c.want);
        EXPECT_EQ(judge.waiting(), 0U);
    }
}

TEST_F(PipelineRecipients, nobody_is_asked_for_where_one_is_known_or_none_is_of_an_authoritative_domain) {
    send({"<postmaster@contoso.test>", "<jane@contoso.test>"});
    EXPECT_EQ(told, "passed");
    send({"<jane@fabrikam.test>"});
    EXPECT_EQ(told, "passed");
    EXPECT_TRUE(world.recipients_asked.empty());
}

TEST_F(PipelineRecipients, where_a_message_is_held_for_one_each_is_asked_for) {
    using enum RecipientIs;
    Snapshot snapshot = door_snapshot({.mode = tenant::Mode::quarantine, .ask_recipients = true});
    judge.use(shared(std::move(snapshot)));
    for (const auto& [is, want] :
         {std::pair(known, "passed"), std::pair(unknown, "recipient-unknown"), std::pair(unavailable, "unavailable")}) {
        send({"<postmaster@contoso.test>", "<jane@contoso.test>"});
        EXPECT_EQ(told, "");
        answer({is});
        EXPECT_EQ(told, want);
    }
}

TEST_F(PipelineRecipients, their_silence_is_put_off_and_a_late_answer_is_nobodys) {
    send({"<john@contoso.test>", "<jane@contoso.test>"});
    world.recipients_asked.at(0).second(RecipientIs::unknown);
    world.end_turn();
    EXPECT_EQ(told, "");
    world.time_is_up();
    world.end_turn();
    EXPECT_EQ(told, "unavailable");
    world.recipients_asked.at(1).second(RecipientIs::unknown);
    world.end_turn();
    EXPECT_EQ(recorder.messages.size(), 1U);
}

}  // namespace
}  // namespace exota::gate
