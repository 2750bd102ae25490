// A server's host name as an address, without stopping the loop: the system may take minutes.
//
// Tested by host_lookup_test.cc, ldap_client_test.cc and redis_connection_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"

namespace exota::directory {

/// Looks up on a thread, which may outlive this and then finds nobody who waits (hanging_calls.h): a system that does not answer delays
/// neither the loop nor its end, and keeps few threads however often it is tried again.
class HostLookup {
public:
    using Found = std::function<void(base::Result<net::Address>)>;
    /// Blocks. Called on that thread, perhaps after this object is gone.
    using LookUp = std::function<base::Result<net::Address>(const std::string& host, std::uint16_t port)>;

    /// @param found  called on the loop, once, unless this is destroyed before; it may destroy this. An IPv6 address that this host has a
    ///               way to comes first. unavailable: there is no thread; else what net::look_up_host() says.
    /// @param look_up  for tests: instead of the system.
    HostLookup(net::Loop& loop, const std::string& host, std::uint16_t port, Found found, LookUp look_up = {});
    ~HostLookup();
    HostLookup(const HostLookup&) = delete;
    HostLookup& operator=(const HostLookup&) = delete;

private:
    struct State;

    std::shared_ptr<State> state_;
};

}  // namespace exota::directory
