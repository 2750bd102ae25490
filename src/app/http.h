// The daemon's small HTTP: /metrics, /healthz, /readyz. GET and HEAD only; requests are limited in size, time and number. Whoever comes
// is served: connections that say nothing, or half a request, or do not read, make room for it.
//
// Runs on the control loop, so that a scraper never holds up mail. Tested by http_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/descriptor.h"
#include "net/loop.h"

namespace exota::app {

struct HttpPages {
    std::function<std::string()> metrics;
    std::function<bool()> ready;
};

struct HttpLimits {
    std::size_t max_request_octets = 8192;      // header; a body is not taken
    std::size_t max_connections = 64;           // for one more the oldest makes room, unfinished requests first
    std::chrono::milliseconds timeout{10'000};  // for a request, and for a reader to take the answer
};

/// On its loop. To be destroyed on the loop's thread, or after the loop has stopped.
class HttpServer {
public:
    HttpServer(net::Loop& loop, HttpPages pages, HttpLimits limits = {});
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    void listen(net::Descriptor listener);
    void stop();
    /// Connections that were closed to make room. On its loop.
    std::uint64_t made_room() const noexcept;

private:
    struct Parts;
    class Connection;
    std::shared_ptr<Parts> parts_;
};

}  // namespace exota::app
