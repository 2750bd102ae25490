// The sockets that a daemon serves: opened at start, all of them or none.
//
// Tested by daemon_test.cc, net/listener_test.cc and tests/system/test_activation.py.
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
    std::vector<net::Listener> milter, http;
    /// "unix:/path", "inet:127.0.0.1:40123"; http ones after the milter's.
    std::vector<std::string> bound() const;
};

/// @param loops     of the milter.
/// @param complain  hears of every socket that could not be opened, a line each.
/// @return          nullopt: there was one.
std::optional<Sockets> open_sockets(const config::Config& config, std::size_t loops, const std::function<void(std::string_view)>& complain);

}  // namespace exota::app
