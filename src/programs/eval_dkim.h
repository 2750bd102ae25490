// The operations `dkim` and `arc` of `exota eval`.
//
// Tested by tests/authn (sign-then-verify and the corpora through the program).
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/result.h"

namespace exota::programs {

/// {message_b64, zone, now, limits} → {"signatures": […]} as JSON text; an error says what is wrong with the input.
base::Result<std::string> evaluate_dkim(const boost::json::object& in);
/// The same → {"cv", "reason", "sealers", "instances"}.
base::Result<std::string> evaluate_arc(const boost::json::object& in);

}  // namespace exota::programs
