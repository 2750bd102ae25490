#include "web/http_server.h"

namespace exota::web {

namespace {

net::ServerOptions options_of() {
    net::ServerOptions options;
    options.makes_room = net::MakesRoom::next_due;
    options.closing_timeout = std::chrono::milliseconds(0);  // a session's deadline has given the reader its time already
    return options;
}

}  // namespace

HttpServer::HttpServer(net::Loop& loop, Router router, HttpLimits limits)
    : router_(std::move(router)),
      places_(limits.max_connections),
      server_(
          loop, places_, [this, limits](const net::Peer&, std::function<void()>) { return make_http_session(router_, limits); },
          options_of()) {}

void HttpServer::stop() {
    server_.stop_accepting();
    server_.close_all();
}

std::uint64_t HttpServer::made_room() const noexcept {
    return server_.counters().ended[static_cast<std::size_t>(net::Ending::made_room)].value();
}

}  // namespace exota::web
