// What is asked of the tables of packaging/postgresql/schema.sql, and how.
//
// Tested by postgres_tables_test.cc, fuzz/tenant_rows_fuzz.cc and tests/system/test_postgresql.py.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/postgres_connection.h"
#include "directory/tenant_tables.h"

namespace exota::directory {

/// Of the schema that this program reads and writes.
inline constexpr std::string_view postgres_schema = "1";
/// More tenants than these that were told of at once are not asked for by name: everything is read.
inline constexpr std::size_t most_named_at_once = 1000;

/// What notifications ask for. @param payloads  anything may stand in them.
struct ToRead {
    bool everything = false;
    std::vector<std::string> names;  // sorted, each once; nobody's name where everything is to be read
    friend bool operator==(const ToRead&, const ToRead&) = default;
};
ToRead to_read(std::vector<std::string> payloads);

/// Rows as they come in, up to a limit of their number and octets, each with the version of the schema at the moment of the statement.
class RowsOfAnswer {
public:
    static constexpr std::size_t most_rows = 2'000'000, most_octets = std::size_t{2} * 1024 * 1024 * 1024;

    explicit RowsOfAnswer(std::size_t rows = most_rows, std::size_t octets = most_octets) noexcept
        : rows_left_(rows), octets_left_(octets) {}
    /// @param fields  version, name (empty: no tenant), document.
    /// @return        false: there may be no more; the answer is one that nobody asked for, or too large.
    bool add(std::span<const std::string_view> fields);
    /// After the last one.
    /// @return  invalid_data: no version was told of, or another one than postgres_schema.
    base::Result<std::vector<TenantRow>> take();

private:
    std::vector<TenantRow> rows_;
    std::size_t rows_left_, octets_left_;
    std::string version_;
};

/// @return  invalid_data: there is no such schema, or another version of it.
base::Result<void> check_schema(PostgresConnection& connection);
/// As of one moment. @return  invalid_data as check_schema().
base::Result<std::vector<TenantRow>> read_all(PostgresConnection& connection);
/// It takes no changes, and so tells of none: another one is the primary.
base::Result<bool> is_standby(PostgresConnection& connection);

/// Of a server. @param interrupt  outlives what is opened; may be null.
OpenTables postgres_tables(const PostgresSettings& settings, const Interrupt* interrupt);

}  // namespace exota::directory
