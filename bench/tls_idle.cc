// What an idle session keeps in memory: net's connection in the clear and under TLS, beside asio::ssl::stream, all with the same
// certificate and as many clients in a process of their own. Allocated octets by mallinfo2(3); the kernel's buffers are not in it. See
// docs/decisions/0009-tls-on-the-readiness-idiom.md.
//
//   build/release/bench/tls_idle [SESSIONS]
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/impl/src.hpp>  // the library of asio has no TLS in it
#include <boost/asio/ssl/stream.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/listener.h"
#include "net/server.h"
#include "net/testing.h"
#include "net/tls_context.h"
#include "net/tls_facts.h"
#include "net/tls_helper.h"

namespace {

namespace asio = boost::asio;
namespace net = exota::net;

std::size_t allocated() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

/// Clients in a process of their own: all connect, shake hands if `tls`, say so by one octet, and stay until they are ended.
class Clients {
public:
    Clients(const std::string& where, int sessions, bool tls) {
        int pipes[2];
        if (pipe(pipes) != 0) die("pipe");
        child_ = fork();
        if (child_ < 0) die("fork");
        if (child_ == 0) {
            std::vector<net::Descriptor> sockets;
            SSL_CTX* context = SSL_CTX_new(TLS_client_method());
            for (int i = 0; i < sessions; ++i) {
                sockets.push_back(net::testing::connect_to(where));
                if (!tls) continue;
                SSL* ssl = SSL_new(context);
                SSL_set_fd(ssl, sockets.back().get());
                if (SSL_connect(ssl) != 1) die("handshake");
            }
            if (write(pipes[1], "x", 1) != 1) die("write");
            pause();
            _exit(0);
        }
        close(pipes[1]);
        all_there_ = net::Descriptor(pipes[0]);
    }
    ~Clients() {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    void wait() const {
        char octet = 0;
        if (read(all_there_.get(), &octet, 1) != 1) die("the clients");
    }

private:
    pid_t child_ = -1;
    net::Descriptor all_there_;
};

struct Session final : net::Session {
    Session(std::shared_ptr<const net::TlsContext> tls_of, int& ready_of) : tls(std::move(tls_of)), ready(ready_of) {}
    Step feed(net::Leg, std::string_view bytes, net::Out&) override { return {bytes.size(), State::reading}; }
    Step opened(net::Leg, const net::TlsFacts* facts, net::Out& out) override {
        if (tls && facts == nullptr)
            out.start_tls = net::StartTls{.leg = net::Leg::near, .context = tls};
        else
            ++ready;
        return {};
    }
    bool busy() const noexcept override { return false; }
    std::shared_ptr<const net::TlsContext> tls;
    int& ready;
};

double of_net(int sessions, const std::shared_ptr<const net::TlsContext>& tls) {
    int ready = 0;
    net::Loop loop;
    net::ServerLimits limits(static_cast<std::size_t>(sessions) + 1);
    net::Server server(loop, limits, [&](const net::Peer&, const std::function<void()>&) { return std::make_unique<Session>(tls, ready); },
                       {});
    net::Listener listener = std::move(*net::Listener::open(*net::Endpoint::parse("inet:127.0.0.1:0"), {}, 1));
    server.listen(listener.take(0));
    const std::size_t before = allocated();
    const Clients clients(listener.bound(), sessions, tls != nullptr);
    loop.run_until([&] { return ready == sessions; });
    clients.wait();
    return static_cast<double>(allocated() - before) / sessions;
}

struct AsioSession {
    AsioSession(asio::ip::tcp::socket socket, asio::ssl::context& context) : stream(std::move(socket), context) {}
    asio::ssl::stream<asio::ip::tcp::socket> stream;
    std::array<char, 1> octet{};
};

double of_asio(int sessions, asio::ssl::context& context) {
    int ready = 0;
    asio::io_context io;
    asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    std::vector<std::unique_ptr<AsioSession>> open;
    open.reserve(static_cast<std::size_t>(sessions));
    std::function<void()> accept = [&] {
        acceptor.async_accept([&](const boost::system::error_code& error, asio::ip::tcp::socket socket) {
            if (error) return;
            AsioSession& session = *open.emplace_back(std::make_unique<AsioSession>(std::move(socket), context));
            session.stream.async_handshake(asio::ssl::stream_base::server, [&](const boost::system::error_code& failed) {
                if (failed) return;
                ++ready;
                session.stream.async_read_some(asio::buffer(session.octet), [](const boost::system::error_code&, std::size_t) {});
            });
            accept();
        });
    };
    accept();
    const std::size_t before = allocated();
    const Clients clients("inet:127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()), sessions, true);
    while (ready < sessions) io.run_one();
    clients.wait();
    return static_cast<double>(allocated() - before) / sessions;
}

}  // namespace

int main(int count, char** arguments) {
    const int sessions = count > 1 ? std::atoi(arguments[1]) : 500;
    if (sessions < 1) return 64;
    std::signal(SIGPIPE, SIG_IGN);
    const net::testing::TemporaryDirectory directory;
    const auto root = net::testing::Identity::root("Root");
    const auto server = root.issue({.dns_names = {"mx.test"}, .usages = "serverAuth"});
    net::testing::write_file(directory.path("certificate"), server.chain());
    net::testing::write_file(directory.path("key"), server.key());
    net::testing::write_file(directory.path("roots"), root.chain());
    const auto made = net::TlsContext::make(net::TlsRole::server, {.certificate_file = directory.path("certificate"),
                                                                   .key_file = directory.path("key"),
                                                                   .roots_file = directory.path("roots"),
                                                                   .request_certificate = true});
    if (!made) return 1;
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.use_certificate_chain_file(directory.path("certificate"));
    context.use_private_key_file(directory.path("key"), asio::ssl::context::pem);

    const double clear = of_net(sessions, nullptr), tls = of_net(sessions, *made), beside = of_asio(sessions, context);
    std::printf("octets allocated for an idle session, %d sessions\n", sessions);
    std::printf("net, in the clear     %8.0f\n", clear);
    std::printf("net, TLS              %8.0f   TLS adds %.1f KiB\n", tls, (tls - clear) / 1024);
    std::printf("asio::ssl::stream     %8.0f   %.2f times as much\n", beside, beside / tls);
}
