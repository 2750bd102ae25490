// Tenants in PostgreSQL that are changed: in one transaction, under a lock that lets daemons go on reading.
//
// The names are made canonical on the way, as the constraints of the tables want them. Blocks. Tested by tests/cli_tenant_test.py.
#pragma once

#include <optional>
#include <string>

#include "directory/postgres_connection.h"
#include "directory/postgres_settings.h"
#include "directory/tenants_store.h"

namespace exota::directory {

class PostgresStore final : public TenantsStore {
public:
    explicit PostgresStore(PostgresSettings settings);

    base::Result<Opened> open(Access access) override;
    base::Result<void> change(const Change& change) override;
    const std::string& place() const noexcept override { return place_; }

private:
    base::Result<void> ask(const std::string& statement, const std::vector<std::string>& parameters = {});
    base::Result<void> write(const Change& change);

    const PostgresSettings settings_;
    const std::string place_;
    std::optional<PostgresConnection> connection_;
};

}  // namespace exota::directory
