// A section [gateway.NAME] as the program uses it: what its sessions go by (gate), and what that needs of the system: addresses, TLS.
//
// Tested by gateway_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gate/gateway_settings.h"
#include "gate/relay_settings.h"
#include "net/address.h"

namespace exota::net {
class TlsContext;
}

namespace exota::config {

enum class Direction : std::uint8_t { from_exchange, to_exchange };

/// A server behind us: where it is, and by which name its certificate is known.
struct Backend {
    net::Address address;
    std::string host;  // as configured: a name, or an address; empty for a Unix socket
};

struct GatewayConfig {
    Direction direction = Direction::from_exchange;
    gate::GatewaySettings session;  // of to_exchange: what both directions have
    // From Exchange:
    std::vector<Backend> backends;                           // of session.backend, in its order
    std::shared_ptr<const net::TlsContext> listener_tls;     // nullptr: no STARTTLS
    std::shared_ptr<const net::TlsContext> backend_context;  // nullptr: backend_tls is none
    // To Exchange:
    gate::RelaySettings relay;
    std::shared_ptr<const net::TlsContext> hop_context;
    std::shared_ptr<const net::TlsContext> policy_context;  // for MTA-STS: without a certificate of ours; nullptr: mta_sts is off
};

}  // namespace exota::config
