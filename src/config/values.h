// Values that several sections take, from their text: what Reader::list wants to be given.
//
// Each error quotes the text. Tested by config_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace exota::config {

/// A domain in its one form.
base::Result<std::string> domain_text(std::string_view text);
/// "192.0.2.0/24", "2001:db8::/32", or an address.
base::Result<base::IpPrefix> prefix(std::string_view text);
/// An authserv-id is a value of RFC 2045; one that needs no quotes is all that a validator should be given,
/// and one beyond ASCII would not be recognised in a field that came in: a forgery would stay.
base::Result<std::string> authserv_id(std::string_view text);

}  // namespace exota::config
