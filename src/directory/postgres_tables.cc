#include "directory/postgres_tables.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"

namespace exota::directory {
namespace {

constexpr std::size_t max_name_octets = 128;                                                   // of a tenant
constexpr std::size_t max_rows = 2'000'000, max_octets = std::size_t{2} * 1024 * 1024 * 1024;  // of an answer

base::Result<std::vector<TenantRow>> read(PostgresConnection& connection, const std::string& statement,
                                          const std::vector<std::string>& parameters) {
    std::vector<TenantRow> rows;
    std::size_t octets = 0;
    bool too_much = false;
    const auto done = connection.query(statement, parameters, [&](std::span<const std::string_view> fields) {
        if (fields.size() != 2 || too_much) return;
        octets += fields[0].size() + fields[1].size();
        too_much = octets > max_octets || rows.size() == max_rows;
        if (!too_much) rows.push_back({std::string(fields[0]), std::string(fields[1])});
    });
    if (!done) return std::unexpected(done.error());
    if (too_much) return base::fail(base::Errc::unavailable, "has more than 2,000,000 tenants or 2 GiB of them");
    return rows;
}

}  // namespace

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
    const auto done = connection.query("SELECT version FROM exota.schema_version", {},
                                       [&version](std::span<const std::string_view> fields) { version = fields.empty() ? "" : fields[0]; });
    if (!done && (connection.sqlstate() == "42P01" || connection.sqlstate() == "3F000"))
        return base::fail(base::Errc::invalid_data, "has no tables of ExOTA: packaging/postgresql/schema.sql makes them");
    if (!done && done.error().code == base::Errc::invalid_data) return base::fail(base::Errc::unavailable, done.error().detail);
    if (!done) return done;
    if (version == postgres_schema) return {};
    return base::fail(base::Errc::invalid_data, "has tables of version " + base::json_text(std::string_view(version).substr(0, 20)) +
                                                    ", this program reads version " + std::string(postgres_schema));
}

base::Result<std::vector<TenantRow>> read_all(PostgresConnection& connection) {
    return read(connection, "SELECT name, document FROM exota.tenant_document", {});
}

base::Result<std::vector<TenantRow>> read_named(PostgresConnection& connection, const std::vector<std::string>& names) {
    return read(connection, "SELECT name, document FROM exota.tenant_document WHERE name IN (SELECT jsonb_array_elements_text($1::jsonb))",
                {base::json_text(names)});
}

}  // namespace exota::directory
