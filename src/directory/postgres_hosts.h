// The hosts of a conninfo as addresses, before libpq is asked to connect: libpq would look names up within a call, for as long as the
// system likes.
//
// Tested by postgres_hosts_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "directory/interrupt.h"

namespace exota::directory {

/// All addresses of a host, as texts. unavailable, not_found: there are none, and why.
using HostAddresses = base::Result<std::vector<std::string>>;
using LookUpHost = std::function<HostAddresses(const std::string& host)>;

/// Blocks.
HostAddresses addresses_of_host(const std::string& host);
/// The same, for no longer than that: the system is asked on a thread of its own (hanging_calls.h), which is left alone where it hangs.
/// @param interrupt  ends the wait; may be null.
/// @param look_up    for tests: instead of the system. It may be called after this returned.
/// @return           besides: timeout, closed (interrupted).
HostAddresses addresses_in_time(const std::string& host, std::chrono::milliseconds time, const Interrupt* interrupt,
                                const LookUpHost& look_up = &addresses_of_host);

}  // namespace exota::directory
