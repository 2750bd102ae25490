// A Microsoft Entra tenant id: a UUID (RFC 9562), compared as its 16 octets, so letter case never matters.
//
// Tested by tenant_id_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::mail {

class TenantId {
public:
    /// @param text  one header value or policy entry, already trimmed; only the 36 character form is taken.
    static base::Result<TenantId> parse(std::string_view text);
    /// Every form that Python's UUID() takes (version-1 tenants files): braces, `urn:uuid:`, hyphens anywhere or none.
    static base::Result<TenantId> parse_lenient(std::string_view text);

    /// The 36 character form in lower case.
    std::string text() const;
    const std::array<std::uint8_t, 16>& octets() const noexcept { return octets_; }
    friend bool operator==(const TenantId&, const TenantId&) = default;
    friend auto operator<=>(const TenantId&, const TenantId&) = default;

private:
    std::array<std::uint8_t, 16> octets_{};
};

/// The tenant that all consumer accounts (outlook.com, hotmail.com, live.com, msn.com) share: whoever trusts it lets everybody in.
inline constexpr std::string_view consumer_tenant_id = "84df9e7f-e9f6-40af-b435-aaaaaaaaaaaa";

}  // namespace exota::mail
