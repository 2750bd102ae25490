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
    /// Another cache, empty.
    void make(const CacheSettings& other) {
        cache_.emplace(
            other, base::HashKey({1, 2, 3}),
            [this](const std::string& key, std::function<void(Answer)> answered) { asked_.push_back({key, std::move(answered)}); },
            [this] { return now_; });
    }
    /// The server says this of the keys NAME0, NAME1 …
    void learn(const std::string& name, std::size_t count, std::string_view text) {
        for (std::size_t i = 0; i < count; ++i) {
            find(name + std::to_string(i));
            answer(name + std::to_string(i), text);
        }
    }
    /// How many of them are served while the server is away.
    std::size_t served(const std::string& name, std::size_t count) {
        std::size_t served = 0;
        for (std::size_t i = 0; i < count; ++i) {
            answers_.clear();
            find(name + std::to_string(i));
            if (!asked_.empty()) answer(name + std::to_string(i), "unknown");
            served += answers_ != "unknown " ? 1 : 0;
        }
        return served;
    }

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

constexpr CacheSettings of_sixteen{
    .ttl = std::chrono::seconds(10), .negative_ttl = std::chrono::seconds(4), .max_stale = std::chrono::seconds(100), .most_entries = 16};
static_assert(of_sixteen.negative_share() == 2);

TEST_F(CacheTest, names_that_nobody_has_push_out_no_more_than_their_share) {
    make(of_sixteen);
    learn("tenant", 16, "=x");
    learn("nobody", 1000, "none");
    EXPECT_EQ(cache_->size(), 16U);
    EXPECT_EQ(served("nobody", 1000), 2U);
    now_ += std::chrono::seconds(10);
    EXPECT_EQ(served("tenant", 16), 14U);
}

TEST_F(CacheTest, as_long_as_there_is_room_names_that_nobody_has_may_have_it) {
    make(of_sixteen);
    learn("nobody", 14, "none");
    learn("tenant", 2, "=x");
    EXPECT_EQ(served("nobody", 14), 14U);
    learn("more", 5, "=x");
    EXPECT_EQ(served("nobody", 14), 9U) << "then tenants have it";
    EXPECT_EQ(served("tenant", 2), 2U);
}

TEST_F(CacheTest, an_answer_that_had_its_time_makes_room_first) {
    make(of_sixteen);
    learn("tenant", 15, "=x");
    learn("nobody", 1, "none");
    now_ += std::chrono::seconds(4);
    learn("more", 1, "=x");
    now_ += std::chrono::seconds(10);
    EXPECT_EQ(served("tenant", 15) + served("more", 1), 16U);
}

TEST_F(CacheTest, who_is_no_tenant_any_more_is_one_of_those_that_nobody_has) {
    make(of_sixteen);
    learn("tenant", 16, "=x");
    now_ += std::chrono::seconds(10);
    learn("tenant", 8, "none");
    learn("new", 4, "=x");
    EXPECT_EQ(served("tenant", 8), 4U);
    cache_->ask_anew();
    EXPECT_EQ(served("tenant", 16), 8U) << "none is not served where the server was to be asked anew";
    cache_->forget("tenant0");
    cache_->forget("tenant15");
    EXPECT_EQ(served("tenant", 16), 7U);
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
