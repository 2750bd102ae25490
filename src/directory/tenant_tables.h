// What PostgresSource asks of a database: its tables of tenants, over one connection. A seam: tests have tables of their own.
//
//   open ─▶ listen() ─▶ read_all() ─▶ notified() … read_named() … is_there() … until something fails; then another one is opened
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "directory/tenant_rows.h"

namespace exota::directory {

class TenantTables {
public:
    using Clock = std::chrono::steady_clock;

    TenantTables() = default;
    virtual ~TenantTables() = default;
    TenantTables(const TenantTables&) = delete;
    TenantTables& operator=(const TenantTables&) = delete;

    // All of them fail with: invalid_data, there are no tables of the version that this program reads; unavailable, the server does not
    // answer, or not now; closed, interrupted. After that the connection is of no use.

    /// From now on changes are notified. Before anything is read.
    virtual base::Result<void> listen() = 0;
    /// As of one moment.
    virtual base::Result<std::vector<TenantRow>> read_all() = 0;
    /// Those of these that are there.
    virtual base::Result<std::vector<TenantRow>> read_named(const std::vector<std::string>& names) = 0;
    /// The server is there, and would have told of a change; what it told of before can be had by notified() at once.
    virtual base::Result<void> is_there() = 0;
    /// Waits until something was notified, until then, or until somebody pokes.
    /// @return  the payloads since the last call, perhaps none.
    virtual base::Result<std::vector<std::string>> notified(Clock::time_point until) = 0;
};

/// @return  invalid_data: no tables of this version; io: the password file; unavailable, closed.
using OpenTables = std::function<base::Result<std::unique_ptr<TenantTables>>()>;

}  // namespace exota::directory
