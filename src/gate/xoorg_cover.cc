#include "gate/xoorg_cover.h"

#include <utility>

#include "decision/keys.h"
#include "gate/judge.h"
#include "gate/world.h"

namespace exota::gate {

namespace {

XoorgCover cover_in(const tenant::Index& index, const mail::Domain& organization, const mail::Domain& sender) noexcept {
    const auto covers_sender = index.covering(sender.text());
    if (!covers_sender) return XoorgCover::not_covered;
    if (const auto lists = index.with_organization(organization.text()))
        return *lists == covers_sender->tenant ? XoorgCover::covered : XoorgCover::not_covered;
    const auto covers = index.covering(organization.text());
    return covers && covers->tenant == covers_sender->tenant ? XoorgCover::covered : XoorgCover::not_covered;
}

}  // namespace

XoorgCover cover_of(const Tenants& tenants, const mail::Domain& organization, const mail::Domain& sender) noexcept {
    if (tenants.is(Tenants::unknown)) return XoorgCover::unknown;
    if (!tenants.is(Tenants::yes)) return XoorgCover::not_covered;
    const tenant::Index& index = **tenants;
    const XoorgCover cover = cover_in(index, organization, sender);
    if (index.at_worst() == nullptr) return cover;
    // Some names could not be asked: only what holds whoever has them is said.
    const bool holds = cover == XoorgCover::covered && cover_in(*index.at_worst(), organization, sender) == XoorgCover::covered;
    return holds ? XoorgCover::covered : XoorgCover::unknown;
}

std::optional<XoorgCover> find_cover(World& world, std::shared_ptr<const Snapshot> snapshot, const mail::Domain& organization,
                                     const mail::Domain& sender, std::function<void(XoorgCover)> found) {
    evidence::Evidence asked;
    asked.envelope.reverse_path = "sender@" + sender.text();
    asked.envelope.has_mail = true;
    asked.envelope.xoorg = evidence::Observed<mail::Domain>{organization, evidence::Source::given};
    if (const auto tenants = world.tenants_at_hand(asked, *snapshot)) return cover_of(*tenants, organization, sender);
    const tenant::Keys keys = decision::keys_of(asked, snapshot->rules);
    world.find(keys, [snapshot = std::move(snapshot), organization, sender, found = std::move(found)](const Tenants& tenants) {
        found(cover_of(tenants, organization, sender));
    });
    return std::nullopt;
}

}  // namespace exota::gate
