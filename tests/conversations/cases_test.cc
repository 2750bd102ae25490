// Every file named on the command line is one test: its conversation is played, and what comes back compared line by line.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "conversation.h"
#include "milter_player.h"
#include "snapshot_of.h"

namespace exota::conversations {
namespace {

class CaseFile : public ::testing::Test {
public:
    explicit CaseFile(std::filesystem::path path) : path_(std::move(path)) {}

    void TestBody() override {
        std::ifstream file(path_);
        ASSERT_TRUE(file) << path_;
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        const Conversation conversation = read_conversation(text);
        for (const std::string& problem : conversation.problems) ADD_FAILURE() << path_.string() << ':' << problem;
        const Built built =
            snapshot_of(conversation.environment, conversation.config, conversation.tenants, conversation.tenants_unavailable);
        for (const std::string& problem : built.problems) ADD_FAILURE() << path_.string() << ": " << problem;
        ASSERT_TRUE(built.snapshot);

        const Played played = play_as_milter(conversation, built.snapshot);
        for (const std::string& problem : played.problems) ADD_FAILURE() << path_.string() << ':' << problem;
        auto outcome = played.outcomes.begin();
        for (const Step& step : conversation.steps) {
            if (step.kind != Step::Kind::end_of_message) continue;
            ASSERT_NE(outcome, played.outcomes.end());
            EXPECT_EQ(described(*outcome), described(step.expected)) << path_.string() << ':' << step.line;
            ++outcome;
        }
        EXPECT_EQ(outcome, played.outcomes.end());
    }

private:
    std::filesystem::path path_;
};

}  // namespace
}  // namespace exota::conversations

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        const std::filesystem::path path = argv[i];
        ::testing::RegisterTest("Cases", path.stem().c_str(), nullptr, nullptr, argv[i], 1,
                                [path]() -> ::testing::Test* { return new exota::conversations::CaseFile(path); });
    }
    return RUN_ALL_TESTS();
}
