// The address below which something is asked for over HTTPS, as an operator sets it: "https://HOST", "https://HOST:PORT/PATH".
//
// Tested by https_base_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::net {

struct HttpsBase {
    std::string host;  // lower case
    std::uint16_t port = 443;
    std::string path;  // empty, or begins with '/'
    friend bool operator==(const HttpsBase&, const HttpsBase&) = default;
};

/// @return  invalid_data: no https, no name of a host (an address is none: no certificate would fit), a port that is none, a query.
base::Result<HttpsBase> parse_https_base(std::string_view text);

}  // namespace exota::net
