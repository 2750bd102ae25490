#include "net/server_limits.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/server.h"

namespace exota::net {

base::IpAddress network_of_client(const base::IpAddress& address) noexcept {
    if (address.is_v4()) return address;
    std::array<std::uint8_t, 16> octets = address.octets();
    std::fill(octets.begin() + 8, octets.end(), std::uint8_t{0});
    return base::IpAddress::from_octets(octets);
}

bool ServerLimits::enter_client(const base::IpAddress& client) {
    const std::scoped_lock lock(clients_mutex_);
    const auto [place, is_new] = clients_.try_emplace(network_of_client(client), 0);
    if (place->second >= max_sessions_per_client_) return false;
    ++place->second;
    return true;
}

void ServerLimits::leave_client(const base::IpAddress& client) {
    const std::scoped_lock lock(clients_mutex_);
    if (const auto place = clients_.find(network_of_client(client)); place != clients_.end() && --place->second == 0) clients_.erase(place);
}

std::size_t ServerLimits::clients() const {
    const std::scoped_lock lock(clients_mutex_);
    return clients_.size();
}

/// Who of all loops' sessions makes room; each server enters its own.
struct ServerLimits::Search {
    Search(Server& for_whom, std::size_t servers) : asking(for_whom), found(servers), left(servers) {}
    Server& asking;
    std::vector<std::optional<IdleSession>> found;  // by server
    std::atomic<std::size_t> left;
};

void ServerLimits::search_room(Server& asking) {
    if (searching_.exchange(true)) return;
    searches_.fetch_add(1);
    const auto search = std::make_shared<Search>(asking, servers_.size());
    for (std::size_t i = 0; i < servers_.size(); ++i)
        servers_[i]->loop_.post([this, search, i] {
            search->found[i] = servers_[i]->who_makes_room();
            if (search->left.fetch_sub(1) == 1) choose(*search);
        });
}

/// On the loop that answered last.
void ServerLimits::choose(const Search& search) {
    const auto longest = std::ranges::max_element(search.found);  // nullopt is less than anybody
    if (longest == search.found.end() || !*longest) {
        searching_ = false;
        return;  // all have work in hand: whoever asked looks again after a while
    }
    Server* const makes_room = servers_[static_cast<std::size_t>(longest - search.found.begin())];
    search.asking.loop_.post([this, makes_room, &asking = search.asking] {
        if (!asking.someone_waits()) {  // another loop has taken that connection meanwhile
            searching_ = false;
            return;
        }
        makes_room->loop_.post([this, makes_room] {
            searching_ = false;  // first: who is woken by the free place may have to search again
            makes_room->make_room();
        });
    });
}

}  // namespace exota::net
