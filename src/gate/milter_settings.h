// What an operator sets of the milter: section [milter] of the configuration. docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace exota::gate {

struct MilterSettings {
    std::vector<std::string> listen;  // "unix:/path", "inet:HOST:PORT", "inet6:[::1]:PORT"; also "inet:PORT@HOST", "local:/path", "/path";
                                      // "systemd" or "systemd:NAME"
    std::optional<unsigned> socket_mode = 0660;  // nullopt: by umask (drop-in)
    std::string socket_group;                    // empty: as it comes
    std::size_t max_frame_octets = 4 * 1024 * 1024;
    std::size_t max_macro_octets = 64 * 1024;                         // of one session
    std::size_t max_partial_octets = std::size_t{256} * 1024 * 1024;  // of frames that are not whole yet, of all sessions
    std::size_t max_sessions = 10000;
    std::chrono::seconds idle_timeout{7200};  // a session that says nothing
};

}  // namespace exota::gate
