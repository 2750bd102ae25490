#include "app/http.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/intrusive/list.hpp>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

namespace exota::app {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using Hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using Stream = beast::basic_stream<asio::generic::stream_protocol, asio::io_context::executor_type>;

}  // namespace

struct HttpServer::Parts {
    Parts(net::Loop& loop_of, HttpPages pages_of, HttpLimits limits_of)
        : loop(loop_of), pages(std::move(pages_of)), limits(limits_of), retry(loop_of) {}

    net::Loop& loop;
    HttpPages pages;
    HttpLimits limits;
    net::Timer retry;
    std::size_t connections = 0;
    std::uint64_t made_room = 0;
    bool stopped = false;
    using List = boost::intrusive::list<Hook, boost::intrusive::constant_time_size<false>>;
    // Each by when that began, the longest ago first:
    List reading;  // no whole request is there
    List writing;  // an answer is on its way
    std::vector<std::unique_ptr<asio::posix::stream_descriptor>> listeners;

    http::response<http::string_body> answer(const http::request<http::empty_body>& request) const;
    void accept(asio::posix::stream_descriptor& listener, const std::shared_ptr<Parts>& self);
    /// Closes the connection that has waited for its peer for longest.
    void make_room();
};

/// One connection, one request after the other. Keeps itself alive through its pending handler.
class HttpServer::Connection : public Hook, public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<Parts> parts, net::Descriptor socket, int family)
        : parts_(std::move(parts)),
          stream_(asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>(
              parts_->loop.context(), asio::generic::stream_protocol(family, 0), socket.release())) {
        ++parts_->connections;
    }
    ~Connection() { give_place_back(); }

    void read() {
        enter(parts_->reading);
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(parts_->limits.max_request_octets));
        parser_->body_limit(0);
        stream_.expires_after(parts_->limits.timeout);
        http::async_read_header(stream_, buffer_, *parser_,
                                [self = shared_from_this()](const beast::error_code& error, std::size_t) { self->on_read(error); });
    }

    /// Whatever it waits for fails soon, and lets go of it; its place is free at once.
    void close() {
        unlink();
        give_place_back();
        closed_ = true;
        stream_.close();
    }

private:
    void enter(Parts::List& list) {
        unlink();
        list.push_back(*this);
    }
    void give_place_back() {
        if (std::exchange(has_place_, false)) --parts_->connections;
    }

    void on_read(const beast::error_code& error) {
        if (closed_ || parts_->stopped || error == http::error::end_of_stream || error == beast::error::timeout) return;
        if (error) {
            if (error.category() != http::make_error_code(http::error::bad_method).category())
                return;  // the connection broke, not the request
            const bool large = error == http::error::header_limit || error == http::error::buffer_overflow;
            if (error == http::error::body_limit) return write(failure(http::status::payload_too_large));
            return write(failure(large ? http::status::request_header_fields_too_large : http::status::bad_request));
        }
        const auto& request = parser_->get();
        if (request.has_content_length() ? parser_->content_length().value_or(0) > 0 : request.chunked())
            return write(failure(http::status::payload_too_large));
        auto response = parts_->answer(request);
        response.keep_alive(request.keep_alive() && response.result() == http::status::ok);
        if (request.method() == http::verb::head) {  // the length of what a GET would get, and nothing of it
            const std::size_t octets = response.body().size();
            response.body().clear();
            response.content_length(octets);
            head_ = true;
        } else {
            response.prepare_payload();
            head_ = false;
        }
        write(std::move(response));
    }

    /// What the peer still sends is read and forgotten for a while: closing with octets unread would make the kernel throw our answer away.
    void discard() {
        stream_.async_read_some(asio::buffer(rest_), [self = shared_from_this()](const beast::error_code& error, std::size_t octets) {
            self->discarded_ += octets;
            if (!error && !self->closed_ && !self->parts_->stopped && self->discarded_ < max_discarded_octets) self->discard();
        });
    }

    static http::response<http::string_body> failure(http::status status) {
        http::response<http::string_body> response(status, 11);
        response.set(http::field::content_type, "text/plain; charset=utf-8");
        response.body() = std::string(http::obsolete_reason(status)) + "\n";
        response.keep_alive(false);
        response.prepare_payload();
        return response;
    }

    void write(http::response<http::string_body> response) {
        response_ = std::move(response);
        enter(parts_->writing);
        stream_.expires_after(parts_->limits.timeout);
        const auto written = [self = shared_from_this()](const beast::error_code& error, std::size_t) {
            if (error || self->closed_ || self->parts_->stopped) return;
            if (self->response_.keep_alive()) return self->read();
            beast::error_code ignored;  // the peer may be gone already
            self->stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
            self->enter(self->parts_->reading);  // of no more use to its peer
            self->discard();
        };
        if (head_) {
            serializer_.emplace(response_);
            http::async_write_header(stream_, *serializer_, written);
        } else {
            http::async_write(stream_, response_, written);
        }
    }

    std::shared_ptr<Parts> parts_;
    Stream stream_;
    beast::flat_buffer buffer_{64 * 1024};
    std::optional<http::request_parser<http::empty_body>> parser_;
    http::response<http::string_body> response_;
    std::optional<http::response_serializer<http::string_body>> serializer_;
    bool head_ = false;
    bool has_place_ = true;
    bool closed_ = false;
    static constexpr std::size_t max_discarded_octets = 1024 * 1024;
    std::array<char, 4096> rest_{};
    std::size_t discarded_ = 0;
};

http::response<http::string_body> HttpServer::Parts::answer(const http::request<http::empty_body>& request) const {
    http::response<http::string_body> response(http::status::ok, request.version());
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.set(http::field::cache_control, "no-store");
    std::string_view target(request.target().data(), request.target().size());
    target = target.substr(0, target.find('?'));
    const bool known = target == "/metrics" || target == "/healthz" || target == "/readyz";
    if (!known) {
        response.result(http::status::not_found);
        response.body() = "Not Found: there are /metrics, /healthz and /readyz\n";
    } else if (request.method() != http::verb::get && request.method() != http::verb::head) {
        response.result(http::status::method_not_allowed);
        response.set(http::field::allow, "GET, HEAD");
        response.body() = "Method Not Allowed\n";
    } else if (target == "/metrics") {
        response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
        response.body() = pages.metrics();
    } else if (target == "/healthz" || pages.ready()) {
        response.body() = "ok\n";
    } else {
        response.result(http::status::service_unavailable);
        response.body() = "not ready\n";
    }
    return response;
}

void HttpServer::Parts::make_room() {
    List& list = reading.empty() ? writing : reading;
    if (list.empty()) return;
    ++made_room;
    static_cast<Connection&>(list.front()).close();
}

void HttpServer::Parts::accept(asio::posix::stream_descriptor& listener, const std::shared_ptr<Parts>& self) {
    listener.async_wait(asio::posix::stream_descriptor::wait_read, [&listener, self](const boost::system::error_code& error) {
        if (error || self->stopped) return;
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        net::Descriptor connection(
            ::accept4(listener.native_handle(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (connection) {
            if (self->connections >= self->limits.max_connections) self->make_room();
            std::make_shared<Connection>(self, std::move(connection), address.ss_family)->read();
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            // Looks again after a while; a scraper can wait.
            self->retry.start(std::chrono::milliseconds(500), [&listener, weak = std::weak_ptr(self)] {
                if (const auto parts = weak.lock(); parts && !parts->stopped) parts->accept(listener, parts);
            });
            return;
        }
        self->accept(listener, self);
    });
}

HttpServer::HttpServer(net::Loop& loop, HttpPages pages, HttpLimits limits)
    : parts_(std::make_shared<Parts>(loop, std::move(pages), limits)) {}

HttpServer::~HttpServer() { parts_->stopped = true; }

void HttpServer::listen(net::Descriptor listener) {
    parts_->listeners.push_back(std::make_unique<asio::posix::stream_descriptor>(parts_->loop.context(), listener.release()));
    parts_->accept(*parts_->listeners.back(), parts_);
}

std::uint64_t HttpServer::made_room() const noexcept { return parts_->made_room; }

void HttpServer::stop() {
    parts_->stopped = true;
    for (const auto& listener : parts_->listeners) {
        boost::system::error_code ignored;  // the descriptor is gone whatever close() says
        listener->close(ignored);
    }
}

}  // namespace exota::app
