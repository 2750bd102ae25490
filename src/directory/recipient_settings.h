// What an operator sets of recipients that a server is asked for: section [recipients] of the configuration.
// docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "directory/ldap_settings.h"
#include "directory/postgres_settings.h"

namespace exota::directory {

struct RecipientSourceSettings {
    std::optional<LdapSettings> ldap;            // of source = "ldap"; its `filter` is that of a recipient
    std::optional<PostgresSettings> postgresql;  // of source = "postgresql"
    std::chrono::seconds positive_ttl{3600}, negative_ttl{300};
    std::chrono::seconds max_stale{7 * 86400};  // for so long it is known that a recipient exists while the server is away
    std::size_t cache_entries = 100'000;        // of each loop
    bool is_asked() const noexcept { return ldap || postgresql; }
};

}  // namespace exota::directory
