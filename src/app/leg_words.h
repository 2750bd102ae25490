// gate's words for two legs (gate/legs.h) as net has them (net/session.h): gate does no I/O and knows no net.
//
// Tested by leg_words_test.cc and gateway_front_end_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "gate/client_tls.h"
#include "gate/legs.h"
#include "net/session.h"
#include "net/tls_facts.h"

namespace exota::app {

gate::Leg gate_leg(net::Leg leg) noexcept;
gate::LegEnding gate_ending(net::Ending why) noexcept;
gate::LegTls gate_tls(const net::TlsFacts& facts);
/// How a handshake ended, for metrics: "verified" (by a chain to the roots), "unverified", "no-certificate".
std::string_view result_of(const net::TlsFacts& facts) noexcept;
/// Without dial and start_tls, which need to know what is dialled.
net::Session::Step put_into(const gate::LegStep& step, const gate::LegOut& from, net::Out& out);

}  // namespace exota::app
