// Whether we may vouch for a sender by XOORG=: the tenant that lists or covers the organisation must cover the sender's domain, because
// Exchange treats such mail as internal.
//
// Tested by xoorg_cover_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "gate/submission.h"
#include "mail/domain.h"
#include "wire/smtp/reply.h"

namespace exota::gate {

class World;

namespace reply {
inline constexpr smtp::FixedReply tenants_unknown{451, "4.3.0", "Tenants cannot be looked up; try again"};
}

/// unknown: the directory cannot be asked.
enum class XoorgCover : std::uint8_t { covered, not_covered, unknown };

XoorgCover cover_of(const Tenants& tenants, const mail::Domain& organization, const mail::Domain& sender) noexcept;

/// The same with the tenants in force, or those that the source finds.
/// @param found  called on the loop, later, if the answer is not at hand; possibly never, as World::find.
/// @return       nullopt: `found` will be called.
std::optional<XoorgCover> find_cover(World& world, std::shared_ptr<const Snapshot> snapshot, const mail::Domain& organization,
                                     const mail::Domain& sender, std::function<void(XoorgCover)> found);

}  // namespace exota::gate
