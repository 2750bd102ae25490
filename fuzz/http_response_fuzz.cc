// The answer to one GET, as a hostile server writes it.
//
// Properties: cutting the octets anywhere gives the same outcome, error and all; a body never exceeds its limit; what was whole once had a
// header within its limit; an end that anybody may have made is never the end of a body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_response.h"
#include "property.h"

namespace {

using namespace exota;

constexpr net::HttpLimits limits{.max_header_octets = 200, .max_body_octets = 40, .max_framing_octets = 60};  // small, so that they are met

using exota::fuzz::require;

struct Outcome {
    bool answered = false;
    std::string body, content_type;
    base::Errc code{};
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome outcome(std::string_view octets, std::size_t piece, bool regular) {
    net::HttpResponse response(limits);
    const auto answered = [&] {
        net::HttpAnswer answer = response.take();
        require(answer.body.size() <= limits.max_body_octets && answer.content_type.size() <= limits.max_header_octets);
        return Outcome{true, std::move(answer.body), std::move(answer.content_type), {}};
    };
    for (std::size_t at = 0; at < octets.size(); at += piece) {
        const auto whole = response.feed(octets.substr(at, piece));
        if (!whole) return {.code = whole.error().code};
        if (*whole) return answered();
    }
    const auto ended = response.ended(regular);
    if (!ended) return {.code = ended.error().code};
    require(regular);
    return answered();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    const Outcome whole = outcome(octets, std::max<std::size_t>(size, 1), true);
    require(!whole.answered || octets.substr(0, limits.max_header_octets).find("\r\n\r\n") != std::string_view::npos);
    for (const std::size_t piece : {1u, 2u, 7u, 64u}) require(outcome(octets, piece, true) == whole);
    const Outcome cut = outcome(octets, 5, false);
    require(cut == whole || (whole.answered && cut.code == base::Errc::closed));
    return 0;
}
