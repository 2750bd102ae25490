// The way to an LDAP server, and what a server says on it: the first octet chooses StartTLS or none, the rest comes in pieces.
//
// In one piece or octet by octet the same passes; nothing passes before TLS where that is wanted, nor behind what is no LDAP or too long.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "directory/ldap_tunnel.h"
#include "property.h"

namespace {

using namespace exota;
using net::Leg;
using State = net::Session::State;

using exota::fuzz::require;

struct Ran {
    std::string passed, why;
    bool opened = false, secured = false;
};

Ran run(bool starttls, std::string_view octets, std::size_t piece) {
    Ran ran;
    directory::LdapRoute route;
    route.tls = starttls ? directory::LdapRoute::Tls::starttls : directory::LdapRoute::Tls::none;
    route.address = net::Address::of_socket("/s");
    route.host = "h";
    route.max_message_octets = 1000;
    int failures = 0;
    directory::LdapTunnel tunnel(route, {.opened = [&] { ran.opened = true; },
                                         .failed =
                                             [&](std::string why) {
                                                 ran.why = std::move(why);
                                                 ++failures;
                                             }});
    net::Out out;
    tunnel.opened(Leg::near, nullptr, out);
    tunnel.opened(Leg::far, nullptr, out);
    std::string kept;
    for (std::size_t at = 0; at < octets.size(); at += piece) {
        kept += octets.substr(at, piece);
        out.clear();
        const auto step = tunnel.feed(Leg::far, kept, out);
        require(step.consumed <= kept.size());
        kept.erase(0, step.consumed);
        ran.passed += out.near;
        if (out.start_tls) {
            ran.secured = true;
            break;
        }
        if (step.state == State::closing) break;
    }
    require(failures <= 1);
    return ran;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bool starttls = data[0] % 2 == 1;
    const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Ran whole = run(starttls, octets, octets.size() + 1), single = run(starttls, octets, 1);
    require(whole.opened != starttls && single.opened != starttls);
    if (starttls) {
        require(whole.passed.empty() && single.passed.empty());
        require(whole.secured == single.secured);
    } else {
        // What is refused is refused with the piece that shows it.
        require(octets.starts_with(single.passed) && single.passed.starts_with(whole.passed));
        require(whole.why == single.why);
        if (whole.why.empty()) require(whole.passed == octets);
    }
    return 0;
}
