// What an operator sets of a gateway in either direction: what a section [gateway.NAME] means the same whatever its `direction`.
// docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace exota::gate {

struct SectionSettings {
    std::string name;                 // NAME
    std::vector<std::string> listen;  // as MilterSettings::listen, without socket modes
    std::string hostname;             // in greeting, EHLO, Received; never empty here

    std::string certificate_file, key_file;  // of the listener; towards Exchange, ours as a client
    std::string min_tls = "1.2";

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
    std::chrono::milliseconds dial_timeout{30'000};      // for one connection to a server, and for its greeting
};

}  // namespace exota::gate
