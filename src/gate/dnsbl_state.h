// How one DNS list fares: whether it is of use for each family of addresses, and what it said so far. Shared by all loops, and kept from
// one configuration to the next.
//
//   untested ─test─▶ in_use ◀──test──▶ failed     says nonsense (RFC 5782 section 5), see authn::DnsblWorks
//                     │  ▲
//      silences in turn  test
//                     ▼  │
//                    silent                       does not answer
//
// Only a list that is in use is asked about clients: one that is away shall cost no client the time of a look-up that fails.
//
// Tested by client_check_test.cc; app/dnsbl_watch.h tests the lists.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "authn/dnsbl.h"

namespace exota::gate {

/// From any thread.
class DnsblState {
public:
    enum class Family : std::uint8_t { ipv4, ipv6 };
    static constexpr std::array families{Family::ipv4, Family::ipv6};
    enum class Use : std::uint8_t { untested, in_use, failed, silent };
    static constexpr unsigned most_silences = 10;  // in turn

    Use use(Family family) const noexcept { return of(family).use.load(std::memory_order_relaxed); }
    bool in_use(Family family) const noexcept { return use(family) == Use::in_use; }
    /// What a test showed. One that failed before and does not answer now stays failed.
    void tested(Family family, authn::DnsblWorks works) noexcept;
    /// What it said of a client.
    void said(Family family, authn::DnsblSays says) noexcept;
    std::uint64_t count(authn::DnsblSays says) const noexcept {
        return counts_[static_cast<std::size_t>(says)].load(std::memory_order_relaxed);
    }

private:
    struct OfFamily {
        std::atomic<Use> use{Use::untested};
        std::atomic<unsigned> silences{0};
    };
    const OfFamily& of(Family family) const noexcept { return families_[static_cast<std::size_t>(family)]; }
    OfFamily& of(Family family) noexcept { return families_[static_cast<std::size_t>(family)]; }

    std::array<OfFamily, 2> families_;
    std::array<std::atomic<std::uint64_t>, authn::dnsbl_says_count> counts_{};
};
/// "ipv4", "ipv6".
std::string_view name_of(DnsblState::Family family) noexcept;

}  // namespace exota::gate
