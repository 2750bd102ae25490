// What an operator sets of a gateway from Exchange Online: a section [gateway.NAME] with direction = "from-exchange".
// docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "gate/client_tls.h"
#include "gate/section_settings.h"
#include "gate/submission.h"

namespace exota::gate {

/// How the backend learns whose session it is.
enum class BackendIdentity : std::uint8_t { xclient, proxy, none };
enum class BackendTls : std::uint8_t { none, encrypt, verify };
/// verified: to a client whose certificate counts and has one of `xoorg_names`.
enum class AnnounceXoorg : std::uint8_t { verified, always, never };
/// automatic: unless the backend adds one that names the client, as it does after XCLIENT.
enum class AddReceived : std::uint8_t { automatic, always, never };

struct GatewaySettings : SectionSettings {
    Door door = Door::relay;

    std::vector<std::string> backend{"inet:127.0.0.1:10025"};  // in the order in which they are tried; at least one
    BackendIdentity backend_identity = BackendIdentity::xclient;
    BackendTls backend_tls = BackendTls::none;

    std::string client_ca_file;  // empty: the system's roots
    bool offers_tls = false;     // there is a certificate
    bool require_tls = false;
    TakenPurposes client_purpose;

    AnnounceXoorg announce_xoorg = AnnounceXoorg::verified;
    std::vector<std::string> xoorg_names;  // empty: those of client_cert.names
    bool early_refusal = false;
    AddReceived received = AddReceived::automatic;

    std::chrono::milliseconds backend_timeout{300'000};  // for each reply of the backend; twice that for the one to a message
};

}  // namespace exota::gate
