// A change of tenants, from what there is to what there shall be: the same check as a load has, and the same guard against a loss.
//
// Tested by tests/cli_tenant_test.py.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "directory/tenants_store.h"
#include "programs/command.h"
#include "tenant/raw_tenants.h"

namespace exota::programs {

/// What became of a change, for tenant_output.h.
struct TenantsChanged {
    std::vector<tenant::TenantChange> difference;
    std::vector<config::Problem> problems;  // those that the change would bring; of what is there already, only errors
    bool written = false;
    Exit exit = Exit::ok;
    std::string complaint = {};  // a sentence, where the exit is not ok and no problem says why
};

struct HowToChange {
    bool dry_run = false;
    bool accept_shrink = false;
    /// Called before a change that loses too much is written, so that a daemon takes it.
    std::function<base::Result<void>(const directory::Fingerprint&)> note_acceptance = {};
};

/// Opens the store, edits what is in it, checks that, and writes it.
/// @param edit  what it refuses ends the change: invalid_data with a sentence.
TenantsChanged change_tenants(directory::TenantsStore& store, const tenant::Defaults& defaults,
                              const std::function<base::Result<void>(tenant::RawTenants&)>& edit, const HowToChange& how);

/// Problems of a text of tenants; without places where the text is nowhere.
enum class TextIs : unsigned char { in_the_file, to_be_written };
std::vector<config::Problem> problems_of_text(const std::string& text, const tenant::Defaults& defaults, const std::string& place,
                                              TextIs is);

/// A warning that a tenant is there and cannot be read.
config::Problem unreadable(const std::string& place, const std::string& name, const std::string& why);

/// Of what a store could not do.
Exit exit_of(const base::Error& error);

}  // namespace exota::programs
