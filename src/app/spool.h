// Where a gateway keeps messages while their verdict is pending: gate::Spool, with the limits of one section [gateway.NAME].
//
// A message's first octets are in memory, in pieces of spool_piece_octets: up to `hold_octets` of each, up to `hold_memory` of all. What is
// beyond goes to a file of its own that has no name (O_TMPFILE), so nothing is left of it whatever becomes of us. Files take up to
// `spool_octets` in all, and a tenth of that for one client: an IPv4 address, or an IPv6 network of 64 bits.
//
// Nothing is synchronised to disk: what is held has been acknowledged to nobody.
//
// Tested by spool_test.cc.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/ip.h"
#include "base/result.h"
#include "gate/spool.h"
#include "net/descriptor.h"
#include "telemetry/gateway_metrics.h"

namespace exota::app {

/// In memory, a message takes a whole number of these.
inline constexpr std::size_t spool_piece_octets = std::size_t{16} * 1024;
/// One client may have this part of spool_octets.
inline constexpr std::uint64_t spool_client_part = 10;

struct SpoolLimits {
    std::uint64_t hold_memory = std::uint64_t{256} * 1024 * 1024;
    std::string directory = "/var/spool/exota";
    std::uint64_t spool_octets = std::uint64_t{10} * 1024 * 1024 * 1024;
};

/// Of one section, shared by all loops; outlives its messages.
class SpoolRoom {
public:
    /// @return  io: no file can be made in the directory. The detail begins with its path.
    static base::Result<std::unique_ptr<SpoolRoom>> open(SpoolLimits limits);

    /// For one message of that client; on any loop. Its errors of append(): too_long, a limit is reached; io, the disk is full, or the
    /// system fails.
    /// @param hold_octets  of it in memory.
    std::unique_ptr<gate::Spool> make(std::size_t hold_octets, const std::optional<base::IpAddress>& client);

    const telemetry::HeldOctets& held() const noexcept { return held_; }

private:
    class HeldMessage;

    SpoolRoom(SpoolLimits limits, net::Descriptor directory) : limits_(std::move(limits)), directory_(std::move(directory)) {}
    base::Result<net::Descriptor> make_file() const;
    bool take_memory(std::size_t octets) noexcept;
    base::Result<void> take_disk(const base::IpAddress& client, std::uint64_t octets);
    void give_disk_back(const base::IpAddress& client, std::uint64_t octets) noexcept;

    const SpoolLimits limits_;
    const net::Descriptor directory_;
    telemetry::HeldOctets held_;
    std::mutex clients_mutex_;
    std::map<base::IpAddress, std::uint64_t> clients_;  // octets in files, of those that have any
};

}  // namespace exota::app
