// What is asked of the tables of packaging/postgresql/schema.sql, and how.
//
// Tested by postgres_tables_test.cc and fuzz/tenant_rows_fuzz.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/postgres_connection.h"
#include "directory/tenant_rows.h"

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

/// @return  invalid_data: there is no such schema, or another version of it.
base::Result<void> check_schema(PostgresConnection& connection);
/// As of one moment.
base::Result<std::vector<TenantRow>> read_all(PostgresConnection& connection);
/// Those of these that are there.
base::Result<std::vector<TenantRow>> read_named(PostgresConnection& connection, const std::vector<std::string>& names);

}  // namespace exota::directory
