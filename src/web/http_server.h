// The daemon's small HTTP: its sessions on one loop, within limits. Whoever comes is served: connections that say nothing, or half a
// request, or do not read, make room for it.
//
// Runs on the control loop, so that a scraper never holds up mail. Tested by http_server_test.cc.
#pragma once

#include <cstdint>
#include <utility>

#include "net/server.h"
#include "web/http_session.h"
#include "web/router.h"

namespace exota::web {

/// On its loop. To be destroyed after the loop has stopped.
class HttpServer {
public:
    HttpServer(net::Loop& loop, Router router, HttpLimits limits = {});

    void listen(net::Descriptor listener) { server_.listen(std::move(listener)); }
    /// Nobody is accepted any more, and every connection ends.
    void stop();
    /// Connections that were closed to make room.
    std::uint64_t made_room() const noexcept;

private:
    const Router router_;
    net::ServerLimits places_;
    net::Server server_;
};

}  // namespace exota::web
