#include "directory/postgres_recipients.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <new>

namespace exota::directory {
namespace {

using Answer = RecipientLookup::Answer;

/// Of a server that is not there. What a real one says is for tests/system/test_recipients.py.
struct NoServer : testing::Test {
    std::shared_ptr<SourceStatus> status = std::make_shared<SourceStatus>(std::chrono::hours(1));
    PostgresSettings settings{.conninfo = "host=/nonexistent dbname=exota", .timeout = std::chrono::seconds(1)};
};

TEST_F(NoServer, nobody_is_known_and_nobody_waits) {
    PostgresRecipients recipients(settings, status);
    recipients.start();
    for (int i = 0; i < 3; ++i) {
        std::promise<Answer> promise;
        recipients.ask("john@contoso.com", [&](Answer answer) { promise.set_value(answer); });
        EXPECT_TRUE(promise.get_future().get().is(Answer::unknown));
    }
    EXPECT_NE(status->why().find("postgresql host=/nonexistent dbname=exota no connection"), std::string::npos) << status->why();
}

TEST_F(NoServer, what_no_database_can_have_is_not_there) {
    PostgresRecipients recipients(settings, status);
    recipients.start();
    std::promise<Answer> promise;
    recipients.ask("j\xff@contoso.com", [&](Answer answer) { promise.set_value(answer); });
    EXPECT_TRUE(promise.get_future().get().is(Answer::none));
}

TEST_F(NoServer, an_exception_ends_neither_the_thread_nor_the_answers) {
    PostgresRecipients recipients(settings, status);
    std::promise<Answer> behind, later;
    recipients.ask("jane@contoso.com", [](Answer) { throw std::bad_alloc(); });
    recipients.ask("john@contoso.com", [&](Answer answer) { behind.set_value(answer); });
    recipients.start();  // both are taken at once
    EXPECT_TRUE(behind.get_future().get().is(Answer::unknown));
    recipients.ask("john@contoso.com", [&](Answer answer) { later.set_value(answer); });
    EXPECT_TRUE(later.get_future().get().is(Answer::unknown));
}

TEST_F(NoServer, as_many_wait_as_may_and_their_end_is_no_answer) {
    std::atomic<int> answers{0};
    {
        PostgresRecipients recipients(settings, status);  // not started
        for (std::size_t i = 0; i < PostgresRecipients::max_waiting; ++i) recipients.ask("john@contoso.com", [&](Answer) { ++answers; });
        EXPECT_EQ(answers, 0);
        recipients.ask("john@contoso.com", [&](Answer answer) { answers += answer.is(Answer::unknown) ? 1 : 100; });
        EXPECT_EQ(answers, 1);
    }
    EXPECT_EQ(answers, 1);
}

}  // namespace
}  // namespace exota::directory
