// A section [gateway.NAME] from Exchange Online as a front end of the workers: a gate::GatewaySession over the two legs of each connection,
// with TLS, the spool, counters and log around it.
//
// Tested by gateway_front_end_test.cc and tests/system/test_gateway.py and its neighbours.
#pragma once

#include <memory>

#include "app/gateway_section.h"
#include "base/result.h"

namespace exota::app {

/// Not ready where every backend was seen not to take XCLIENT from us.
/// @return  io: no file can be made in spool_directory. The detail begins with the setting.
base::Result<std::unique_ptr<GatewaySection>> open_gateway_front(const config::GatewayConfig& config);

}  // namespace exota::app
