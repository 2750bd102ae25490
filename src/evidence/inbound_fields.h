// The header fields that only an inbound door or discovery looks at, gathered one after the other: what Exchange Online Protection writes,
// and what tells of mail that came by an indirect way. Nobody else pays for them.
//
// Tested by inbound_fields_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/evidence.h"

namespace exota::evidence {

class InboundFields {
public:
    /// @param may_look  the value is within all limits.
    void eop_field(std::string_view name, std::string_view value, bool may_look);
    void indirect_field(std::string_view name, std::string_view value, bool may_look);

    /// What EOP says. @param results  the message's Authentication-Results, from the top.
    /// @return  nullopt: nothing at all.
    std::optional<Eop> eop(const std::vector<AuthresField>& results);
    InboundHeader take_header() { return std::move(header_); }

private:
    void mark(std::string_view name);

    Eop eop_;
    bool has_report_ = false, has_antispam_ = false, has_outbound_ = false;
    InboundHeader header_;
};

inline constexpr std::size_t max_forward_mark_octets = 64;  // kept of the name of such a field

/// The field tells that somebody passed the message on: Resent-*, X-Forwarded-*, List-*, Exchange's marks of a mailbox that forwards, a
/// seal of an intermediary. More than `indirect_field` marks: what is learned from must be beyond doubt, what is let through need not.
/// @param may_look  the value is within all limits; a seal that may not be looked at may be anybody's.
bool is_forward_mark(std::string_view name, std::string_view value, bool may_look) noexcept;

}  // namespace exota::evidence
