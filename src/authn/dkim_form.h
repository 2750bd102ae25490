// Whether a DKIM-Signature field is readable *in form*: what every verifier reads alike, whatever it then thinks of the signature.
//
// A validator may fall silent about a whole message at one field that it cannot read, and what stands in the message then stands where
// its results would. So the line is drawn here, far inside of what validators read: readable and unacceptable (an algorithm, a time, a
// version) is one thing, unreadable another.
//
// Tested by dkim_form_test.cc and fuzz/dkim_fuzz.cc.
#pragma once

#include <string>
#include <string_view>

#include "authn/tag_list.h"
#include "base/result.h"
#include "mail/domain.h"

namespace exota::authn {

inline constexpr std::size_t max_form_tags = 256;          // more are unreadable
inline constexpr std::size_t max_form_number_digits = 18;  // of t=, x= and l=: what fits in every reader's number

/// What every verifier reads alike: the tags, b, bh, d, h, s and v among them, of which d= and s= name a key.
struct SignatureForm {
    TagList tags;
    mail::Domain sdid;  // d=
};

/// @param value  on one line (mail::unfold). Views of the result point into it.
/// @return       invalid_data or too_long: what is unreadable in it.
base::Result<SignatureForm> read_signature_form(std::string_view value);

}  // namespace exota::authn
