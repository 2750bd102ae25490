#include "directory/host_lookup.h"

#include <sys/socket.h>

#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

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

}  // namespace

struct HostLookup::State {
    std::mutex mutex;  // of `loop`; `found` belongs to its thread
    net::Loop* loop = nullptr;
    Found found;
};

void HostLookup::tell(const State& state, const base::Result<net::Address>& address) {
    const Found found = state.found;  // who hears it may destroy us
    if (found) found(address);
}

HostLookup::HostLookup(net::Loop& loop, const std::string& host, std::uint16_t port, Found found) : state_(std::make_shared<State>()) {
    state_->loop = &loop;
    state_->found = std::move(found);
    try {
        std::thread([state = state_, host, port] {
            net::Endpoint endpoint{.kind = net::Endpoint::Kind::inet6, .path = {}, .host = host, .port = port, .name = {}};
            base::Result<net::Address> address = net::look_up_host(endpoint);
            if (!address || !reachable(*address)) {
                endpoint.kind = net::Endpoint::Kind::inet;
                if (base::Result<net::Address> other = net::look_up_host(endpoint); other || !address) address = std::move(other);
            }
            const std::lock_guard lock(state->mutex);
            if (state->loop != nullptr) state->loop->post([state, address = std::move(address)] { tell(*state, address); });
        }).detach();
    } catch (const std::system_error& error) {
        loop.post([state = state_, why = error.code().message()] {
            tell(*state, base::fail(base::Errc::unavailable, "there is no thread to look it up: " + why));
        });
    }
}

HostLookup::~HostLookup() {
    const std::lock_guard lock(state_->mutex);
    state_->loop = nullptr;
    state_->found = nullptr;
}

}  // namespace exota::directory
