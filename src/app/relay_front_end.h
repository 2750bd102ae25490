// A section [gateway.NAME] to Exchange as a front end of the workers: a gate::RelaySession over the two legs of each connection, with TLS,
// MTA-STS, the spool, counters and log around it.
//
// Tested by relay_front_end_test.cc and tests/system/test_relay.py and its neighbours.
#pragma once

#include <memory>

#include "app/gateway_section.h"
#include "app/policy_fetch.h"
#include "base/result.h"

namespace exota::app {

class MtaStsStores;

/// @param policies  of all sections; only asked here.
/// @param fetching  how MTA-STS policies are fetched.
/// @return          io: no file can be made in spool_directory, or in mta_sts_directory where MTA-STS is on. The detail begins with the
///                  setting.
base::Result<std::unique_ptr<GatewaySection>> open_relay_front(const config::GatewayConfig& config, MtaStsStores& policies,
                                                               PolicyFetchOptions fetching = {});

}  // namespace exota::app
