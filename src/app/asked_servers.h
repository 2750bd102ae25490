// Who is asked for each message besides DNS: where tenants are looked up, and where limits are counted. Read once, when the daemon starts.
//
// Tested by tests/system/test_ldap.py and tests/system/test_limits_store.py.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "app/loop_counts.h"
#include "app/loop_tenants.h"
#include "config/config.h"

namespace exota::app {

struct AskedServers {
    std::optional<LookupOptions> lookups;     // nullopt: the tenants are at hand
    std::optional<CountingOptions> counting;  // nullopt: this process counts alone
};

/// @param complain  hears of each whose settings name what cannot be used any more (a certificate), a line each.
/// @return          nullopt: there was one.
std::optional<AskedServers> read_asked_servers(const config::Config& config, const std::function<void(std::string_view)>& complain);

}  // namespace exota::app
