// Tenants and changes of tenants as `exota tenant` prints them, for people and as JSON.
//
// Tested by tenant_output_test.cc and tests/cli_tenant_test.py.
#pragma once

#include <string>

#include "programs/tenant_change.h"
#include "tenant/raw_tenants.h"

namespace exota::programs {

/// One tenant a line: its name, how many names it has, its mode.
std::string list_as_text(const tenant::RawTenants& tenants);
/// An array of objects.
std::string list_as_json(const tenant::RawTenants& tenants);

/// Its fields, one a line.
std::string tenant_as_text(const tenant::RawTenant& tenant);
/// One object: "name", and the fields as the tenants file has them.
std::string tenant_as_json(const tenant::RawTenant& tenant);

/// "+ NAME", "~ NAME", "- NAME", and below it each field that changes.
std::string difference_as_text(const std::vector<tenant::TenantChange>& difference);
/// @param place  what was changed.
std::string change_as_json(const TenantsChanged& changed, const std::string& place, bool dry_run);

}  // namespace exota::programs
