// The conversations of the milter, spoken to a gateway: the same decision and reply, and the backend has what they say. Those that no
// client can say to a gateway are named here, each with why.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "conversation.h"
#include "gateway_player.h"
#include "snapshot_of.h"

namespace exota::conversations {
namespace {

const std::map<std::string, std::string> not_by_gateway{
    {"bypassed-login", "nobody logs in at a gateway"},
    {"local-submission", "no local submission"},
    {"mode-quarantine", "no hold queue"},
    {"sendmail", "macros of an MTA"},
};

std::map<std::string, Conversation> all_cases() {
    std::map<std::string, Conversation> cases;
    for (const auto& entry : std::filesystem::directory_iterator(EXOTA_SOURCE_DIR "/tests/cases")) {
        if (entry.path().extension() != ".case") continue;
        std::ifstream file(entry.path());
        cases[entry.path().stem()] = read_conversation(std::string{std::istreambuf_iterator<char>(file), {}});
    }
    return cases;
}

TEST(GatewayCases, what_a_gateway_can_say_has_the_same_decision) {
    std::map<std::string, std::string> not_said;
    std::size_t played_cases = 0, messages = 0;
    for (const auto& [name, conversation] : all_cases()) {
        SCOPED_TRACE(name);
        if (std::string why = why_not_by_gateway(conversation); !why.empty()) {
            not_said[name] = std::move(why);
            continue;
        }
        const Built built =
            snapshot_of(conversation.environment, conversation.config, conversation.tenants, conversation.tenants_unavailable);
        ASSERT_TRUE(built.snapshot);
        const Played played = play_as_gateway(conversation, built.snapshot);
        for (const std::string& problem : played.problems) ADD_FAILURE() << problem;
        auto outcome = played.outcomes.begin();
        for (const Step& step : conversation.steps) {
            if (step.kind != Step::Kind::end_of_message) continue;
            ASSERT_NE(outcome, played.outcomes.end());
            EXPECT_EQ(described(*outcome), described(step.expected)) << "line " << step.line;
            ++outcome;
            ++messages;
        }
        ++played_cases;
    }
    EXPECT_EQ(not_said, not_by_gateway);
    EXPECT_GE(played_cases, 60U);
    EXPECT_GT(messages, played_cases);
}

}  // namespace
}  // namespace exota::conversations
