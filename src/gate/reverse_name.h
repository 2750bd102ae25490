// The forward-confirmed reverse name of a client: a name that its address claims (PTR) and that leads back to the address (A, AAAA).
//
//   unasked ─ask▶ asking ─┬─▶ known
//                         ├─▶ none     no name, or none that leads back
//                         └─▶ failed   DNS did not say, or not within five seconds
//
// Tested by reverse_name_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "gate/world.h"

namespace exota::gate {

class ReverseName {
public:
    static constexpr std::chrono::milliseconds deadline{5000};
    static constexpr std::size_t max_names = 5;  // of one address, that are looked at

    enum class State : std::uint8_t { unasked, asking, known, none, failed };

    /// @param world    outlives this object.
    /// @param address  absent: `none` at once.
    /// @param settled  called on the loop, from within an answer, when `asking` is over.
    ReverseName(World& world, const std::optional<base::IpAddress>& address, std::function<void()> settled);
    ~ReverseName();

    /// Asks, once; what is asked already goes on.
    void ask();
    State state() const noexcept;
    /// In lower case; empty unless known.
    std::string_view name() const noexcept;

private:
    struct Lookup;
    std::shared_ptr<Lookup> lookup_;
};

/// "1.2.0.192.in-addr.arpa", or 32 nibbles and "ip6.arpa".
std::string reverse_question(const base::IpAddress& address);

}  // namespace exota::gate
