#include "directory/host_lookup.h"

#include <sys/socket.h>

#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

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

struct HostLookup::State {
    std::mutex mutex;  // of `loop`; `found` belongs to its thread
    net::Loop* loop = nullptr;
    Found found;
};

/// What threads are at, and for whom. Whoever tries again and again while the system does not answer joins the thread that hangs.
struct HostLookup::UnderWay {
    using Name = std::pair<std::string, std::uint16_t>;
    using Waiting = std::vector<std::weak_ptr<State>>;

    /// Threads may outlive everything else.
    static const std::shared_ptr<UnderWay>& all() {
        static const auto all = std::make_shared<UnderWay>();
        return all;
    }
    /// @return  true: nobody is at it yet.
    bool join(const Name& name, const std::shared_ptr<State>& state) {
        const std::lock_guard lock(mutex);
        const auto [one, is_new] = waiting.try_emplace(name);
        std::erase_if(one->second, [](const std::weak_ptr<State>& each) { return each.expired(); });
        one->second.push_back(state);
        return is_new;
    }
    void tell(const Name& name, const base::Result<net::Address>& address) {
        Waiting those;
        {
            const std::lock_guard lock(mutex);
            if (auto one = waiting.extract(name)) those = std::move(one.mapped());
        }
        for (const std::weak_ptr<State>& each : those) {
            const std::shared_ptr<State> state = each.lock();
            if (!state) continue;
            const std::lock_guard lock(state->mutex);
            if (state->loop != nullptr) state->loop->post([state, address] { HostLookup::tell(*state, address); });
        }
    }

    std::mutex mutex;
    std::map<Name, Waiting> waiting;
};

void HostLookup::tell(const State& state, const base::Result<net::Address>& address) {
    const Found found = state.found;  // who hears it may destroy us
    if (found) found(address);
}

HostLookup::HostLookup(net::Loop& loop, const std::string& host, std::uint16_t port, Found found, LookUp look_up)
    : state_(std::make_shared<State>()) {
    state_->loop = &loop;
    state_->found = std::move(found);
    const UnderWay::Name name(host, port);
    if (!UnderWay::all()->join(name, state_)) return;
    if (!look_up) look_up = &of_the_system;
    try {
        std::thread([all = UnderWay::all(), name, look_up = std::move(look_up)] {
            all->tell(name, look_up(name.first, name.second));
        }).detach();
    } catch (const std::exception& error) {  // no thread, no memory
        UnderWay::all()->tell(name, base::fail(base::Errc::unavailable, std::string("there is no thread to look it up: ") + error.what()));
    }
}

HostLookup::~HostLookup() {
    const std::lock_guard lock(state_->mutex);
    state_->loop = nullptr;
    state_->found = nullptr;
}

}  // namespace exota::directory
