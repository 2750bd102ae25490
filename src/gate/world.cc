#include "gate/world.h"

#include "gate/judge.h"

namespace exota::gate {

std::optional<Tenants> World::tenants_at_hand(const evidence::Evidence&, const Snapshot& snapshot) {
    if (snapshot.looks_up) return std::nullopt;
    if (!snapshot.tenants || tenants_of(snapshot) == TenantsAre::outdated) return Tenants(Tenants::unknown);
    // Owned by the snapshot, so no count that all loops share is touched for it.
    return Tenants(std::shared_ptr<const tenant::Index>(std::shared_ptr<void>(), snapshot.tenants.get()));
}

void World::find(const tenant::Keys&, Found found) {
    call_soon([found = std::move(found)] { found(Tenants(Tenants::unknown)); });
}

void World::find_recipient(const tenant::RecipientName&, const tenant::RecipientRules&, FoundRecipient found) {
    call_soon([found = std::move(found)] { found(decision::RecipientIs::unavailable); });
}

std::optional<CountAnswer> World::count_at_hand(const Counted& message, const Snapshot& snapshot) {
    if (!snapshot.tenant_limits) return PassedLimit(PassedLimit::none);
    if (&message.tenants != snapshot.tenants.get()) return PassedLimit(PassedLimit::unknown);  // not those that are counted by number
    return CountAnswer(snapshot.tenant_limits->count(message.tenant, message.limits, message.recipients, instant()));
}

void World::count(const Counted&, Passed passed) {
    call_soon([passed = std::move(passed)] { passed(PassedLimit(PassedLimit::unknown)); });
}

}  // namespace exota::gate
