// For tests: HTTPS servers, each a thread that speaks TLS as a test likes.
#pragma once

#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "net/listener.h"
#include "net/testing.h"
#include "net/tls_helper.h"

namespace exota::net::testing {

/// One accepted connection, under TLS once shaken.
struct Wire {
    int socket;
    SSL* ssl;

    std::string request() const {
        std::string text;
        char octet = 0;
        while (!text.ends_with("\r\n\r\n") && SSL_read(ssl, &octet, 1) == 1) text += octet;
        return text;
    }
    bool say(std::string_view text) const { return SSL_write(ssl, text.data(), static_cast<int>(text.size())) > 0; }
    void say_end() const { SSL_shutdown(ssl); }
    /// Until the client is gone.
    void wait_for_end() const {
        char octets[512];
        while (::recv(socket, octets, sizeof octets, 0) > 0) {
        }
    }
    bool client_is_gone(int milliseconds) const {
        pollfd watched{.fd = socket, .events = POLLRDHUP, .revents = 0};
        return ::poll(&watched, 1, milliseconds) == 1;
    }
};

/// Serves connections one after another, on 127.0.0.1 or ::1.
class HttpsServer {
public:
    using Serve = std::function<void(const Wire&)>;
    struct Shown {
        const Identity* identity = nullptr;
        Serve raw{};  // instead of TLS
        const char* endpoint = "inet:127.0.0.1:0";
    };

    HttpsServer(const Shown& shown, Serve serve) : raw_(shown.raw), serve_(std::move(serve)), context_(SSL_CTX_new(TLS_server_method())) {
        auto listener = Listener::open(*Endpoint::parse(shown.endpoint), {}, 1);
        if (!listener) throw std::runtime_error(listener.error().detail);
        bound_ = listener->bound();
        listening_ = listener->take(0);
        const int flags = ::fcntl(listening_.get(), F_GETFL);
        ::fcntl(listening_.get(), F_SETFL, flags & ~O_NONBLOCK);
        write_file(directory_.path("certificate"), shown.identity != nullptr ? shown.identity->chain() : "");
        write_file(directory_.path("key"), shown.identity != nullptr ? shown.identity->key() : "");
        if (shown.identity != nullptr && (SSL_CTX_use_certificate_chain_file(context_, directory_.path("certificate").c_str()) != 1 ||
                                          SSL_CTX_use_PrivateKey_file(context_, directory_.path("key").c_str(), SSL_FILETYPE_PEM) != 1))
            throw std::runtime_error("certificate");
        thread_ = std::thread([this] { accept_all(); });
    }
    ~HttpsServer() {
        stopping_ = true;
        ::shutdown(listening_.get(), SHUT_RDWR);
        if (const int open = open_.load(); open >= 0) ::shutdown(open, SHUT_RDWR);
        thread_.join();
        SSL_CTX_free(context_);
    }
    HttpsServer(const HttpsServer&) = delete;
    HttpsServer& operator=(const HttpsServer&) = delete;

    std::uint16_t port() const { return static_cast<std::uint16_t>(std::stoi(bound_.substr(bound_.rfind(':') + 1))); }
    int connections() const { return connections_; }

private:
    void accept_all() {
        for (;;) {
            const Descriptor socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!socket) return;
            limit_time(socket.get());
            open_ = socket.get();
            if (stopping_) return;
            ++connections_;
            Wire wire{socket.get(), SSL_new(context_)};
            SSL_set_fd(wire.ssl, socket.get());
            if (raw_)
                raw_(wire);
            else if (SSL_accept(wire.ssl) == 1)
                serve_(wire);
            open_ = -1;
            SSL_free(wire.ssl);
        }
    }

    Serve raw_, serve_;
    TemporaryDirectory directory_;
    SSL_CTX* context_;
    std::string bound_;
    Descriptor listening_;
    std::atomic<int> open_{-1}, connections_{0};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace exota::net::testing
