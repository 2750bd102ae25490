#include "directory/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "directory/postgres_password.h"
#include "directory/server_text.h"

namespace exota::directory {
namespace {

constexpr std::size_t max_message_octets = 300;

/// Another time, or for another user, the server might take the same statement.
bool may_be_taken_later(std::string_view sqlstate) {
    const std::string_view kind = sqlstate.substr(0, 2);
    return sqlstate == "42501" || std::ranges::any_of(std::array<std::string_view, 8>{"08", "25", "40", "53", "55", "57", "58", "XX"},
                                                      [kind](std::string_view one) { return one == kind; });
}

}  // namespace

void PostgresConnection::Finish::operator()(pg_conn* connection) const noexcept { PQfinish(connection); }
PostgresConnection::PostgresConnection(PostgresConnection&&) noexcept = default;
PostgresConnection& PostgresConnection::operator=(PostgresConnection&&) noexcept = default;
PostgresConnection::~PostgresConnection() = default;

std::string PostgresConnection::one_line(std::string_view text) const {
    const char* const password = PQpass(connection_.get());
    return server_text(text, password != nullptr ? password : "", max_message_octets);
}

std::unexpected<base::Error> PostgresConnection::lost(std::string_view what) const {
    const std::string said = one_line(PQerrorMessage(connection_.get()));
    return base::fail(base::Errc::unavailable, std::string(what) + (said.empty() ? "" : ": " + said));
}

base::Result<void> PostgresConnection::wait(For what, Clock::time_point until) const {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        const bool news = what == For::news;
        std::array<pollfd, 3> watched{{{.fd = PQsocket(connection_.get()), .events = 0, .revents = 0},
                                       {.fd = interrupt_ ? interrupt_->descriptor() : -1, .events = POLLIN, .revents = 0},
                                       {.fd = interrupt_ && news ? interrupt_->poke_descriptor() : -1, .events = POLLIN, .revents = 0}}};
        if (what != For::writing) watched[0].events |= POLLIN;
        if (what == For::writing || what == For::both) watched[0].events |= POLLOUT;
        const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000)));
        if (ready < 0 && errno != EINTR) return base::fail(base::Errc::io, std::generic_category().message(errno));
        if (watched[1].revents != 0) return base::fail(base::Errc::closed, "interrupted");
        if (ready > 0 && watched[0].revents != 0) return {};
        if (left.count() <= 0 || (watched[2].revents != 0 && interrupt_->take_poke()))
            return base::fail(base::Errc::timeout, "no answer in time");
    }
}

base::Result<PostgresConnection> PostgresConnection::connect(const PostgresSettings& settings, const Interrupt* interrupt,
                                                             const LookUpHost& look_up) {
    Secret password;
    if (!settings.password_file.empty())
        if (const auto read = read_password(settings.password_file, password); !read) return std::unexpected(read.error());
    const auto in_time = [&](const std::string& host) { return addresses_in_time(host, settings.timeout, interrupt, look_up); };
    const std::vector<PostgresTarget> targets = targets_of(settings.conninfo, in_time);
    if (interrupt && interrupt->is_set()) return base::fail(base::Errc::closed, "interrupted");
    std::string why;
    for (const PostgresTarget& target : targets) {
        auto connection = connect_to(target, password.text, settings.timeout, interrupt);
        if (connection || connection.error().code == base::Errc::closed) return connection;
        why += (why.empty() ? "no connection: " : "; ") + (target.name.empty() ? "" : target.name + ": ") + connection.error().detail;
        if (interrupt && interrupt->is_set()) break;
    }
    return base::fail(base::Errc::unavailable, why);
}

base::Result<PostgresConnection> PostgresConnection::connect_to(const PostgresTarget& target, const std::string& password,
                                                                std::chrono::milliseconds timeout, const Interrupt* interrupt) {
    if (!target.problem.empty()) return base::fail(base::Errc::unavailable, target.problem);
    std::vector<const char*> keywords, values;
    const auto add = [&](const char* keyword, const char* value) {
        keywords.push_back(keyword);
        values.push_back(value);
    };
    for (const auto& [keyword, value] : target.parameters) add(keyword.c_str(), value.c_str());
    add("fallback_application_name", "exota");
    add("client_encoding", "UTF8");
    if (!password.empty()) add("password", password.c_str());
    add(nullptr, nullptr);
    PostgresConnection out(PQconnectStartParams(keywords.data(), values.data(), target.whole ? 1 : 0), timeout, interrupt);
    if (!out.connection_) return base::fail(base::Errc::unavailable, "there is no memory for a connection");
    PQsetNoticeProcessor(out.connection_.get(), [](void*, const char*) {}, nullptr);
    if (const base::Result<void> done = out.finish_connecting(); !done) return std::unexpected(done.error());
    return out;
}

base::Result<void> PostgresConnection::finish_connecting() {
    const auto until = Clock::now() + timeout_;
    const auto refused = [this] {
        const std::string said = one_line(PQerrorMessage(connection_.get()));
        return base::fail(base::Errc::unavailable, said.empty() ? "it is not taken" : said);
    };
    PostgresPollingStatusType next = PQstatus(connection_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (Clock::now() >= until) return base::fail(base::Errc::unavailable, "no answer in time");
        if (next == PGRES_POLLING_FAILED) return refused();
        if (const auto ready = wait(next == PGRES_POLLING_READING ? For::reading : For::writing, until); !ready) {
            if (ready.error().code == base::Errc::closed) return ready;
            return base::fail(base::Errc::unavailable, ready.error().detail);
        }
        next = PQconnectPoll(connection_.get());
    }
    if (PQsetnonblocking(connection_.get(), 1) != 0) return refused();
    return {};
}

base::Result<void> PostgresConnection::look_at(const pg_result& result, const OnRow& on_row, Answer& answer) {
    switch (PQresultStatus(&result)) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            answer.complete = true;
            return {};
        case PGRES_SINGLE_TUPLE: {
            std::vector<std::string_view> fields(static_cast<std::size_t>(PQnfields(&result)));
            for (std::size_t i = 0; i < fields.size(); ++i) {
                const int column = static_cast<int>(i);
                fields[i] = {PQgetvalue(&result, 0, column), static_cast<std::size_t>(PQgetlength(&result, 0, column))};
            }
            if (on_row && !answer.refused && !on_row(fields)) return base::fail(base::Errc::unavailable, "the answer is too large");
            return {};
        }
        case PGRES_FATAL_ERROR: {
            const char* const state = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
            const char* const primary = PQresultErrorField(&result, PG_DIAG_MESSAGE_PRIMARY);
            sqlstate_ = state ? one_line(state) : "";
            if (sqlstate_.empty() || PQstatus(connection_.get()) != CONNECTION_OK) return lost("the connection is lost");
            if (!answer.refused)
                answer.refused = base::Error{may_be_taken_later(sqlstate_) ? base::Errc::unavailable : base::Errc::invalid_data,
                                             one_line(primary ? primary : "")};
            return {};
        }
        default:
            return base::fail(base::Errc::unavailable, "the server answers what nobody asked for");
    }
}

base::Result<void> PostgresConnection::query(const std::string& statement, const std::vector<std::string>& parameters,
                                             const OnRow& on_row) {
    pg_conn* const connection = connection_.get();
    sqlstate_.clear();
    std::vector<const char*> values;
    for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
    if (PQsendQueryParams(connection, statement.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0) != 1)
        return lost("the connection is lost");
    PQsetSingleRowMode(connection);
    const auto end = Clock::now() + query_time_;
    Answer answer;
    for (;;) {
        if (Clock::now() >= end) return base::fail(base::Errc::unavailable, "the answer takes too long");
        // Everything that is asked has to go out before all of the answer can come in.
        const int flushed = PQflush(connection);
        if (flushed < 0) return lost("the connection is lost");
        if (flushed > 0 || PQisBusy(connection) != 0) {
            const auto ready = wait(flushed > 0 ? For::both : For::reading, std::min(end, Clock::now() + timeout_));
            if (!ready && ready.error().code == base::Errc::closed) return ready;
            if (!ready) return base::fail(base::Errc::unavailable, "the server: " + ready.error().detail);
            if (PQconsumeInput(connection) != 1) return lost("the connection is lost");
            keep_notified();
            continue;
        }
        const std::unique_ptr<pg_result, void (*)(pg_result*)> result(PQgetResult(connection), &PQclear);
        if (!result) break;
        if (const auto good = look_at(*result, on_row, answer); !good) return good;
    }
    if (answer.refused) return std::unexpected(*std::move(answer.refused));
    if (!answer.complete) return base::fail(base::Errc::unavailable, "the server ends an answer that it did not give");
    return {};
}

void PostgresConnection::keep_notified() {
    while (PGnotify* const one = PQnotifies(connection_.get())) {
        if (notified_.size() < max_notified) notified_.emplace_back(one->extra);
        PQfreemem(one);
    }
    if (notified_.size() == max_notified) notified_.assign(1, "");
}

base::Result<std::vector<std::string>> PostgresConnection::notified(Clock::time_point until) {
    pg_conn* const connection = connection_.get();
    for (;;) {
        if (PQconsumeInput(connection) != 1) return lost("the connection is lost");
        keep_notified();
        if (!notified_.empty()) return std::exchange(notified_, {});
        const auto ready = wait(For::news, until);
        if (!ready && ready.error().code == base::Errc::timeout) return std::vector<std::string>{};
        if (!ready) return std::unexpected(ready.error());
    }
}

}  // namespace exota::directory
