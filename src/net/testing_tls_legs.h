// For tests: TLS on either leg. A server of two legs and the one that it dials, certificates made for the test, and a far side that the
// test itself plays.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "net/testing_relay.h"
#include "net/tls_helper.h"

namespace exota::net::testing {

/// The far side as a socket of the test: whoever dials from now on comes to it.
class FarSide {
public:
    explicit FarSide(RelayHouse& house, const std::string& endpoint = "inet:127.0.0.1:0")
        : listener_(std::move(*Listener::open(*Endpoint::parse(endpoint), {}, 1))), accepting_(listener_.take(0)) {
        house.ask([&](RelayStage& stage) { return stage.target = *Address::of(*Endpoint::parse(listener_.bound())); });
    }
    /// Who has dialled already. (The kernel may queue a connection a moment after the other side knows of it.)
    Descriptor accept() const {
        pollfd queued{.fd = accepting_.get(), .events = POLLIN, .revents = 0};
        static_cast<void>(::poll(&queued, 1, 30'000));
        Descriptor socket(::accept4(accepting_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        limit_time(socket.get());
        return socket;
    }

private:
    Listener listener_;
    Descriptor accepting_;
};

class TlsLegs : public ::testing::Test {
protected:
    explicit TlsLegs(ServerOptions options = {}) : house("inet:127.0.0.1:0", std::move(options)) {
        write_file(directory_.path("roots"), root.chain());
        house.stage.server = server_of(server);
        house.stage.client = client_context();
        backend.stage.server = server_of(server);
        house.stage.target = backend.address();
    }

    std::shared_ptr<const TlsContext> server_of(const Identity& identity) {
        write_file(directory_.path("certificate"), identity.chain());
        write_file(directory_.path("key"), identity.key());
        const auto context = TlsContext::make(TlsRole::server, {.certificate_file = directory_.path("certificate"),
                                                                .key_file = directory_.path("key"),
                                                                .roots_file = directory_.path("roots"),
                                                                .request_certificate = true});
        if (!context) throw std::runtime_error(context.error().detail);
        return *context;
    }
    std::shared_ptr<const TlsContext> client_context() {
        const auto context = TlsContext::make(TlsRole::client, {.roots_file = directory_.path("roots")});
        if (!context) throw std::runtime_error(context.error().detail);
        return *context;
    }
    /// As far as TLS may begin.
    Descriptor ready() {
        Descriptor client = house.client();
        EXPECT_TRUE(answers(client, "tls\n", "go\n"));
        return client;
    }

    WithoutPipeSignal no_signal_;  // outlives the servers
    TemporaryDirectory directory_;
    Identity root = Identity::root("Root");
    Identity server = root.issue({.dns_names = {"gw.test", "*.wild.test"}, .usages = "serverAuth"});
    RelayHouse backend{"inet:127.0.0.1:0"}, house;
};

/// What begins a ClientHello, and nothing more of it.
inline constexpr std::string_view begun_hello{"\x16\x03\x01\x02\x00\x01", 6};

}  // namespace exota::net::testing
