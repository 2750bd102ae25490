// The way to an LDAP server: dialled, secured and watched by net, while libldap sees a socket that is connected and in the clear. So no
// step of connecting blocks the loop, certificates are judged by the rules of all our connections, and nothing longer than its limit
// reaches a library that allocates what a message announces. (docs/decisions/0010-ldap-through-a-tunnel.md)
//
//   libldap ══ socketpair ══ near leg │ this │ far leg ══ TCP or a Unix socket, TLS ══ server
//
// A machine without I/O. Tested by ldap_tunnel_test.cc and fuzz/ldap_tunnel_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "directory/ldap_frames.h"
#include "net/session.h"
#include "net/tls_context.h"

namespace exota::directory {

struct LdapRoute {
    enum class Tls : std::uint8_t { none, at_once, starttls } tls = Tls::none;
    net::Address address;
    std::string host;                                // whom the certificate must name: a name, or an address
    std::shared_ptr<const net::TlsContext> context;  // of a client; null only without TLS
    std::chrono::milliseconds step{2'000};           // each of dialling, StartTLS and the handshake may take so long
    std::size_t max_message_octets = std::size_t{16} * 1024 * 1024;
};

class LdapTunnel final : public net::Session {
public:
    /// What became of it. Called at most once each, `opened` first; then there is nothing but octets. May be called within any call of the
    /// session, and must not destroy it.
    struct News {
        std::function<void()> opened;
        std::function<void(std::string why)> failed;  // for people
    };
    LdapTunnel(LdapRoute route, News news) : route_(std::move(route)), news_(std::move(news)), frames_(route_.max_message_octets) {}

    Step feed(net::Leg leg, std::string_view bytes, net::Out& out) override;
    Step opened(net::Leg leg, const net::TlsFacts* tls, net::Out& out) override;
    Step ended(net::Leg leg, net::Ending why, std::string_view detail, net::Out& out) override;
    Step late(net::Out& out) override;
    std::optional<net::Deadline> deadline() const override;
    bool busy() const noexcept override { return true; }

private:
    enum class At : std::uint8_t { dialling, asking_for_tls, securing, open, over };

    Step go_on(At at) noexcept;
    Step secure(net::Out& out);
    Step open();
    Step fail(std::string why);

    const LdapRoute route_;
    const News news_;
    LdapFrames frames_;
    At at_ = At::dialling;
};

}  // namespace exota::directory
