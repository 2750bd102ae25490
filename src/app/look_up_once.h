// Tenants that are looked up, for a command: asks the directory server that a configuration names, and waits.
//
// Tested by tests/system/test_ldap.py.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "directory/ldap_lookup.h"
#include "tenant/keys.h"

namespace exota::app {

struct LookedUp {
    directory::LdapLookup::Found found{directory::LdapLookup::Found::unknown};
    std::string trouble;                // why the server does not answer, or not all; empty: it does
    std::vector<std::string> problems;  // entries that cannot be used
};

/// Blocks for a few times tenants.ldap.timeout, where several servers do not answer. Only of a configuration with tenants.source = "ldap".
LookedUp look_up_once(const config::Config& config, const tenant::Keys& keys);

}  // namespace exota::app
