// Whether a text is a domain name, for those who do not keep it.
//
// Tested by domain_test.cc.
#pragma once

#include <string_view>

namespace exota::mail {

/// What Domain::parse() says, without the copy of an ASCII name.
bool is_domain(std::string_view text);

}  // namespace exota::mail
