#include "directory/ldap_tunnel.h"

#include <lber.h>

#include <utility>

#include "net/server_proof.h"

namespace exota::directory {
namespace {

using net::Leg;
using net::Out;

/// Longer answers to StartTLS are none.
constexpr std::size_t max_answer_octets = 8 * 1024;

/// ExtendedRequest of RFC 4511 §4.14.1, message 1. libldap counts its own messages, after the tunnel is open.
constexpr std::string_view start_tls_request{
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
    "1.3.6.1.4.1.1466.20037",
    31};

/// Why the answer is not a yes; empty: it is one.
std::string refusal_of_tls(std::string_view answer) {
    constexpr ber_tag_t extended_response = 0x78;
    berval octets{answer.size(), const_cast<char*>(answer.data())};  // ber_init copies
    const std::unique_ptr<BerElement, void (*)(BerElement*)> ber(ber_init(&octets), [](BerElement* element) { ber_free(element, 1); });
    if (!ber) return "no memory";
    ber_int_t id = 0, code = 0;
    ber_tag_t tag = 0;
    berval matched{}, text{};
    if (ber_scanf(ber.get(), "{it", &id, &tag) == LBER_ERROR || ber_scanf(ber.get(), "{emm", &code, &matched, &text) == LBER_ERROR ||
        id != 1 || tag != extended_response)
        return "its answer to StartTLS is none";
    if (code == 0) return {};
    return "it refuses StartTLS with code " + std::to_string(code);
}

}  // namespace

net::Session::Step LdapTunnel::go_on(At at) noexcept {
    at_ = at;
    return {0, at == At::open ? State::reading : at == At::over ? State::closing : State::waiting};
}

net::Session::Step LdapTunnel::fail(std::string why) {
    if (at_ != At::over && news_.failed) news_.failed(std::move(why));
    return go_on(At::over);
}

net::Session::Step LdapTunnel::open() {
    const Step step = go_on(At::open);
    if (news_.opened) news_.opened();
    return step;
}

net::Session::Step LdapTunnel::secure(Out& out) {
    out.start_tls = net::StartTls{.leg = Leg::far,
                                  .context = route_.context,
                                  .server_name = base::IpAddress::parse(route_.host) ? std::string() : route_.host,
                                  .reference_names = {route_.host}};
    return go_on(At::securing);
}

net::Session::Step LdapTunnel::opened(Leg leg, const net::TlsFacts* tls, Out& out) {
    if (leg == Leg::near) {
        out.dial = route_.address;
        return go_on(At::dialling);
    }
    if (tls == nullptr) {
        if (route_.tls == LdapRoute::Tls::none) return open();
        if (route_.tls == LdapRoute::Tls::at_once) return secure(out);
        out.far = start_tls_request;
        return go_on(At::asking_for_tls);
    }
    if (const std::string why = net::why_not_proven(*tls, route_.host); !why.empty()) return fail("TLS: " + why);
    return open();
}

net::Session::Step LdapTunnel::feed(Leg leg, std::string_view bytes, Out& out) {
    if (at_ == At::over) return {bytes.size(), State::closing};
    if (at_ == At::open) {
        if (leg == Leg::near) {
            out.far = bytes;
            return {bytes.size(), State::reading};
        }
        switch (frames_.feed(bytes)) {
            case LdapFrames::Seen::fine:
                out.near = bytes;
                return {bytes.size(), State::reading};
            case LdapFrames::Seen::not_ldap:
                return fail("it does not speak LDAP");
            case LdapFrames::Seen::too_long:
                return fail("it sends a message of more than " + std::to_string(route_.max_message_octets) + " octets");
        }
    }
    if (leg == Leg::near) return {0, State::waiting};  // comes again
    if (at_ != At::asking_for_tls) return fail("it speaks before it is asked");
    LdapFrames frames(max_answer_octets);
    const LdapFrames::Seen seen = frames.feed(bytes);
    const auto end = end_of_message(bytes);
    if (!end) {
        if (seen == LdapFrames::Seen::fine) return {0, State::waiting};
        return fail(seen == LdapFrames::Seen::too_long ? "its answer to StartTLS is too long" : "it does not speak LDAP");
    }
    if (std::string why = refusal_of_tls(bytes.substr(0, *end)); !why.empty()) return fail(std::move(why));
    Step step = secure(out);
    step.consumed = *end;  // whatever follows is not under TLS, and ends the connection
    return step;
}

net::Session::Step LdapTunnel::ended(Leg leg, net::Ending why, std::string_view detail, Out&) {
    if (leg == Leg::near && why == net::Ending::peer_closed) return go_on(At::over);  // that was us
    std::string text(detail);
    if (why == net::Ending::no_tls) text = "TLS: " + text;
    if (why == net::Ending::cleartext) text = "TLS: it spoke in the clear behind the start of TLS";
    return fail(text.empty() ? "it closed the connection" : std::move(text));
}

net::Session::Step LdapTunnel::late(Out&) {
    return fail(at_ == At::dialling ? "no connection within the time allowed" : "no TLS within the time allowed");
}

std::optional<net::Deadline> LdapTunnel::deadline() const {
    // Asked when it is made, so there must be one; an open tunnel has none.
    if (at_ == At::open || at_ == At::over) return std::nullopt;
    return net::Deadline{route_.step, static_cast<std::uint32_t>(at_)};
}

}  // namespace exota::directory
