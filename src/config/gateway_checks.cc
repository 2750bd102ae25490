// What sections [gateway.NAME] and the others ask of each other: sockets, loops, where results come from, and what is only warned of.
//
// Tested by gateway_test.cc and gateway_dane_test.cc.
#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "config/build.h"
#include "config/gateway.h"
#include "config/reader.h"
#include "config/sections.h"
#include "gate/hop_tls.h"
#include "net/host_addresses.h"

namespace exota::config {
namespace {

std::string key_of(const GatewayConfig& gateway, std::string_view word) {
    return "gateway." + gateway.session.name + '.' + std::string(word);
}

struct Listening {
    std::string name;  // of the setting
    net::Endpoint endpoint;
};

std::vector<Listening> all_listeners(const Config& config) {
    std::vector<Listening> all;
    const auto add = [&](const std::string& name, const base::Result<net::Endpoint>& endpoint) {
        if (endpoint) all.push_back({name, *endpoint});
    };
    for (const std::string& text : config.milter.listen) add("milter.listen", net::Endpoint::parse(text));
    for (const std::string& text : config.inbound_listen) add("inbound.listen", net::Endpoint::parse(text));
    if (!config.http.listen.empty()) add("http.listen", net::Endpoint::parse_http(config.http.listen));
    for (const GatewayConfig& gateway : config.gateways)
        for (const std::string& text : gateway.session.listen) add(key_of(gateway, "listen"), net::Endpoint::parse(text));
    return all;
}

/// On which it listens by TCP. None where the port is not known yet, or the host is a name.
std::vector<base::IpAddress> addresses_of(const net::Endpoint& listener, const std::vector<base::IpAddress>& of_host) {
    std::vector<base::IpAddress> addresses;
    if (!listener.is_tcp() || listener.port == 0) return addresses;
    if (listener.is_every_address()) {
        const bool v4 = listener.kind == net::Endpoint::Kind::inet;
        std::ranges::copy_if(of_host, std::back_inserter(addresses), [v4](const base::IpAddress& one) { return one.is_v4() == v4; });
    } else if (const auto address = net::Address::of(listener); address && address->ip) {
        addresses.push_back(*address->ip);
    }
    return addresses;
}

/// Whoever connects there reaches us.
bool reaches(const net::Address& target, const net::Endpoint& listener, const std::vector<base::IpAddress>& of_host) {
    if (!target.ip) return listener.kind == net::Endpoint::Kind::unix_socket && listener.path == target.path;
    const std::vector<base::IpAddress> addresses = addresses_of(listener, of_host);
    return listener.port == target.port && std::ranges::find(addresses, *target.ip) != addresses.end();
}

void check_loops(Reader& in, const Config& config) {
    const std::vector<Listening> listeners = all_listeners(config);
    const std::vector<base::IpAddress> of_host = net::host_addresses();
    const auto check = [&](const std::string& key, const net::Address& target) {
        for (const Listening& own : listeners)
            if (reaches(target, own.endpoint, of_host)) in.error(key, target.text() + " is our own socket of " + own.name);
    };
    for (const GatewayConfig& gateway : config.gateways) {
        for (const Backend& backend : gateway.backends) check(key_of(gateway, "backend"), backend.address);
        if (gateway.direction != Direction::to_exchange || gateway.relay.next_hop.kind != gate::NextHop::Kind::fixed) continue;
        if (const auto ip = base::IpAddress::parse(gateway.relay.next_hop.host))
            check(key_of(gateway, "next_hop"), net::Address::of(*ip, gateway.relay.next_hop.port));
        else if (gateway.relay.next_hop.host == "localhost")  // other names are looked up when mail comes
            for (const char* loopback : {"127.0.0.1", "::1"})
                check(key_of(gateway, "next_hop"), net::Address::of(*base::IpAddress::parse(loopback), gateway.relay.next_hop.port));
    }
}

/// DANE believes nothing that is not validated. With "auto" validation is off for as long as the DNS servers do not pass DNSSEC on: every
/// answer is insecure then, no host has a TLSA record, and mail goes out by tls_fallback, which is not what was asked for. With "on" the
/// look-ups fail, and mail waits. The gateway cannot tell the two apart by itself: an answer only says that it was not validated.
void check_dane(Reader& in, const Config& config, const GatewayConfig& gateway) {
    const gate::TlsLevel level = gateway.relay.tls_level;
    if (level != gate::TlsLevel::dane && level != gate::TlsLevel::dane_only) return;
    const net::ResolverSettings& dns = config.dns.resolver;
    const std::string key = key_of(gateway, "tls_level"), needs = '"' + std::string(name_of(level)) + "\" needs ";
    if (dns.dnssec == net::Dnssec::off)
        in.error(key, needs + "DNSSEC: dns.dnssec is \"off\"");
    else if (dns.dnssec == net::Dnssec::automatic)
        in.error(key, needs +
                          "dns.dnssec = \"on\": with \"auto\" nothing is validated while the DNS servers do not pass DNSSEC on, and "
                          "mail would go to hosts that nobody vouches for");
    else if (dns.trust_anchor_files.empty())
        in.error(key, needs + "DNSSEC: dns.trust_anchor_files names none");
}

}  // namespace

void check_gateways(Reader& in, const Config& config) {
    for (const GatewayConfig& gateway : config.gateways) {
        if (gateway.direction == Direction::to_exchange) {
            check_dane(in, config, gateway);
            continue;
        }
        if (config.rules.dkim_source != decision::DkimSource::verify)
            in.error("dkim.source", "must be \"verify\" with a gateway from Exchange ([gateway." + gateway.session.name +
                                        "]): nobody before it validates, so results in a message are its sender's");
        if (gateway.session.early_refusal && gateway.session.door == gate::Door::inbound)
            in.error(key_of(gateway, "early_refusal"), "is for door = \"relay\": an inbound door asks nobody for an organisation");
        if (gateway.session.early_refusal && config.tenants.source != "file")
            in.error(key_of(gateway, "early_refusal"), "needs all tenants at hand: tenants.source = \"file\"");
    }
    check_loops(in, config);
}

void add_gateway_warnings(const Config& config, Reader& in) {
    for (const GatewayConfig& gateway : config.gateways) {
        if (gateway.direction != Direction::from_exchange) continue;
        if (gateway.session.announce_xoorg == gate::AnnounceXoorg::always)
            in.warning(key_of(gateway, "announce_xoorg"),
                       "\"always\" asks everybody for an organisation; what it is worth without a verified certificate is decided as ever");
        if (gateway.session.backend_identity == gate::BackendIdentity::none)
            in.warning(key_of(gateway, "backend_identity"),
                       "\"none\": the backend takes all mail for mail of this host: see that it relays nothing for our address, and trusts "
                       "nothing because of it");
    }
}

}  // namespace exota::config
