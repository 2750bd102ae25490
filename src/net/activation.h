// Sockets that systemd opened for us (sd_listen_fds(3)): LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, descriptors from 3 on.
//
// Tested by activation_test.cc.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "net/descriptor.h"

namespace exota::net {

struct ActivatedSocket {
    Descriptor descriptor;
    std::string name;  // of LISTEN_FDNAMES; "unknown" where there is none, as systemd says
};

/// Takes the sockets over, once: they become close-on-exec and non-blocking and the variables are removed, so that no child inherits
/// them. To be called while the process has one thread. None without LISTEN_FDS, or if LISTEN_PID is another process.
/// @return  io or invalid_data: a variable is no number, a descriptor is not open or no listening stream socket.
base::Result<std::vector<ActivatedSocket>> take_activated_sockets();

}  // namespace exota::net
