// Where the configuration says that tenants are kept, and a change there, as `exota tenant` carries it out and tells of it.
//
// What is wrong is said on standard error here; callers only pass the exit code on. Tested by tests/cli_tenant_test.py.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"
#include "directory/tenants_store.h"
#include "mail/domain.h"
#include "mail/tenant_id.h"
#include "programs/command.h"

namespace exota::programs {

/// "exota tenant: WHAT" on standard error.
void complain_of(std::string_view what);

struct TenantPlace {
    std::optional<config::Config> config;            // none: `exit` says why
    std::unique_ptr<directory::TenantsStore> store;  // likewise
    Exit exit = Exit::ok;
};
/// @param access  what it is wanted for: a directory server is only read.
TenantPlace tenant_place(const std::optional<std::string>& named, directory::TenantsStore::Access access);

struct ChangeOptions {
    bool json = false, dry_run = false, accept_shrink = false;
};
using TenantsEdit = std::function<base::Result<void>(tenant::RawTenants&)>;
/// @param place  with a store that was not opened yet.
Exit change_at(const TenantPlace& place, const ChangeOptions& options, const TenantsEdit& edit);

/// The tenant that has the domain in its directory, as Microsoft says; asks the network (tenants.openid_base).
std::expected<mail::TenantId, Exit> tenant_id_of(const mail::Domain& domain, const config::Config& config);

}  // namespace exota::programs
