#include "directory/postgres_tables.h"

#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"

namespace exota::directory {
namespace {

constexpr std::size_t max_name_octets = 128;  // of a tenant

std::unexpected<base::Error> other_version(std::string_view version) {
    return base::fail(base::Errc::invalid_data, "has tables of version " + base::json_text(version.substr(0, 20)) +
                                                    ", this program reads version " + std::string(postgres_schema));
}

// Version and rows are of one statement, and so of one moment. LIMIT says that there is one version, so that no plan keeps all rows for
// another.
constexpr const char* all_rows =
    "SELECT v.version, d.name, d.document FROM (SELECT version FROM exota.schema_version LIMIT 1) AS v "
    "LEFT JOIN exota.tenant_document AS d ON true";
constexpr const char* named_rows =
    "SELECT v.version, d.name, d.document FROM (SELECT version FROM exota.schema_version LIMIT 1) AS v "
    "LEFT JOIN (SELECT name, document FROM exota.tenant_document WHERE name IN (SELECT jsonb_array_elements_text($1::jsonb))) AS d ON true";

/// A statement that is refused now says nothing of the tables, unless they are not there.
std::unexpected<base::Error> refused(const PostgresConnection& connection, const base::Error& error) {
    if (connection.sqlstate() == "42P01" || connection.sqlstate() == "3F000")
        return base::fail(base::Errc::invalid_data, "has no tables of ExOTA: packaging/postgresql/schema.sql makes them");
    return base::fail(error.code == base::Errc::invalid_data ? base::Errc::unavailable : error.code, error.detail);
}

base::Result<std::vector<TenantRow>> read(PostgresConnection& connection, const char* statement,
                                          const std::vector<std::string>& parameters) {
    RowsOfAnswer rows;
    const auto done =
        connection.query(statement, parameters, [&rows](std::span<const std::string_view> fields) { return rows.add(fields); });
    if (!done) return refused(connection, done.error());
    return rows.take();
}

class PostgresTables final : public TenantTables {
public:
    explicit PostgresTables(PostgresConnection connection) : connection_(std::move(connection)) {}

    base::Result<void> listen() override { return connection_.query("LISTEN exota_tenants", {}); }
    base::Result<std::vector<TenantRow>> read_all() override { return directory::read_all(connection_); }
    base::Result<std::vector<TenantRow>> read_named(const std::vector<std::string>& names) override {
        return read(connection_, named_rows, {base::json_text(names)});
    }
    base::Result<void> is_there() override {
        bool listens = false;
        const auto done =
            connection_.query("SELECT 'exota_tenants' IN (SELECT pg_listening_channels())", {}, [&listens](const auto& fields) {
                listens = fields.size() == 1 && fields[0] == "t";
                return true;
            });
        if (!done || listens) return done;
        return base::fail(base::Errc::unavailable, "tells of no changes any more: a connection pooler must not stand in between");
    }
    base::Result<std::vector<std::string>> notified(Clock::time_point until) override { return connection_.notified(until); }

private:
    PostgresConnection connection_;
};

}  // namespace

bool RowsOfAnswer::add(std::span<const std::string_view> fields) {
    if (fields.size() != 3 || (!version_.empty() && version_ != fields[0])) return false;
    version_ = fields[0].substr(0, 64);
    if (fields[1].empty()) return true;
    const std::size_t octets = fields[1].size() + fields[2].size();
    if (rows_left_ == 0 || octets > octets_left_) return false;
    --rows_left_;
    octets_left_ -= octets;
    rows_.push_back({std::string(fields[1]), std::string(fields[2])});
    return true;
}

base::Result<std::vector<TenantRow>> RowsOfAnswer::take() {
    if (version_ != postgres_schema) return other_version(version_);
    return std::move(rows_);
}

ToRead to_read(std::vector<std::string> payloads) {
    ToRead out{false, std::move(payloads)};
    std::ranges::sort(out.names);
    const auto repeated = std::ranges::unique(out.names);
    out.names.erase(repeated.begin(), repeated.end());
    const auto is_name = [](const std::string& name) {
        return !name.empty() && name.size() <= max_name_octets && std::ranges::none_of(name, base::is_control);
    };
    out.everything = out.names.size() > most_named_at_once || !std::ranges::all_of(out.names, is_name);
    if (out.everything) out.names.clear();
    return out;
}

base::Result<void> check_schema(PostgresConnection& connection) {
    std::string version;
    const auto done =
        connection.query("SELECT version FROM exota.schema_version", {}, [&version](std::span<const std::string_view> fields) {
            version = fields.empty() ? "" : fields[0];
            return true;
        });
    if (!done) return refused(connection, done.error());
    if (version != postgres_schema) return other_version(version);
    return {};
}

base::Result<std::vector<TenantRow>> read_all(PostgresConnection& connection) { return read(connection, all_rows, {}); }

base::Result<bool> is_standby(PostgresConnection& connection) {
    bool standby = false;
    const auto done = connection.query("SELECT pg_is_in_recovery()", {}, [&standby](std::span<const std::string_view> fields) {
        standby = fields.size() == 1 && fields[0] == "t";
        return true;
    });
    if (!done) return std::unexpected(done.error());
    return standby;
}

OpenTables postgres_tables(const PostgresSettings& settings, const Interrupt* interrupt) {
    return [settings, interrupt]() -> base::Result<std::unique_ptr<TenantTables>> {
        auto connection = PostgresConnection::connect(settings, interrupt);
        if (!connection) return std::unexpected(connection.error());
        if (const auto good = check_schema(*connection); !good) return std::unexpected(good.error());
        return std::make_unique<PostgresTables>(*std::move(connection));
    };
}

}  // namespace exota::directory
