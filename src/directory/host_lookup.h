// A server's host name as an address, without stopping the loop: the system may take minutes.
//
// Tested by ldap_client_test.cc and redis_connection_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"

namespace exota::directory {

/// Looks up on a thread of its own, which may outlive this and then finds nobody who waits.
class HostLookup {
public:
    using Found = std::function<void(base::Result<net::Address>)>;

    /// @param found  called on the loop, once, unless this is destroyed before; it may destroy this. An IPv6 address that this host has a
    ///               way to comes first. unavailable: there is no thread; else what net::look_up_host() says.
    HostLookup(net::Loop& loop, const std::string& host, std::uint16_t port, Found found);
    ~HostLookup();
    HostLookup(const HostLookup&) = delete;
    HostLookup& operator=(const HostLookup&) = delete;

private:
    struct State;
    static void tell(const State& state, const base::Result<net::Address>& address);

    std::shared_ptr<State> state_;
};

}  // namespace exota::directory
