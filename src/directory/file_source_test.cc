#include "directory/file_source.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "net/testing.h"

namespace exota::directory {
namespace {

using Is = SourceState::Is;
using Answer = tenant::Found<std::shared_ptr<const tenant::Index>>;

Clock::time_point now_of_test;

class FileSourceTest : public testing::Test {
protected:
    void write(std::string_view text) const { std::ofstream(path()) << text; }
    std::string path() const { return folder_.path("tenants.json"); }

    /// What one start() told.
    struct Told {
        std::optional<Arrived> arrived;
        std::optional<Trouble> trouble;
    };
    Told start() {
        Told told;
        source_->start([&](Arrived arrived) { told.arrived = std::move(arrived); },
                       [&](Trouble trouble) { told.trouble = std::move(trouble); });
        EXPECT_NE(told.arrived.has_value(), told.trouble.has_value());
        return told;
    }
    Answer find() {
        std::optional<Answer> answer;
        source_->find({.domains = {"a.example"}, .organizations = {}, .sdids = {}, .tenant_ids = {}},
                      [&](Answer given) { answer = std::move(given); });
        EXPECT_TRUE(answer) << "a file's index answers at once";
        return answer.value_or(Answer(Answer::none));
    }

    const net::testing::TemporaryDirectory folder_;
    std::unique_ptr<Source> source_ = std::make_unique<FileSource>(SourceSettings{path(), {}}, [] { return now_of_test; });
};

TEST_F(FileSourceTest, serves_the_last_good_content) {
    const auto time = [](int seconds) { return Clock::time_point(std::chrono::seconds(seconds)); };
    EXPECT_EQ(source_->state(), (SourceState{Is::failed, {}}));
    EXPECT_TRUE(find().is(Answer::unknown)) << "nothing was read: nobody can say that there is no such tenant";

    now_of_test = time(1);
    Told told = start();
    ASSERT_TRUE(told.trouble);
    EXPECT_EQ(told.trouble->error.code, base::Errc::not_found);
    EXPECT_FALSE(told.trouble->content);
    EXPECT_EQ(source_->state(), (SourceState{Is::failed, {}}));
    EXPECT_TRUE(find().is(Answer::unknown));

    write(R"({"a.example": {}, "a.example": {}})");
    now_of_test = time(2);
    told = start();
    ASSERT_TRUE(told.arrived);
    EXPECT_EQ(told.arrived->content.version, 1);
    EXPECT_EQ(told.arrived->content.stamp, *stamp_of(path()));
    ASSERT_FALSE(told.arrived->content.problems.empty()) << "a warning";
    EXPECT_EQ(source_->state(), (SourceState{Is::loaded, time(2)}));
    const auto first = told.arrived->index;
    EXPECT_EQ(find(), Answer(first));
    EXPECT_TRUE(first->covering("a.example"));

    write(R"({"b.example": 3})");
    now_of_test = time(3);
    told = start();
    ASSERT_TRUE(told.trouble && told.trouble->content);
    EXPECT_EQ(told.trouble->error.code, base::Errc::invalid_data);
    EXPECT_EQ(told.trouble->content->stamp, *stamp_of(path()));
    EXPECT_EQ(told.trouble->content->problems.size(), 1U);
    EXPECT_EQ(source_->state(), (SourceState{Is::stale, time(2)})) << "its age counts from when it was right";
    EXPECT_EQ(find(), Answer(first));

    std::filesystem::remove(path());
    EXPECT_TRUE(start().trouble);
    EXPECT_EQ(source_->state(), (SourceState{Is::stale, time(2)}));

    write(R"({"b.example": {}})");
    now_of_test = time(4);
    told = start();
    ASSERT_TRUE(told.arrived);
    EXPECT_EQ(source_->state(), (SourceState{Is::loaded, time(4)}));
    EXPECT_EQ(find(), Answer(told.arrived->index));
    EXPECT_TRUE(first->covering("a.example")) << "who has the one before keeps it";
}

TEST_F(FileSourceTest, is_what_the_settings_ask_for) {
    write("{}");
    source_ = make_source({path(), {}});
    EXPECT_EQ(source_->state().is, Is::failed) << "nothing is read before start";
    EXPECT_TRUE(start().arrived);
    EXPECT_TRUE(find().is(Answer::yes)) << "an index without tenants is an answer";
}

}  // namespace
}  // namespace exota::directory
