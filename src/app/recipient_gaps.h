// Domains whose list of recipients is said to be complete and has nobody of them: most often a list that was cut, or a domain that was
// forgotten, and all of its mail would be refused.
//
// Tested by recipient_gaps_test.cc.
#pragma once

#include <cstddef>
#include <vector>

#include "config/config.h"
#include "tenant/index.h"
#include "tenant/recipient_list.h"

namespace exota::app {

/// A longer list of domains ends in "and N more".
inline constexpr std::size_t most_domains_named = 5;

/// A warning for the recipients file that names them, or none. Literal domains only: of a wildcard's nobody knows which there are. Takes
/// some hundred nanoseconds for each domain and each entry.
std::vector<config::Problem> domains_without_recipients(const config::Config& config, const tenant::Index& tenants,
                                                        const tenant::RecipientList& recipients);

}  // namespace exota::app
