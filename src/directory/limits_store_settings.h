// What an operator sets of the store in which several nodes count limits together: section [limits_store] of the configuration.
// docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace exota::directory {

struct LimitsStoreSettings {
    enum class Kind : std::uint8_t { server, sentinel, cluster } kind = Kind::server;
    enum class Fallback : std::uint8_t { local, accept, tempfail } fallback = Fallback::local;

    std::vector<std::string> servers;        // redis://…, rediss://…; at least one
    std::string password;                    // read from password_file; in no message, log or core
    std::string master_name;                 // of Sentinels: what they call the master
    std::string sentinel_password;           // theirs, read from sentinel_password_file; likewise
    std::string ca_file;                     // empty: the system's
    std::string certificate_file, key_file;  // ours, for servers that want one
    std::string prefix = "exota:";
    std::chrono::milliseconds timeout{5};   // of counting one message
    std::chrono::milliseconds rest{1'000};  // nobody is asked for so long after a failure; tests have no time for real seconds
};

}  // namespace exota::directory
