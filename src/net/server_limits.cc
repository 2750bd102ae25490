#include "net/server_limits.h"

#include <algorithm>
#include <utility>

#include "net/server.h"

namespace exota::net {

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
            search->found[i] = servers_[i]->longest_idle();
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
