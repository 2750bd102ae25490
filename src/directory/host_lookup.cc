#include "directory/host_lookup.h"

#include <sys/socket.h>

#include <mutex>
#include <utility>

#include "directory/hanging_calls.h"
#include "net/descriptor.h"
#include "net/endpoint.h"
#include "net/host_addresses.h"
#include "net/socket_address.h"

namespace exota::directory {
namespace {

/// There is a way to it; many hosts have IPv6 addresses that nobody can reach from here.
bool reachable(const net::Address& address) {
    const net::Descriptor probe(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto to = net::SocketAddress::of(address);
    return probe && to && ::connect(probe.get(), to->get(), to->octets) == 0;
}

base::Result<net::Address> of_the_system(const std::string& host, std::uint16_t port) {
    net::Endpoint endpoint{.kind = net::Endpoint::Kind::inet6, .path = {}, .host = host, .port = port, .name = {}};
    base::Result<net::Address> address = net::look_up_host(endpoint);
    if (address && reachable(*address)) return address;
    endpoint.kind = net::Endpoint::Kind::inet;
    base::Result<net::Address> other = net::look_up_host(endpoint);
    return other || !address ? other : address;
}

}  // namespace

using Calls = HangingCalls<net::Address>;

struct HostLookup::State final : Calls::Waiter, std::enable_shared_from_this<State> {
    void tell(const base::Result<net::Address>& address) override {
        const std::lock_guard lock(mutex);
        if (loop == nullptr) return;
        loop->post([self = shared_from_this(), address] {
            const Found found = self->found;  // who hears it may destroy us
            if (found) found(address);
        });
    }

    std::mutex mutex;  // of `loop`; `found` belongs to its thread
    net::Loop* loop = nullptr;
    Found found;
};

HostLookup::HostLookup(net::Loop& loop, const std::string& host, std::uint16_t port, Found found, LookUp look_up)
    : state_(std::make_shared<State>()) {
    state_->loop = &loop;
    state_->found = std::move(found);
    if (!look_up) look_up = &of_the_system;
    const bool is_asked = Calls::all()->ask(host + ' ' + std::to_string(port), state_,
                                            [look_up = std::move(look_up), host, port] { return look_up(host, port); });
    if (!is_asked) state_->tell(base::fail(base::Errc::unavailable, "there is no thread to look " + host + " up: too many hang"));
}

HostLookup::~HostLookup() {
    const std::lock_guard lock(state_->mutex);
    state_->loop = nullptr;
    state_->found = nullptr;
}

}  // namespace exota::directory
