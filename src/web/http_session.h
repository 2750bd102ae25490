// HTTP/1 (RFC 9112) as a session without I/O: requests without a body in, the router's answers out.
//
// A request that is none, or is too large, is answered and is the connection's last: then nothing more is written, and what still comes is
// forgotten for a while, because a peer that is closed with octets unread may lose our answer.
//
// Tested by http_session_test.cc, http_server_test.cc and fuzz/http_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "net/session.h"
#include "web/router.h"

namespace exota::web {

struct HttpLimits {
    std::size_t max_request_octets = 8192;      // all of the header; a body is not taken
    std::size_t max_connections = 64;           // for one more the oldest makes room, unfinished requests first
    std::chrono::milliseconds timeout{10'000};  // for a request, for a reader to take the answer, for a peer to hang up
};

/// Requests that come together, answered at one go: at the last of them the connection ends, so that a few octets are no order for
/// megabytes of answers.
inline constexpr int max_answers_a_turn = 16;
/// What is forgotten behind the last answer before we hang up.
inline constexpr std::size_t max_discarded_octets = std::size_t{1024} * 1024;

/// @param router  outlives the session.
std::unique_ptr<net::Session> make_http_session(const Router& router, const HttpLimits& limits);

}  // namespace exota::web
