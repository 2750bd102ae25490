// One GET over HTTPS on a loop: connect, TLS, the request, the answer, the end. Nothing is kept for a second one.
//
// The request is sent only to who shows a certificate for the host by a chain to the context's roots, now, that may serve: a stranger
// learns no more than the name in SNI. No redirect is followed. Names are resolved by the caller, for he has the resolver.
//
// Tested by https_get_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "net/http_response.h"
#include "net/loop.h"

namespace exota::net {

class TlsContext;

inline constexpr std::uint16_t https_port = 443;

struct HttpsRequest {
    std::string host;          // a name in lower case, no address: for SNI, the certificate and Host
    std::string target = "/";  // path and query, as they stand in the request line
    std::string accept = "*/*";
    std::vector<base::IpAddress> addresses;      // of the host, tried in order; HttpsGet::max_addresses of them
    std::uint16_t port = https_port;             // named in Host if it is another one
    std::chrono::milliseconds deadline{60'000};  // for all of it; connecting and TLS with one address may take its even share of the rest
    HttpLimits limits{};
    HttpTakes takes = HttpTakes::ok_only;
};

class HttpsGet {
public:
    static constexpr std::size_t max_addresses = 16;
    using Done = std::function<void(base::Result<HttpAnswer>)>;

    /// @param context  a client's, with the roots that are trusted.
    HttpsGet(Loop& loop, std::shared_ptr<const TlsContext> context);
    ~HttpsGet();
    HttpsGet(const HttpsGet&) = delete;
    HttpsGet& operator=(const HttpsGet&) = delete;

    /// Replaces what is under way.
    /// @param done  called once, on the loop, never from within start(); not after cancel(), nor after the object is gone; it may start the
    ///              next, or destroy the object. Errors, beside those of HttpResponse: invalid_data, the host or target has characters that
    ///              none has; unavailable, no address could be reached and proved itself; timeout.
    void start(HttpsRequest request, Done done);
    void cancel() noexcept;

private:
    struct Transfer;
    Loop& loop_;
    const std::shared_ptr<const TlsContext> context_;
    std::shared_ptr<Transfer> transfer_;
};

}  // namespace exota::net
