#include "web/http_session.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <optional>
#include <string>

#include "base/text.h"

namespace exota::web {

namespace {

namespace http = boost::beast::http;

/// tchar of RFC 9110 section 5.6.2: a request begins with its method.
constexpr bool is_token(char c) noexcept {
    return base::is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

struct Reply {
    Answer answer;
    unsigned version = 11;
    bool caches = true;  // who answers may be asked again, and says so
    bool keep_alive = false;
    bool body = true;
};

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void append_reply(std::string& out, const Reply& reply) {
    const Answer& answer = reply.answer;
    out.append(reply.version == 11 ? "HTTP/1.1 " : "HTTP/1.0 ").append(std::to_string(answer.status)).append(" ");
    out.append(http::obsolete_reason(http::int_to_status(answer.status))).append("\r\n");
    append_field(out, "Content-Type", answer.content_type);
    if (reply.caches) append_field(out, "Cache-Control", "no-store");
    if (!answer.allow.empty()) append_field(out, "Allow", answer.allow);
    // RFC 9112 section 9.3: what is to be said depends on what the version takes for granted.
    if (reply.keep_alive != (reply.version == 11)) append_field(out, "Connection", reply.keep_alive ? "keep-alive" : "close");
    append_field(out, "Content-Length", std::to_string(answer.body.size()));
    out += "\r\n";
    if (reply.body) out += answer.body;
}

class HttpSession final : public net::Session {
public:
    HttpSession(const Router& router, const HttpLimits& limits) : router_(router), limits_(limits) {}

    Step feed(net::Leg, std::string_view bytes, net::Out& out) override {
        const std::size_t all = bytes.size();
        for (int answers = 0; !ended_ && !bytes.empty(); ++answers) {
            std::optional<Reply> reply = read_request(bytes);
            if (!reply) return {all - bytes.size()};
            if (answers + 1 == max_answers_a_turn) reply->keep_alive = false;
            append_reply(out.near, *reply);
            ++step_;
            if (!reply->keep_alive) ended_ = out.end_near = true;
        }
        discarded_ += bytes.size();
        return {all, discarded_ < max_discarded_octets ? State::reading : State::closing};
    }

    std::optional<net::Deadline> deadline() const override { return net::Deadline{limits_.timeout, step_}; }
    bool busy() const noexcept override { return false; }

private:
    /// Takes what it can of `bytes`: the whole header or nothing of it, so that pieces are answered as the whole.
    /// @return  nullopt: there is more to come.
    std::optional<Reply> read_request(std::string_view& bytes) const {
        if (!is_token(bytes.front()))
            return failure(http::status::bad_request);  // TLS, say: who speaks it need not wait for the time limit
        constexpr std::string_view end_of_header = "\r\n\r\n";
        const std::size_t end = bytes.substr(0, limits_.max_request_octets).find(end_of_header);
        if (end == std::string_view::npos && bytes.size() < limits_.max_request_octets) return std::nullopt;
        if (end == std::string_view::npos) return failure(http::status::request_header_fields_too_large);
        const std::string_view header = bytes.substr(0, end + end_of_header.size());
        bytes.remove_prefix(header.size());

        http::request_parser<http::empty_body> parser;
        parser.header_limit(static_cast<std::uint32_t>(header.size()));
        parser.body_limit(0);
        boost::beast::error_code error;
        parser.put(boost::asio::const_buffer(header.data(), header.size()), error);
        if (error == http::error::body_limit) return failure(http::status::payload_too_large);
        if (error) return failure(http::status::bad_request);
        const auto& request = parser.get();
        if (request.has_content_length() ? parser.content_length().value_or(0) > 0 : request.chunked())
            return failure(http::status::payload_too_large);
        Reply reply{.answer = router_.answer(method_of(request.method()), {request.target().data(), request.target().size()}),
                    .version = request.version(),
                    .body = request.method() != http::verb::head};
        reply.keep_alive = request.keep_alive() && reply.answer.status == 200;
        return reply;
    }

    static Method method_of(http::verb verb) noexcept {
        return verb == http::verb::get ? Method::get : verb == http::verb::head ? Method::head : Method::other;
    }

    static Reply failure(http::status status) {
        return {.answer = {.status = static_cast<unsigned>(status), .body = std::string(http::obsolete_reason(status)) + '\n'},
                .caches = false};
    }

    const Router& router_;
    const HttpLimits limits_;
    std::size_t discarded_ = 0;
    std::uint32_t step_ = 0;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<net::Session> make_http_session(const Router& router, const HttpLimits& limits) {
    return std::make_unique<HttpSession>(router, limits);
}

}  // namespace exota::web
