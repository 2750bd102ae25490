// Postfix's own Received field as the facts of the session that it records: what smtpd writes above a message that it took.
//
//   from HELO (NAME [ADDRESS])
//       (using TLSv1.3 with cipher … key-exchange … )                                      smtpd_tls_received_header = yes
//       (Client CN "NAME", Issuer "NAME" (verified OK))                                    or (not verified); or why there is none
//       (Authenticated sender: NAME)                                                       smtpd_sasl_authenticated_header = yes
//       by HOST (Postfix) with ESMTPS id QUEUEID
//       for <RECIPIENT>; DATE
//
// A milter never sees this field: Postfix puts it above the message behind the filters' backs. Whatever stands below it is the sender's
// text, and so is this one if the message was not taken by an MTA of the operator's own.
//
// Tested by received_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::programs {

struct Received {
    std::string helo;
    std::optional<std::string> client;  // its address; none: a Unix socket
    std::optional<std::string> tls_version;
    std::optional<std::string> certificate;  // name in a certificate that was verified; "": it has none
    bool tells_of_tls = true;                // false: TLS was in use, but the field has no word of it
    bool authenticated = false;
    std::string by;
    std::string queue_id;
    std::optional<std::string> recipient;  // written if there is only one
};

/// @param value  of the field, folded or not.
/// @return       invalid_data that says why it is none of Postfix's.
base::Result<Received> parse_received(std::string_view value);

}  // namespace exota::programs
