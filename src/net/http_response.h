// The answer to one GET over HTTP/1 (RFC 9112), without I/O: octets in, status, media type and body out.
//
// Whoever answers is a stranger until TLS has said who it is, and may be hostile after that: header, body and what frames it have limits.
// Only an answer of status 200 has a body for us; of others who asks may want to know the status. No redirect is followed (RFC 8461 section
// 3.3 forbids it), and no coding is undone: we ask for none.
//
// Tested by http_response_test.cc and fuzz/http_response_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::net {

struct HttpLimits {
    std::size_t max_header_octets = std::size_t{16} * 1024;   // of the answer and the interim ones before it, together
    std::size_t max_body_octets = std::size_t{64} * 1024;     // without what frames it
    std::size_t max_framing_octets = std::size_t{64} * 1024;  // of chunks: sizes, extensions, the trailer
};

/// Which answers are no error.
enum class HttpTakes : std::uint8_t {
    ok_only,     // status 200
    any_status,  // all of them; without a body unless it is 200
};

struct HttpAnswer {
    std::string content_type;  // as it was written; empty: none
    std::string body;
    unsigned status = 200;
    std::string retry_after = {};  // of another status: as it was written; empty: none
};

/// Whether a Content-Type names that media type, whatever its parameters are.
/// @param type  lower case: "text/plain".
bool is_media_type(std::string_view content_type, std::string_view type) noexcept;

class HttpResponse {
public:
    /// Interim answers (1xx) before the one that counts.
    static constexpr int max_interim = 8;

    explicit HttpResponse(const HttpLimits& limits, HttpTakes takes = HttpTakes::ok_only);
    ~HttpResponse();
    HttpResponse(const HttpResponse&) = delete;
    HttpResponse& operator=(const HttpResponse&) = delete;

    /// Not after it returned true, or an error.
    /// @return  true: the answer is whole, and what may come behind it is not looked at. not_found: status 404 or 410, unavailable: another
    ///          status than 200, if only that is taken. invalid_data: no HTTP, or a coding that we did not ask for. too_long: a limit.
    base::Result<bool> feed(std::string_view octets);
    /// The connection is at its end. Nothing is an error where the end of the connection is the end of the body.
    /// @param regular  the peer said so itself, under TLS; else anybody may have cut it off.
    /// @return         closed: something is missing.
    base::Result<void> ended(bool regular);
    /// Of a whole one; once.
    HttpAnswer take();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace exota::net
