#include "directory/postgres_recipients.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <new>
#include <thread>

#include "directory/postgres_pretender.h"

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

TEST_F(NoServer, who_could_not_be_told_is_told_later) {
    std::atomic<int> tries{0}, told{0};
    PostgresRecipients recipients(settings, status);
    recipients.ask("jane@contoso.com", [&](Answer answer) {
        if (++tries <= 2) throw std::bad_alloc();  // the answer, and that there is none
        told += answer.is(Answer::unknown) ? 1 : 100;
    });
    recipients.start();
    for (int i = 0; i < 2; ++i) {  // the first may be taken together with her
        std::promise<Answer> other;
        recipients.ask("john@contoso.com", [&](Answer answer) { other.set_value(answer); });
        EXPECT_TRUE(other.get_future().get().is(Answer::unknown));
    }
    EXPECT_EQ(tries, 3);
    EXPECT_EQ(told, 1) << "once";
}

TEST_F(NoServer, as_many_are_told_later_as_may_wait) {
    std::atomic<bool> no_memory{true};
    std::atomic<std::size_t> tries{0}, told{0}, tries_of_one_more{0};
    const auto hear = [&](std::atomic<std::size_t>& counted) {
        const bool throws = no_memory;  // before who waits for the count can change it
        ++counted;
        if (throws) throw std::bad_alloc();
        ++told;
    };
    const auto becomes = [](const std::atomic<std::size_t>& number, std::size_t wanted) {
        while (number < wanted) std::this_thread::yield();
    };
    PostgresRecipients recipients(settings, status);
    for (std::size_t i = 0; i < PostgresRecipients::max_waiting; ++i) recipients.ask("jane@contoso.com", [&](Answer) { hear(tries); });
    recipients.start();
    becomes(tries, 1);  // all are taken at once
    recipients.ask("john@contoso.com", [&](Answer) { hear(tries_of_one_more); });
    becomes(tries_of_one_more, 2);  // the answer, and that there is none
    no_memory = false;
    std::promise<void> other;
    recipients.ask("john@contoso.com", [&](Answer) { other.set_value(); });
    other.get_future().get();
    EXPECT_EQ(told, PostgresRecipients::max_waiting);
    EXPECT_EQ(tries_of_one_more, 2U);
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

struct PretendedServer : testing::Test {
    std::shared_ptr<SourceStatus> status = std::make_shared<SourceStatus>(std::chrono::hours(1));

    /// What a server says of john@contoso.com and jane@contoso.com that lets everybody in, says that there is a table, and then `says`.
    std::string asked(std::chrono::milliseconds timeout, const std::function<void(const PostgresPretender::Client&)>& says) {
        PostgresPretender server([&says](const PostgresPretender::Client& client) {
            client.let_in();
            client.hear();
            client.say(Said::columns(1) + Said::end_of_rows());
            if (!client.hear().empty()) says(client);
        });
        std::promise<Answer> john, jane;
        PostgresRecipients recipients({.conninfo = server.conninfo(), .timeout = timeout}, status);
        recipients.ask("john@contoso.com", [&](Answer answer) { john.set_value(answer); });
        recipients.ask("jane@contoso.com", [&](Answer answer) { jane.set_value(answer); });
        recipients.start();  // both are taken at once
        const auto word = [](const Answer& answer) {
            return answer.is(Answer::yes) ? "yes" : answer.is(Answer::none) ? "none" : "unknown";
        };
        const std::string of_john = word(john.get_future().get());
        return of_john + ' ' + word(jane.get_future().get());
    }
};

TEST_F(PretendedServer, only_what_was_asked_for_counts_and_as_often_as_a_view_may_name_it) {
    const std::size_t most = 2 * PostgresRecipients::max_rows_each;
    for (const std::size_t rows : {std::size_t{1}, most, most + 1}) {
        std::string answer = Said::columns(1);
        for (std::size_t i = 0; i < rows; ++i) answer += Said::row({i % 2 == 0 ? "john@contoso.com" : "nobody@contoso.com"});
        EXPECT_EQ(asked(std::chrono::minutes(1), [&](const auto& client) { client.say(answer + Said::end_of_rows()); }),
                  rows > most ? "unknown unknown" : "yes none")
            << rows;
    }
    EXPECT_NE(status->why().find("the answer is too large"), std::string::npos) << status->why();
}

TEST_F(PretendedServer, a_flood_of_rows_ends_with_their_number) {
    EXPECT_EQ(asked(std::chrono::minutes(1),
                    [](const auto& client) {
                        client.say(Said::columns(1));
                        while (client.say(Said::row({"somebody@contoso.com"}))) {
                        }
                    }),
              "unknown unknown");
}

/// Each part in time, and no end: as of one that drips.
TEST_F(PretendedServer, an_answer_without_an_end_ends_with_the_time_of_a_question) {
    EXPECT_EQ(asked(std::chrono::milliseconds(50),
                    [](const auto& client) {
                        client.say(Said::columns(1));
                        while (client.say(Said::notice())) {
                        }
                    }),
              "unknown unknown");
}

}  // namespace
}  // namespace exota::directory
