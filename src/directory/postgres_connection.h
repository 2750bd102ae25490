// One connection to a PostgreSQL server by libpq, without a step that waits longer than it may: every wait is a poll(2) with a deadline,
// which whoever wants it to end cuts short.
//
// libpq is used by its calls that do not block (PQconnectPoll, PQsendQuery, PQconsumeInput), and is given addresses; only a name that it
// knows from elsewhere (PGHOST, a service file) it looks up within a call. So this is for a thread of its own (postgres_source.h) or a
// command, never for a loop that serves others.
//
// Errors name what the server said, and never the password. One thread. Tested by postgres_connection_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/interrupt.h"
#include "directory/postgres_conninfo.h"
#include "directory/postgres_settings.h"

struct pg_conn;
struct pg_result;

namespace exota::directory {

class PostgresConnection {
public:
    using Clock = std::chrono::steady_clock;
    /// The fields of a row, null as an empty text. Valid during the call.
    /// @return  false: enough; the rest of the answer is not waited for, and the connection is of no more use.
    using OnRow = std::function<bool(std::span<const std::string_view> fields)>;

    /// To the first of the servers (targets_of()) that takes it; each has `timeout`, and so has the look-up of each name.
    /// @param interrupt  outlives the connection; may be null.
    /// @param look_up    for tests, as addresses_in_time() has it.
    /// @return  unavailable: no server, all refuse, or do not answer in time; io: the password file; closed: interrupted.
    static base::Result<PostgresConnection> connect(const PostgresSettings& settings, const Interrupt* interrupt,
                                                    const LookUpHost& look_up = &addresses_of_host);
    PostgresConnection(PostgresConnection&&) noexcept;
    PostgresConnection& operator=(PostgresConnection&&) noexcept;
    ~PostgresConnection();

    /// Asks and waits for the whole answer: one statement, its parameters as text. The server has `timeout` for each part of it, and
    /// max_query_time in all.
    /// @return  invalid_data: the server takes the statement not, and would not take it later (sqlstate() says why); unavailable: it does
    ///          not answer, or not now, or may not for this user, or on_row had enough; closed: interrupted.
    base::Result<void> query(const std::string& statement, const std::vector<std::string>& parameters, const OnRow& on_row = {});
    /// Of the last statement that the server did not take: five characters ("23P01"), or empty.
    const std::string& sqlstate() const noexcept { return sqlstate_; }

    /// Waits until something was notified, until then, or until somebody pokes.
    /// @return  the payloads since the last call, perhaps none; unavailable: the connection is lost; closed: interrupted.
    base::Result<std::vector<std::string>> notified(Clock::time_point until);

    static constexpr std::chrono::minutes max_query_time{5};
    /// More that were notified are not kept: a payload that is empty, so no name, stands for all of them.
    static constexpr std::size_t max_notified = 100'000;
    /// Another time than max_query_time.
    void limit(std::chrono::milliseconds query_time) noexcept { query_time_ = query_time; }

private:
    struct Finish {
        void operator()(pg_conn* connection) const noexcept;
    };
    PostgresConnection(pg_conn* connection, std::chrono::milliseconds timeout, const Interrupt* interrupt) noexcept
        : connection_(connection), timeout_(timeout), interrupt_(interrupt) {}

    static base::Result<PostgresConnection> connect_to(const PostgresTarget& target, const std::string& password,
                                                       std::chrono::milliseconds timeout, const Interrupt* interrupt);
    base::Result<void> finish_connecting();
    enum class For : unsigned char { reading, writing, both, news };
    /// @return  timeout (for news: or somebody poked), closed (interrupted), io.
    base::Result<void> wait(For what, Clock::time_point until) const;
    /// Takes what was notified off libpq's list, which knows no limit.
    void keep_notified();
    /// Texts of the server (server_text.h), without the password.
    std::string one_line(std::string_view text) const;
    /// What libpq says, in one line.
    std::unexpected<base::Error> lost(std::string_view what) const;
    struct Answer {
        std::optional<base::Error> refused;
        bool complete = false;  // its end was told, not only that the server is ready for more
    };
    base::Result<void> look_at(const pg_result& result, const OnRow& on_row, Answer& answer);

    std::unique_ptr<pg_conn, Finish> connection_;
    std::chrono::milliseconds timeout_, query_time_ = max_query_time;
    const Interrupt* interrupt_;
    std::string sqlstate_;
    std::vector<std::string> notified_;
};

}  // namespace exota::directory
