// Whether what TLS showed proves the server that a gateway dialled: net/server_proof.h in gate's words.
//
// Tested by hop_proof_test.cc and gateway_backend_test.cc.
#pragma once

#include <string>

#include "base/result.h"
#include "gate/client_tls.h"

namespace exota::gate {

/// Asks for a certificate whose chain leads to our roots, that is for a server or whose usages rule nothing out, and that has the name by
/// which it was asked for.
/// @return  why that is not so, for people.
std::expected<void, std::string> check_server(const LegTls& shown);

}  // namespace exota::gate
