// Opening the sockets that we accept on: one descriptor a loop for each endpoint.
//
// TCP: a socket of its own for every loop (SO_REUSEPORT), so that the kernel spreads connections. Because that option would also let a
// second daemon of the same user share the port unnoticed, the port is first bound without it. Unix and activated sockets: one socket,
// a duplicate of the descriptor for every loop.
//
// Tested by listener_test.cc.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/activation.h"
#include "net/descriptor.h"
#include "net/endpoint.h"

namespace exota::net {

struct ListenOptions {
    std::optional<unsigned> socket_mode;  // of Unix sockets; nullopt: by umask
    std::string socket_group;             // of Unix sockets, a name or a number; empty: as it comes
    int backlog = 4096;                   // the system caps it at net.core.somaxconn
};

/// A bound endpoint. Removes its Unix socket at the end, if the file is still the one it made.
class Listener {
public:
    /// @param loops  how many descriptors are wanted.
    /// @return       io: the system refused, with the endpoint and why. A Unix socket at that path that somebody listens on, or a file
    ///               that is no socket, is left alone and is an error; a socket that nobody listens on is removed.
    static base::Result<Listener> open(const Endpoint& endpoint, const ListenOptions& options, std::size_t loops);
    static base::Result<Listener> from_activated(ActivatedSocket socket, std::size_t loops);

    Listener(Listener&& other) noexcept;
    Listener& operator=(Listener&& other) noexcept;
    ~Listener();

    /// The descriptor for loop number `loop`, non-blocking; the caller owns it from now on.
    Descriptor take(std::size_t loop) { return std::move(descriptors_.at(loop)); }
    /// What is bound, with the port that the system chose: "inet:127.0.0.1:40123".
    const std::string& bound() const noexcept { return bound_; }
    /// Bound to every address of IPv6, it takes IPv4 too. Only of an activated one: what is opened here never does.
    bool takes_both_families() const noexcept { return takes_both_families_; }

private:
    Listener() = default;
    void remove_socket_file() noexcept;

    std::vector<Descriptor> descriptors_;
    std::string bound_;
    bool takes_both_families_ = false;
    std::string path_;  // to remove at the end
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

/// Opens every endpoint of a list, "systemd" ones from `activated` (whose sockets are moved out).
/// @param problems  gets one error for each endpoint that could not be opened, so that a start prints them all.
std::vector<Listener> open_listeners(const std::vector<Endpoint>& endpoints, const ListenOptions& options, std::size_t loops,
                                     std::vector<ActivatedSocket>& activated, std::vector<base::Error>& problems);

}  // namespace exota::net
