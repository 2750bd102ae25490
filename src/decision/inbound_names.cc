// The words of the inbound door's settings and facts, as configuration, JSON and logs write them.
//
// Tested by inbound_names_test.cc.
#include <algorithm>
#include <array>

#include "decision/inbound_facts.h"
#include "decision/inbound_rules.h"

namespace exota::decision {
namespace {

constexpr std::array<std::string_view, action_count> action_names{"none", "mark", "hold", "tempfail", "direct", "reject"};
constexpr std::array<std::string_view, 3> eop_use_names{"ignore", "report", "enforce"};
constexpr std::array<std::string_view, 5> client_names{"passes", "allowed", "blocked", "listed", "no-reverse-name"};
constexpr std::array<std::string_view, 4> recipient_names{"not-asked", "known", "unknown", "unavailable"};

template <class Enum, std::size_t N>
std::optional<Enum> named(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view name_of(Action action) noexcept { return action_names[static_cast<std::size_t>(action)]; }
std::optional<Action> action_named(std::string_view name) noexcept { return named<Action>(action_names, name); }
std::string_view name_of(EopUse use) noexcept { return eop_use_names[static_cast<std::size_t>(use)]; }
std::optional<EopUse> eop_use_named(std::string_view name) noexcept { return named<EopUse>(eop_use_names, name); }
std::string_view name_of(ClientStanding::Is is) noexcept { return client_names[static_cast<std::size_t>(is)]; }
std::string_view name_of(RecipientIs is) noexcept { return recipient_names[static_cast<std::size_t>(is)]; }

}  // namespace exota::decision
