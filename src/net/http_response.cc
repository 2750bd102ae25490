#include "net/http_response.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace exota::net {

namespace http = boost::beast::http;
using base::Errc;
using base::fail;
using base::Result;
using Parser = http::response_parser<http::empty_body>;

namespace {

constexpr std::string_view end_of_header = "\r\n\r\n";

std::string_view view(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }

/// What is wrong with a header that could be read; nullopt: its body may be taken.
std::optional<base::Error> objection(const Parser::value_type& header) {
    const unsigned status = header.result_int();
    if (status == 404 || status == 410) return base::Error{Errc::not_found, "HTTP status " + std::to_string(status)};
    if (status != 200) return base::Error{Errc::unavailable, "HTTP status " + std::to_string(status)};
    if (header.count(http::field::content_type) > 1) return base::Error{Errc::invalid_data, "several Content-Type fields"};
    const auto codings = header.equal_range(http::field::content_encoding);
    const bool coded = std::any_of(codings.first, codings.second,
                                   [](const auto& field) { return !base::iequals(base::trim(view(field.value())), "identity"); });
    const bool transfer_coded = header.count(http::field::transfer_encoding) > 1 ||
                                (header.count(http::field::transfer_encoding) == 1 &&
                                 !base::iequals(base::trim(view(header[http::field::transfer_encoding])), "chunked"));
    if (coded || transfer_coded) return base::Error{Errc::invalid_data, "the body has a coding that was not asked for"};
    return std::nullopt;
}

base::Error too_long(const HttpLimits& limits) {
    return {Errc::too_long, "a body of more than " + std::to_string(limits.max_body_octets) + " octets"};
}

}  // namespace

bool is_media_type(std::string_view content_type, std::string_view type) noexcept {
    return base::iequals(base::trim(content_type.substr(0, content_type.find(';'))), type);
}

struct HttpResponse::Parts {
    /// How the body ends, and of chunks where we are.
    enum class Body : std::uint8_t { counted, to_the_end, chunk_size, chunk, chunk_end, trailer, whole };

    Parts(const HttpLimits& of, HttpTakes which) : limits(of), takes(which) {}

    Result<bool> read_headers();
    Result<void> begin_body(const Parser& parser);
    Result<bool> read_body();
    Result<void> read_chunk_line(std::string_view line);
    /// The next line of what frames chunks, without its end; nullopt: not all of it is there.
    Result<std::optional<std::string>> take_line();
    void take_octets();

    const HttpLimits limits;
    const HttpTakes takes;
    std::string kept;  // not used up
    bool header_read = false;
    std::size_t header_octets = 0, framing_octets = 0;  // that were used up
    int interim = 0;
    Body body = Body::counted;
    std::uint64_t left = 0;  // octets of the body, or of the chunk
    HttpAnswer answer;
};

HttpResponse::HttpResponse(const HttpLimits& limits, HttpTakes takes) : parts_(std::make_unique<Parts>(limits, takes)) {}
HttpResponse::~HttpResponse() = default;

Result<bool> HttpResponse::feed(std::string_view octets) {
    parts_->kept += octets;
    if (!parts_->header_read) {
        const Result<bool> read = parts_->read_headers();
        if (!read || !*read) return read;
    }
    return parts_->read_body();
}

/// The whole header at one go: Beast's own limit does not hold for short fields that come one by one.
/// @return  true: there is one, and its body is wanted.
Result<bool> HttpResponse::Parts::read_headers() {
    while (!header_read) {
        const std::size_t end = kept.find(end_of_header);
        const std::size_t octets = end == std::string::npos ? kept.size() : end + end_of_header.size();
        // Whoever speaks something else need not wait until we have enough of it.
        constexpr std::string_view beginning = "HTTP/1.";
        const std::size_t compared = std::min(beginning.size(), kept.size());
        if (std::string_view(kept).substr(0, compared) != beginning.substr(0, compared))
            return fail(Errc::invalid_data, "no HTTP answer: it does not begin with its version");
        if (header_octets + octets > limits.max_header_octets)
            return fail(Errc::too_long, "a header of more than " + std::to_string(limits.max_header_octets) + " octets");
        if (end == std::string::npos) return false;
        Parser parser;
        parser.header_limit(static_cast<std::uint32_t>(octets));
        parser.body_limit(boost::none);  // ours is checked where we know how the body ends
        boost::beast::error_code error;
        parser.put(boost::asio::const_buffer(kept.data(), octets), error);
        if (error && error != http::error::need_more) return fail(Errc::invalid_data, "no HTTP answer: " + error.message());
        if (!parser.is_header_done()) return fail(Errc::invalid_data, "no HTTP answer: its header has no end");
        kept.erase(0, octets);
        header_octets += octets;
        if (parser.get().result_int() / 100 == 1) {
            if (++interim > max_interim) return fail(Errc::too_long, "more than " + std::to_string(max_interim) + " interim answers");
            continue;
        }
        header_read = true;
        if (const unsigned status = parser.get().result_int(); status != 200 && takes == HttpTakes::any_status) {
            answer.status = status;
            answer.retry_after = view(parser.get()[http::field::retry_after]);
            body = Body::whole;
            return true;
        }
        if (std::optional<base::Error> bad = objection(parser.get())) return std::unexpected(*std::move(bad));
        if (const Result<void> begun = begin_body(parser); !begun) return std::unexpected(begun.error());
    }
    return true;
}

/// RFC 9112 section 6.3. Of a length and chunks together Beast has made an error.
Result<void> HttpResponse::Parts::begin_body(const Parser& parser) {
    answer.content_type = view(parser.get()[http::field::content_type]);
    body = Body::to_the_end;
    if (parser.chunked()) body = Body::chunk_size;
    if (const auto length = parser.content_length()) {
        if (*length > limits.max_body_octets) return std::unexpected(too_long(limits));
        body = *length == 0 ? Body::whole : Body::counted;
        left = *length;
    }
    return {};
}

/// Chunks are read here and not by Beast 1.81, whose assertions a hostile one breaks (a last chunk in pieces, lines that end by LF).
Result<bool> HttpResponse::Parts::read_body() {
    while (body != Body::whole && !kept.empty()) {
        if (body == Body::counted || body == Body::chunk) {
            take_octets();
            continue;
        }
        if (body == Body::to_the_end) {
            answer.body += kept;
            kept.clear();
            if (answer.body.size() > limits.max_body_octets) return std::unexpected(too_long(limits));
            break;
        }
        const auto line = take_line();
        if (!line) return std::unexpected(line.error());
        if (!*line) break;
        if (const Result<void> read = read_chunk_line(**line); !read) return std::unexpected(read.error());
    }
    return body == Body::whole;
}

void HttpResponse::Parts::take_octets() {
    const auto octets = static_cast<std::size_t>(std::min<std::uint64_t>(left, kept.size()));
    answer.body.append(kept, 0, octets);
    kept.erase(0, octets);
    left -= octets;
    if (left == 0) body = body == Body::chunk ? Body::chunk_end : Body::whole;
}

Result<std::optional<std::string>> HttpResponse::Parts::take_line() {
    const std::size_t end = kept.find_first_of(std::string_view("\r\n\0", 3));
    if (framing_octets + std::min(end, kept.size()) > limits.max_framing_octets)
        return fail(Errc::too_long, "chunks with more than " + std::to_string(limits.max_framing_octets) + " octets around the body");
    if (end == std::string::npos || (kept[end] == '\r' && end + 1 == kept.size())) return std::nullopt;
    if (kept.compare(end, 2, "\r\n") != 0) return fail(Errc::invalid_data, "a line around a chunk that does not end by CR LF");
    std::string line = kept.substr(0, end);
    kept.erase(0, end + 2);
    framing_octets += end + 2;
    return line;
}

/// RFC 9112 section 7.1. Extensions and trailer fields say nothing to us.
Result<void> HttpResponse::Parts::read_chunk_line(std::string_view line) {
    if (body == Body::trailer) {
        if (line.empty()) body = Body::whole;
        return {};
    }
    if (body == Body::chunk_end) {
        if (!line.empty()) return fail(Errc::invalid_data, "a chunk that is longer than its size says");
        body = Body::chunk_size;
        return {};
    }
    const std::string_view digits = base::trim(line.substr(0, line.find(';')));
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), left, 16);
    if (digits.empty() || end != digits.data() + digits.size() || error == std::errc::invalid_argument)
        return fail(Errc::invalid_data, "a chunk without a size");
    if (error != std::errc() || left > limits.max_body_octets - answer.body.size()) return std::unexpected(too_long(limits));
    body = left == 0 ? Body::trailer : Body::chunk;
    return {};
}

Result<void> HttpResponse::ended(bool regular) {
    if (!parts_->header_read || parts_->body != Parts::Body::to_the_end)
        return fail(Errc::closed, "the connection ended before the answer did");
    if (!regular) return fail(Errc::closed, "the connection was cut off, and its regular end would be the answer's");
    parts_->body = Parts::Body::whole;
    return {};
}

HttpAnswer HttpResponse::take() { return std::move(parts_->answer); }

}  // namespace exota::net
