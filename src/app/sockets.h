// The sockets that a daemon serves: opened at start, all of them or none.
//
// Tested by sockets_test.cc, daemon_test.cc, net/listener_test.cc and tests/system/test_activation.py.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "net/listener.h"

namespace exota::app {

struct Sockets {
    std::vector<net::Listener> milter, inbound, http;
    std::vector<std::vector<net::Listener>> gateways;  // by section, as in the configuration

    template <class Visit>
    void for_each(Visit visit) const {
        const auto each = [&visit](const std::vector<net::Listener>& listeners) {
            for (const net::Listener& listener : listeners) visit(listener);
        };
        each(milter);
        each(inbound);
        for (const std::vector<net::Listener>& gateway : gateways) each(gateway);
        each(http);
    }
    /// All but http's. The socket files go with them: a successor may put its own there.
    void close_doors() {
        milter.clear();
        inbound.clear();
        gateways.clear();
    }
    /// "unix:/path", "inet:127.0.0.1:40123"; the inbound door's after the milter's, then the gateways', then http.
    std::vector<std::string> bound() const;
    /// Tells whoever dials (gate::RelaySettings::own_sockets) where they lead: to an address of its own, or to every one that the host has
    /// now. Of these and no others: what systemd opened, and a port that the system chose, no configuration names.
    void tell(std::vector<config::GatewayConfig>& gateways) const;
};

/// @param loops     of milters and of gateways.
/// @param complain  hears of every socket that could not be opened, a line each.
/// @return          nullopt: there was one.
std::optional<Sockets> open_sockets(const config::Config& config, std::size_t loops, const std::function<void(std::string_view)>& complain);

}  // namespace exota::app
