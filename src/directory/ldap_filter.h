// Search filters with a place for a name (RFC 4515): an operator writes the filter, a stranger writes the name.
//
// Tested by ldap_filter_test.cc and fuzz/ldap_filter_fuzz.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace exota::directory {

/// The value of an assertion, so that no octet of it is anything but itself (RFC 4515 §3): "a*" is "a\2a".
std::string escaped_for_filter(std::string_view value);

class LdapFilter {
public:
    /// Longer filters are refused.
    static constexpr std::size_t max_octets = 4096;

    /// @param text         one filter in parentheses, with `placeholder` (such as "%d") once or more, each within the value of an
    ///                     assertion; any other '%' is itself.
    /// @return             invalid_data: the parentheses do not match, the placeholder is nowhere, or it stands where no value is.
    static base::Result<LdapFilter> parse(std::string_view text, std::string_view placeholder);

    /// With the name in its places, escaped.
    std::string with(std::string_view name) const;
    /// Any value there: what has one at all.
    std::string with_any() const;
    /// The attributes that are compared with the name alone, in order: "(|(mail=%d)(cn=x%d))" has "mail".
    const std::vector<std::string>& attributes() const noexcept { return attributes_; }

private:
    std::vector<std::string> pieces_;  // of what stands between the names
    std::vector<std::string> attributes_;
};

}  // namespace exota::directory
