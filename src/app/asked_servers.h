// The servers that are asked while messages wait: of tenants, of recipients, and of limits. Read once at start; each loop has its own
// clients.
//
// Tested by daemon_test.cc, tests/system/test_ldap.py, tests/system/test_recipients.py and tests/system/test_limits_store.py.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/loop_counts.h"
#include "app/loop_recipients.h"
#include "app/loop_tenants.h"

namespace exota::app {

struct AskedServers {
    std::optional<LookupOptions> tenants;  // nullopt: they are at hand
    std::optional<RecipientOptions> recipients;
    std::optional<CountingOptions> counting;  // nullopt: this process counts alone
    /// nullptr: none is asked.
    const LookupOptions* tenants_asked() const noexcept { return tenants ? &*tenants : nullptr; }
    const RecipientOptions* recipients_asked() const noexcept { return recipients ? &*recipients : nullptr; }
    const CountingOptions* counting_asked() const noexcept { return counting ? &*counting : nullptr; }
};

/// The configuration was checked: what cannot be read any more (a certificate) is told.
/// @return  nullopt: `complain` was told why.
std::optional<AskedServers> asked_servers(const config::Config& config, const std::function<void(const std::string&)>& complain);

}  // namespace exota::app
