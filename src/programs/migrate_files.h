// The predecessor's environment and policy → our configuration and version-2 tenants file that decide the same.
//
// Domains of one tenant id become one tenant. Where their DKIM flags differ, one tenant cannot have the proof of each: if the tenant id
// is no part of the proofs the tenant is split (exact), else the strictest proof is taken for all.
//
// What decides otherwise than before stands as a comment in the configuration, and then its mode is "monitor": nobody's mail is refused
// by a difference that the operator has not looked at.
//
// Tested by migrate_files_test.cc, which loads the result and compares verdicts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace exota::programs {

struct Migrated {
    std::string configuration;  // TOML
    std::string tenants;        // JSON, version 2
    std::vector<std::string> warnings;
    bool exact = true;  // false: some warning is of mail that is decided otherwise, and the configuration's mode is "monitor"
};

/// @param drop_in       made by config::from_environment.
/// @param policy        the policy file, version 1; already read without errors by tenant::read_tenants.
/// @param tenants_file  where the tenants file will lie, for the configuration.
/// @return              invalid_data if the policy is no version-1 file.
base::Result<Migrated> migrate(const config::Config& drop_in, std::string_view policy, std::string_view tenants_file);

/// Where the tenants are in a directory (MILTER_POLICY_SOURCE=ldap): they stay there, and `tenants` is empty.
Migrated migrate_ldap(const config::Config& drop_in);

}  // namespace exota::programs
