// One GET over HTTPS of a command, which waits: the name is looked up as the system does it, and who answers must show a certificate for
// it.
//
// Tested by openid_lookup_test.cc and tests/cli_endpoints_test.py.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/result.h"
#include "net/http_response.h"
#include "net/https_base.h"

namespace exota::app {

struct HttpsOnce {
    std::string target;                        // path and query, whole: what the base's path means is the caller's business
    std::string roots_file = {};               // PEM; empty: the system's
    std::size_t most_octets = 64 * 1024;       // of the body
    std::chrono::milliseconds deadline{5000};  // of all: the host's name, TLS, the answer
    net::HttpTakes takes = net::HttpTakes::ok_only;
};

/// @return  the errors of net::HttpsGet; io: no roots; not_found, unavailable, timeout: the host's name has no address.
base::Result<net::HttpAnswer> get_once(const net::HttpsBase& base, const HttpsOnce& once);

}  // namespace exota::app
