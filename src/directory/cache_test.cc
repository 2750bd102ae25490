#include "directory/cache.h"

#include <gtest/gtest.h>

#include <optional>

namespace exota::directory {
namespace {

using Names = Cache<std::string>;
using Answer = Names::Answer;

/// "=contoso", "none", "unknown".
std::string text_of(const Answer& answer) { return answer.is(Answer::yes) ? '=' + *answer : answer.is(Answer::none) ? "none" : "unknown"; }
Answer answer_of(std::string_view text) {
    if (text.starts_with('=')) return std::string(text.substr(1));
    return Answer(text == "none" ? Answer::none : Answer::unknown);
}

constexpr CacheSettings settings{
    .ttl = std::chrono::seconds(10), .negative_ttl = std::chrono::seconds(4), .max_stale = std::chrono::seconds(100), .most_entries = 3};

class CacheTest : public testing::Test {
protected:
    /// Asks; what was answered so far is in `answers_`.
    void find(const std::string& key) {
        cache_->find(key, [this](const Answer& answer) { answers_ += text_of(answer) + ' '; });
    }
    /// The server answers the oldest question for this key.
    void answer(const std::string& key, std::string_view text) {
        const auto question = std::ranges::find(asked_, key, &Asked::key);
        ASSERT_NE(question, asked_.end()) << key;
        const auto answered = std::move(question->answered);
        asked_.erase(question);
        answered(answer_of(text));
    }

    struct Asked {
        std::string key;
        std::function<void(Answer)> answered;
    };
    std::vector<Asked> asked_;
    std::string answers_;
    Clock::time_point now_;
    std::optional<Names> cache_{
        std::in_place, settings, base::HashKey({1, 2, 3}),
        [this](const std::string& key, std::function<void(Answer)> answered) { asked_.push_back({key, std::move(answered)}); },
        [this] { return now_; }};
};

TEST_F(CacheTest, ages) {
    struct Step {
        double at;                // seconds
        std::string_view server;  // what it says if it is asked; empty: it must not be asked
        std::string_view want;
    };
    struct Case {
        std::string_view name;
        std::vector<Step> steps;
    };
    const Case cases[] = {
        {"a tenant is served until its ttl", {{0, "=a", "=a"}, {9.999, "", "=a"}, {10, "=b", "=b"}, {19.9, "", "=b"}}},
        {"none has a shorter ttl", {{0, "none", "none"}, {3.999, "", "none"}, {4, "=a", "=a"}, {13, "", "=a"}}},
        {"an error is not kept", {{0, "unknown", "unknown"}, {0, "=a", "=a"}, {1, "", "=a"}}},
        {"a tenant is served while the server is away",
         {{0, "=a", "=a"}, {10, "unknown", "=a"}, {10.1, "unknown", "=a"}, {99.999, "unknown", "=a"}, {100, "unknown", "unknown"}}},
        {"being served while the server is away makes it no younger",
         {{0, "=a", "=a"}, {60, "unknown", "=a"}, {100, "unknown", "unknown"}, {101, "unknown", "unknown"}}},
        {"the server is back", {{0, "=a", "=a"}, {50, "unknown", "=a"}, {51, "=a", "=a"}, {60.9, "", "=a"}, {150.9, "unknown", "=a"}}},
        {"none is never served beyond its ttl", {{0, "none", "none"}, {4, "unknown", "unknown"}, {4, "unknown", "unknown"}}},
        {"who is no tenant any more is not one while the server is away",
         {{0, "=a", "=a"}, {10, "none", "none"}, {14, "unknown", "unknown"}}},
        {"what became too old is asked, and may be there", {{0, "=a", "=a"}, {200, "=a", "=a"}, {209, "", "=a"}}},
    };
    for (const Case& c : cases) {
        now_ = {};
        cache_.emplace(
            settings, base::HashKey(),
            [this](const std::string& key, std::function<void(Answer)> answered) { asked_.push_back({key, std::move(answered)}); },
            [this] { return now_; });
        for (const Step& step : c.steps) {
            now_ = Clock::time_point(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(step.at)));
            answers_.clear();
            find("k");
            EXPECT_EQ(asked_.size(), step.server.empty() ? 0U : 1U) << c.name << " at " << step.at;
            if (!asked_.empty()) answer("k", step.server);
            EXPECT_EQ(answers_, std::string(step.want) + ' ') << c.name << " at " << step.at;
        }
    }
}

TEST_F(CacheTest, one_question_a_key_however_many_ask) {
    for (const char* key : {"a", "b", "a", "a"}) find(key);
    EXPECT_EQ(asked_.size(), 2U);
    EXPECT_EQ(cache_->pending(), 2U);
    answer("a", "=x");
    EXPECT_EQ(answers_, "=x =x =x ");
    find("b");
    answer("b", "unknown");
    EXPECT_EQ(answers_, "=x =x =x unknown unknown ");
    EXPECT_EQ(cache_->pending(), 0U);
    find("a");
    EXPECT_EQ(cache_->counts(), (CacheCounts{.hits = 1, .asked = 2, .joined = 3, .unknown = 2}));
}

TEST_F(CacheTest, counts_what_it_does) {
    find("a");
    answer("a", "=x");
    find("b");
    answer("b", "none");
    find("a");
    find("b");
    find("b");
    now_ += std::chrono::seconds(10);
    find("a");
    find("a");
    answer("a", "unknown");
    EXPECT_EQ(cache_->counts(), (CacheCounts{.hits = 1, .negative_hits = 2, .asked = 3, .joined = 1, .stale = 2}));
}

TEST_F(CacheTest, is_bounded_and_forgets_what_was_needed_least_recently) {
    for (const char* key : {"a", "b", "c"}) {
        find(key);
        answer(key, "=x");
    }
    find("a");  // now b is the oldest
    EXPECT_EQ(cache_->counts().evicted, 0U) << "as many as the limit";
    find("d");
    answer("d", "none");
    EXPECT_EQ(cache_->size(), 3U);
    EXPECT_EQ(cache_->counts().evicted, 1U);
    for (const char* key : {"a", "c", "d"}) find(key);
    EXPECT_TRUE(asked_.empty());
    find("b");
    EXPECT_EQ(asked_.size(), 1U);
    answer("b", "unknown");
    EXPECT_EQ(cache_->size(), 3U) << "an error takes no place";
}

TEST_F(CacheTest, what_can_never_be_served_again_leaves) {
    find("a");
    answer("a", "none");
    now_ += std::chrono::seconds(4);
    EXPECT_EQ(cache_->size(), 1U);
    find("a");
    answer("a", "unknown");
    EXPECT_EQ(cache_->size(), 0U);
}

TEST_F(CacheTest, who_is_told_may_ask_at_once) {
    cache_->find("a", [this](const Answer&) { find("a"); });
    answer("a", "=x");
    EXPECT_EQ(answers_, "=x ");
    cache_->find("b", [this](const Answer&) { find("b"); });
    answer("b", "unknown");
    EXPECT_EQ(asked_.size(), 1U) << "another question, for nothing is known";
    answer("b", "=y");
    EXPECT_EQ(answers_, "=x =y ");
}

TEST_F(CacheTest, a_server_may_answer_within_the_call) {
    Names cache(
        settings, {}, [](const std::string& key, const std::function<void(Answer)>& answered) { answered(key); }, [this] { return now_; });
    cache.find("a", [this](const Answer& answer) { answers_ += text_of(answer); });
    EXPECT_EQ(answers_, "=a");
    EXPECT_EQ(cache.pending(), 0U);
}

TEST_F(CacheTest, a_second_answer_counts_for_nothing) {
    find("a");
    const auto answered = asked_[0].answered;
    answered(answer_of("unknown"));
    find("a");
    ASSERT_EQ(asked_.size(), 2U);
    answered(answer_of("=forged"));
    EXPECT_EQ(answers_, "unknown ") << "the second question is still open";
    EXPECT_EQ(cache_->size(), 0U);
    asked_[1].answered(answer_of("=x"));
    EXPECT_EQ(answers_, "unknown =x ");
}

TEST_F(CacheTest, its_end_ends_all_questions) {
    find("a");
    find("a");
    cache_.reset();
    answer("a", "=x");
    EXPECT_EQ(answers_, "");
}

TEST_F(CacheTest, may_be_ended_by_who_is_told) {
    cache_->find("a", [this](const Answer&) { cache_.reset(); });
    find("a");
    answer("a", "=x");
    EXPECT_EQ(answers_, "") << "the second one is gone with it";
}

TEST_F(CacheTest, what_is_to_be_asked_anew_is_asked_and_serves_if_nobody_can_say) {
    find("k");
    answer("k", "=a");
    find("n");
    answer("n", "none");
    cache_->ask_anew();
    find("k");
    answer("k", "unknown");
    find("k");
    answer("k", "=b");
    find("k");
    find("n");
    answer("n", "unknown");
    EXPECT_EQ(answers_, "=a none =a =b =b unknown ");
    EXPECT_TRUE(asked_.empty());
}

}  // namespace
}  // namespace exota::directory
