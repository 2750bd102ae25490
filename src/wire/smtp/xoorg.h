// The value of XOORG= on MAIL: the default accepted domain of an Exchange Online tenant. Microsoft's own parameter, without an RFC; read as
// xtext (RFC 3461 section 4).
//
// Tested by xoorg_test.cc and fuzz/smtp_command_fuzz.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "mail/domain.h"

namespace exota::smtp {

inline constexpr std::size_t max_xoorg_octets = 255;  // decoded

/// @return  invalid_data: no xtext, more than 255 octets decoded, or not one domain name (empty is none).
base::Result<mail::Domain> parse_xoorg(std::string_view value);

}  // namespace exota::smtp
