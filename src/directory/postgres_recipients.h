// Asks a PostgreSQL server which recipients there are: a thread with a connection of its own, and one question for all that wait.
//
//   ask(entry) ─▶ waiting ─▶ the thread takes all of them ─▶ SELECT … WHERE address IN (…) ─▶ answered, on that thread
//                                    │
//                 no connection: none of them is known; tried again after a back-off, meanwhile nobody waits
//
// A connection that breaks while it is asked is made anew once, so a server that was restarted costs nobody an answer. One that does not
// answer, or whose answer does not end, costs `timeout`, twice at most.
//
// Tested by postgres_recipients_test.cc and tests/system/test_recipients.py.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "directory/postgres_connection.h"
#include "directory/postgres_settings.h"
#include "directory/recipient_lookup.h"
#include "directory/source_status.h"

namespace exota::directory {

class PostgresRecipients {
public:
    using Answer = RecipientLookup::Answer;
    /// Entries that wait, and as many that could not be told; more are not known at once, or never told. And of one question to the server.
    static constexpr std::size_t max_waiting = 10'000, max_asked_at_once = 500;
    /// Rows that an answer may have for each entry: a view of the operator's may name one several times.
    static constexpr std::size_t max_rows_each = 16;

    /// @param status  told whether the server answers.
    PostgresRecipients(PostgresSettings settings, std::shared_ptr<SourceStatus> status);
    /// Waits for the thread, which ends as soon as it may: only a name that libpq looks up by itself is waited for (postgres_hosts.h). Who
    /// still waits is never answered.
    ~PostgresRecipients();
    PostgresRecipients(const PostgresRecipients&) = delete;
    PostgresRecipients& operator=(const PostgresRecipients&) = delete;

    /// Connects, and again whenever the connection is lost. Once. Throws std::system_error where there can be no thread.
    void start();
    /// From any thread.
    /// @param entry     an address, or '@' and a domain.
    /// @param answered  called once, on the thread of this object, or within the call where too many wait; not after this object is gone.
    ///                  Where it throws it has not been told, and is called again.
    void ask(std::string entry, std::function<void(Answer)> answered);

private:
    struct Question {
        std::string entry;
        std::function<void(Answer)> answered;
    };
    using Questions = std::vector<Question>;
    class Talk;  // of the thread

    static void tell(Question& one, Answer answer);
    static void give_up(Questions& questions) noexcept;
    void say_trouble(const char* why) noexcept;
    void run();
    /// Waits for questions, or until then. @return  nullopt: it is over.
    std::optional<Questions> take(std::optional<Clock::time_point> until);

    const PostgresSettings settings_;
    const std::shared_ptr<SourceStatus> status_;
    Interrupt interrupt_;
    std::mutex mutex_;  // of the two below
    Questions waiting_;
    bool is_over_ = false;
    std::condition_variable changed_;
    std::thread thread_;
};

}  // namespace exota::directory
