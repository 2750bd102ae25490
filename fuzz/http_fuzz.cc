// A whole session of HTTP.
//
// Properties: cutting the octets anywhere gives the same answers (where the limit on answers of one turn is not met); what is kept of a
// request has its limit; no more answers than requests can be there, and none behind the last.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "property.h"
#include "web/http_session.h"
#include "web/pages.h"

namespace {

using namespace exota;

constexpr web::HttpLimits limits{.max_request_octets = 200};  // small, so that it is met
constexpr std::size_t shortest_request = std::string_view("GET / HTTP/1.1\r\n\r\n").size();

using exota::fuzz::require;

struct Said {
    std::string text;
    std::uint32_t answers = 0;
    bool ended = false;
    friend bool operator==(const Said&, const Said&) = default;
};

Said said_by_pieces(const web::Router& router, std::string_view bytes, std::size_t piece) {
    Said said;
    const auto session = web::make_http_session(router, limits);
    std::string kept;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        kept += bytes.substr(at, piece);
        net::Out out;
        const net::Session::Step step = session->feed(net::Leg::near, kept, out);
        require(step.consumed <= kept.size() && (!said.ended || out.near.empty()));
        kept.erase(0, step.consumed);
        require(kept.size() <= limits.max_request_octets);
        said.text += out.near;
        said.ended = said.ended || out.end_near;
        require(!said.ended || kept.empty());
        if (step.state == net::Session::State::closing) break;
    }
    said.answers = session->deadline()->step;
    return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const web::Router router =
        web::pages({.metrics = [] { return std::string("exota_sessions 3\n"); }, .ready = [] { return true; }});
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Said whole = said_by_pieces(router, bytes, std::max<std::size_t>(size, 1));
    require(whole.answers <= size / shortest_request + 1 && whole.answers <= static_cast<std::uint32_t>(web::max_answers_a_turn));
    if (whole.answers == static_cast<std::uint32_t>(web::max_answers_a_turn)) return 0;
    for (const std::size_t piece : {1u, 2u, 7u, 64u}) require(said_by_pieces(router, bytes, piece) == whole);
    return 0;
}
