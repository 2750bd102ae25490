// Addresses of hosts as the system knows them: of a name, and of this host. Both block: for start and reload, not for a loop.
//
// Tested by host_addresses_test.cc.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "net/address.h"

namespace exota::net {

/// The first address that the system has for the host of an inet or inet6 endpoint, with its port.
/// @return  not_found: none of that kind; unavailable: it cannot be found out now; invalid_data: no TCP endpoint with a host.
base::Result<Address> look_up_host(const Endpoint& endpoint);

/// All that the system has for a name, each once, those first that it would try first.
/// @return  not_found: none; unavailable: it cannot be found out now.
base::Result<std::vector<base::IpAddress>> look_up_addresses(const std::string& host);

/// Of all interfaces that are up, loopback included. Empty if the system does not say.
std::vector<base::IpAddress> host_addresses();

}  // namespace exota::net
