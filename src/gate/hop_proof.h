// Whether a connection to a mail host shows what it must (hop_tls.h): looked at when TLS is up, or is not to be had.
//
// Tested by hop_proof_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gate/client_tls.h"
#include "gate/hop_tls.h"

namespace exota::gate {

/// What a connection showed, in one word for the log.
enum class TlsProof : std::uint8_t {
    none,       // no TLS
    encrypted,  // whoever it is
    verified,   // by its chain and name
    dane,       // by TLSA
};
/// "none", "encrypted", "verified", "dane".
std::string_view name_of(TlsProof proof) noexcept;

/// @param shown  nullptr: there is no TLS.
/// @return       why that is not enough, for people.
std::expected<TlsProof, std::string> check_tls(const HopTls& wanted, const LegTls* shown, std::chrono::sys_seconds now);

}  // namespace exota::gate
