// What an operator sets of where tenants are kept: section [tenants] of the configuration. docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "directory/ldap_settings.h"
#include "directory/postgres_settings.h"

namespace exota::directory {

struct TenantsSettings {
    std::string source = "file";
    std::string file;
    std::chrono::seconds watch_interval{2};      // besides SIGHUP; 0: never look by itself
    std::string state_directory = "/run/exota";  // see shrink_guard.h; empty: no guard against a file that shrank
    // Of sources that are a server:
    std::string snapshot_file = "/var/lib/exota/tenants.snapshot";  // last good state of those that give all tenants; empty: none is kept
    std::chrono::seconds max_stale{7 * 86400};                      // for so long what was read is served while the server is away
    std::optional<LdapSettings> ldap;                               // of source = "ldap"
    std::optional<PostgresSettings> postgresql;                     // of source = "postgresql"
    std::string openid_base = "https://login.microsoftonline.com";  // where `exota tenant add --look-up` asks
};

}  // namespace exota::directory
