// One connection to a PostgreSQL server by libpq, without a step that waits longer than it may: every wait is a poll(2) with a deadline,
// which whoever wants it to end cuts short.
//
// libpq is used by its calls that do not block (PQconnectPoll, PQsendQuery, PQconsumeInput); only the name of a server is looked up by it
// within a call. So this is for a thread of its own (postgres_source.h) or a command, never for a loop that serves others.
//
// Errors name what the server said, and never the password. One thread. Tested by postgres_tables_test.cc.
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
#include "directory/postgres_settings.h"
#include "net/descriptor.h"

struct pg_conn;
struct pg_result;

namespace exota::directory {

/// Ends what waits on another thread.
class Interrupt {
public:
    Interrupt();  // throws std::system_error where the system gives no descriptor
    /// From any thread, and for good.
    void set() noexcept;
    bool is_set() const noexcept;
    int descriptor() const noexcept { return event_.get(); }
    /// @return  it was set meanwhile.
    bool wait_for(std::chrono::milliseconds time) const;

private:
    net::Descriptor event_;
};

/// What is wrong with a conninfo; nullopt: nothing. Says nothing of its values.
std::optional<std::string> problem_of_conninfo(const std::string& conninfo);
/// It names a server over a network whose certificate is not asked to be its own: whoever is on the way may answer in its place.
bool is_open_to_others(const std::string& conninfo);
/// For messages, and as the place of problems: "postgresql host=db.example dbname=exota".
std::string name_of(const PostgresSettings& settings);
/// Which database it means, for people and to tell one from another: host, port, dbname, as far as it says so.
std::string database_of(const std::string& conninfo);

class PostgresConnection {
public:
    using Clock = std::chrono::steady_clock;
    /// The fields of a row, null as an empty text. Valid during the call.
    using OnRow = std::function<void(std::span<const std::string_view> fields)>;

    /// @param interrupt  outlives the connection; may be null.
    /// @return  unavailable: no server, it refuses, or does not answer in time; io: the password file; closed: interrupted.
    static base::Result<PostgresConnection> connect(const PostgresSettings& settings, const Interrupt* interrupt);
    PostgresConnection(PostgresConnection&&) noexcept;
    PostgresConnection& operator=(PostgresConnection&&) noexcept;
    ~PostgresConnection();

    /// Asks and waits for the whole answer: one statement, its parameters as text. The server has `timeout` for each part of it, and
    /// max_query_time in all.
    /// @return  invalid_data: the server takes the statement not (sqlstate() says why); unavailable; closed: interrupted.
    base::Result<void> query(const std::string& statement, const std::vector<std::string>& parameters, const OnRow& on_row = {});
    /// Of the last statement that the server did not take: five characters ("23P01"), or empty.
    const std::string& sqlstate() const noexcept { return sqlstate_; }

    /// Waits until something was notified, or until then.
    /// @return  the payloads since the last call, perhaps none; unavailable: the connection is lost; closed: interrupted.
    base::Result<std::vector<std::string>> notified(Clock::time_point until);

    static constexpr std::chrono::minutes max_query_time{5};

private:
    struct Finish {
        void operator()(pg_conn* connection) const noexcept;
    };
    PostgresConnection(pg_conn* connection, std::chrono::milliseconds timeout, const Interrupt* interrupt) noexcept
        : connection_(connection), timeout_(timeout), interrupt_(interrupt) {}

    base::Result<void> finish_connecting();
    enum class For : unsigned char { reading, writing, both };
    /// @return  timeout, closed (interrupted), io.
    base::Result<void> wait(For what, Clock::time_point until) const;
    /// What libpq says, in one line.
    std::unexpected<base::Error> lost(std::string_view what) const;
    base::Result<void> look_at(const pg_result& result, const OnRow& on_row, std::optional<base::Error>& refused);

    std::unique_ptr<pg_conn, Finish> connection_;
    std::chrono::milliseconds timeout_;
    const Interrupt* interrupt_;
    std::string sqlstate_;
};

}  // namespace exota::directory
