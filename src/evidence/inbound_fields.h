// The header fields that only an inbound door looks at, gathered one after the other: what Exchange Online Protection writes, and what
// tells of mail that came by an indirect way. Nobody else pays for them.
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

}  // namespace exota::evidence
