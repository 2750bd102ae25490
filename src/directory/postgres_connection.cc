#include "directory/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace exota::directory {
namespace {

constexpr std::size_t max_notified = 100'000;  // that are kept at once; with more, everything is to be read
constexpr std::size_t max_password_octets = 4096;
constexpr std::size_t max_message_octets = 300;

using Options = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

/// Null where it is none.
Options options_of(const std::string& conninfo) {
    char* why = nullptr;
    Options options(PQconninfoParse(conninfo.c_str(), &why), &PQconninfoFree);
    PQfreemem(why);  // it quotes what it does not understand, which may be a password
    return options;
}

/// Overwrites what it held when it goes.
struct Secret {
    Secret() = default;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { ::explicit_bzero(text.data(), text.size()); }
    std::string text;
};

base::Result<void> read_password(const std::string& path, Secret& into) {
    std::ifstream in(path, std::ios::binary);
    into.text.resize(max_password_octets + 1);
    in.read(into.text.data(), static_cast<std::streamsize>(into.text.size()));
    const auto got = static_cast<std::size_t>(in.gcount());
    if (got == 0) return base::fail(base::Errc::io, path + ": no password can be read");
    if (got > max_password_octets)
        return base::fail(base::Errc::io, path + ": more than " + std::to_string(max_password_octets) + " octets");
    into.text.resize(std::min(got, into.text.find_first_of(std::string_view("\r\n\0", 3))));
    if (into.text.empty()) return base::fail(base::Errc::io, path + ": its first line is empty");
    return {};
}

/// Texts of the server: one line, nothing but printable ASCII, not too long.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : base::trim(text).substr(0, max_message_octets))
        out += c == '\n' || c == '\t' ? ' ' : c >= ' ' && c < 0x7f ? c : '?';
    return out;
}

}  // namespace

Interrupt::Interrupt() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Interrupt::set() noexcept { static_cast<void>(::eventfd_write(event_.get(), 1)); }  // fails only where it is full, and so set

bool Interrupt::is_set() const noexcept {
    pollfd one{.fd = event_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, 0) > 0;
}

bool Interrupt::wait_for(std::chrono::milliseconds time) const {
    const auto until = std::chrono::steady_clock::now() + time;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd one{.fd = event_.get(), .events = POLLIN, .revents = 0};
        const int ready = ::poll(&one, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000)));
        if (ready > 0) return true;
        if (left.count() <= 0) return false;
    }
}

std::optional<std::string> problem_of_conninfo(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    if (!options) return "is no connection string of libpq (\"host=db.example dbname=exota user=exota\", or a postgresql: URI)";
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        const std::string_view keyword = option->keyword;
        if (option->val == nullptr) continue;
        if (keyword == "password") return "has a password: write it into a file, and its path into password_file";
        if (keyword == "client_encoding" || keyword == "replication" || keyword == "options")
            return '"' + std::string(keyword) + "\" cannot be set here";
    }
    return std::nullopt;
}

std::string database_of(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    std::string out;
    for (const std::string_view wanted : {"service", "host", "hostaddr", "port", "dbname"})
        for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option)
            if (wanted == option->keyword && option->val != nullptr && *option->val != '\0')
                out += (out.empty() ? "" : " ") + std::string(wanted) + '=' + option->val;
    return out;
}

bool is_open_to_others(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    bool over_network = false, verified = false;
    for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        const std::string_view keyword = option->keyword;
        std::string_view value = option->val;
        if (keyword == "sslmode") verified |= value == "verify-full";
        if (keyword == "gssencmode") verified |= value == "require";
        if (keyword != "host" && keyword != "hostaddr") continue;
        while (!value.empty()) {
            const std::string_view host = base::take_until(value, ',');
            over_network |= !(host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
                              host.starts_with("127.") || host == "::1");
        }
    }
    return over_network && !verified;
}

std::string name_of(const PostgresSettings& settings) { return "postgresql " + database_of(settings.conninfo); }

void PostgresConnection::Finish::operator()(pg_conn* connection) const noexcept { PQfinish(connection); }
PostgresConnection::PostgresConnection(PostgresConnection&&) noexcept = default;
PostgresConnection& PostgresConnection::operator=(PostgresConnection&&) noexcept = default;
PostgresConnection::~PostgresConnection() = default;

std::unexpected<base::Error> PostgresConnection::lost(std::string_view what) const {
    const std::string said = one_line(PQerrorMessage(connection_.get()));
    return base::fail(base::Errc::unavailable, std::string(what) + (said.empty() ? "" : ": " + said));
}

base::Result<void> PostgresConnection::wait(For what, Clock::time_point until) const {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        std::array<pollfd, 2> watched{{{.fd = PQsocket(connection_.get()), .events = 0, .revents = 0},
                                       {.fd = interrupt_ ? interrupt_->descriptor() : -1, .events = POLLIN, .revents = 0}}};
        if (what != For::writing) watched[0].events |= POLLIN;
        if (what != For::reading) watched[0].events |= POLLOUT;
        const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000)));
        if (ready < 0 && errno != EINTR) return base::fail(base::Errc::io, std::generic_category().message(errno));
        if (watched[1].revents != 0) return base::fail(base::Errc::closed, "interrupted");
        if (ready > 0 && watched[0].revents != 0) return {};
        if (left.count() <= 0) return base::fail(base::Errc::timeout, "no answer in time");
    }
}

base::Result<PostgresConnection> PostgresConnection::connect(const PostgresSettings& settings, const Interrupt* interrupt) {
    Secret password;
    if (!settings.password_file.empty())
        if (const auto read = read_password(settings.password_file, password); !read) return std::unexpected(read.error());
    const std::array<const char*, 5> keywords{"dbname", "fallback_application_name", "client_encoding",
                                              password.text.empty() ? nullptr : "password", nullptr};
    const std::array<const char*, 5> values{settings.conninfo.c_str(), "exota", "UTF8", password.text.c_str(), nullptr};
    PostgresConnection out(PQconnectStartParams(keywords.data(), values.data(), 1), settings.timeout, interrupt);
    if (!out.connection_) return base::fail(base::Errc::unavailable, "there is no memory for a connection");
    PQsetNoticeProcessor(out.connection_.get(), [](void*, const char*) {}, nullptr);
    if (const base::Result<void> done = out.finish_connecting(); !done) return std::unexpected(done.error());
    return out;
}

base::Result<void> PostgresConnection::finish_connecting() {
    const auto until = Clock::now() + timeout_;
    PostgresPollingStatusType next = PQstatus(connection_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (Clock::now() >= until) return base::fail(base::Errc::unavailable, "no connection: no answer in time");
        if (next == PGRES_POLLING_FAILED) return lost("no connection");
        if (const auto ready = wait(next == PGRES_POLLING_READING ? For::reading : For::writing, until); !ready) {
            if (ready.error().code == base::Errc::closed) return ready;
            return base::fail(base::Errc::unavailable, "no connection: " + ready.error().detail);
        }
        next = PQconnectPoll(connection_.get());
    }
    if (PQsetnonblocking(connection_.get(), 1) != 0) return lost("no connection");
    return {};
}

base::Result<void> PostgresConnection::look_at(const pg_result& result, const OnRow& on_row, std::optional<base::Error>& refused) {
    switch (PQresultStatus(&result)) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            return {};
        case PGRES_SINGLE_TUPLE: {
            std::vector<std::string_view> fields(static_cast<std::size_t>(PQnfields(&result)));
            for (std::size_t i = 0; i < fields.size(); ++i) {
                const int column = static_cast<int>(i);
                fields[i] = {PQgetvalue(&result, 0, column), static_cast<std::size_t>(PQgetlength(&result, 0, column))};
            }
            if (on_row && !refused) on_row(fields);
            return {};
        }
        case PGRES_FATAL_ERROR: {
            const char* const state = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
            const char* const primary = PQresultErrorField(&result, PG_DIAG_MESSAGE_PRIMARY);
            sqlstate_ = state ? one_line(state) : "";
            if (sqlstate_.empty() || PQstatus(connection_.get()) != CONNECTION_OK) return lost("the connection is lost");
            if (!refused) refused = base::Error{base::Errc::invalid_data, one_line(primary ? primary : "")};
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
    const auto end = Clock::now() + max_query_time;
    std::optional<base::Error> refused;
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
            continue;
        }
        const std::unique_ptr<pg_result, void (*)(pg_result*)> result(PQgetResult(connection), &PQclear);
        if (!result) break;
        if (const auto good = look_at(*result, on_row, refused); !good) return good;
    }
    if (refused) return std::unexpected(*std::move(refused));
    return {};
}

base::Result<std::vector<std::string>> PostgresConnection::notified(Clock::time_point until) {
    pg_conn* const connection = connection_.get();
    for (;;) {
        if (PQconsumeInput(connection) != 1) return lost("the connection is lost");
        std::vector<std::string> out;
        while (PGnotify* const one = PQnotifies(connection)) {
            if (out.size() < max_notified) out.emplace_back(one->extra);
            PQfreemem(one);
        }
        if (out.size() == max_notified) out.assign(1, "");  // no name: everything is to be read
        if (!out.empty()) return out;
        const auto ready = wait(For::reading, until);
        if (!ready && ready.error().code == base::Errc::timeout) return out;
        if (!ready) return std::unexpected(ready.error());
    }
}

}  // namespace exota::directory
