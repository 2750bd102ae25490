// What an operator sets of a gateway from Exchange Online: a section [gateway.NAME] with direction = "from-exchange".
// docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gate/client_tls.h"
#include "gate/submission.h"

namespace exota::gate {

/// How the backend learns whose session it is.
enum class BackendIdentity : std::uint8_t { xclient, proxy, none };
enum class BackendTls : std::uint8_t { none, encrypt, verify };
/// verified: to a client whose certificate counts and has one of `xoorg_names`.
enum class AnnounceXoorg : std::uint8_t { verified, always, never };
/// automatic: unless the backend adds one that names the client, as it does after XCLIENT.
enum class AddReceived : std::uint8_t { automatic, always, never };

struct GatewaySettings {
    std::string name;  // NAME
    Door door = Door::relay;
    std::vector<std::string> listen;  // as MilterSettings::listen, without socket modes
    std::string hostname;             // in greeting, EHLO, Received; never empty here

    std::vector<std::string> backend{"inet:127.0.0.1:10025"};  // in the order in which they are tried; at least one
    BackendIdentity backend_identity = BackendIdentity::xclient;
    BackendTls backend_tls = BackendTls::none;

    std::string certificate_file, key_file;  // of the listener
    std::string client_ca_file;              // empty: the system's roots
    std::string min_tls = "1.2";
    bool offers_tls = false;  // there is a certificate
    bool require_tls = false;
    TakenPurposes client_purpose;

    AnnounceXoorg announce_xoorg = AnnounceXoorg::verified;
    std::vector<std::string> xoorg_names;  // empty: those of client_cert.names
    bool early_refusal = false;
    AddReceived received = AddReceived::automatic;

    std::uint64_t message_octets = std::uint64_t{150} * 1024 * 1024;  // our SIZE; 0: no limit of ours
    std::size_t max_recipients = 1000;
    std::size_t max_errors = 20;
    std::size_t hold_octets = std::size_t{256} * 1024;             // of a held message in memory; more goes to a file
    std::uint64_t hold_memory = std::uint64_t{256} * 1024 * 1024;  // of all held messages; above it new octets go to the file at once
    std::string spool_directory = "/var/spool/exota";
    std::uint64_t spool_octets = std::uint64_t{10} * 1024 * 1024 * 1024;  // on disk, in all; a tenth of it for one client address

    std::size_t max_sessions = 10000;
    std::size_t max_sessions_per_client = 200;
    std::chrono::milliseconds command_timeout{300'000};  // RFC 5321 section 4.5.3.2.7: for the client's next command
    std::chrono::milliseconds data_timeout{180'000};     // for more of its message
    std::chrono::milliseconds backend_timeout{300'000};  // for each reply of the backend; twice that for the one to a message
    std::chrono::milliseconds dial_timeout{30'000};      // for the connection to a backend, and its greeting
};

}  // namespace exota::gate
