// Which Authentication-Results fields of a message are believed (RFC 8601 section 5): by authserv-id *and* position.
//
// The rules are in docs/reference/decision.md ("What may be believed"): of the fields with a trusted id above the first Received (own_hops
// more may stand above), the topmost that names a method decides that method, even where it does not count.
//
// Tested by authres_trust_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/evidence.h"

namespace exota::evidence {

struct AuthresTrust {
    std::vector<std::string> authserv_ids;     // compared without regard to case
    std::vector<std::string> methods{"dkim"};  // those that the operator's validator adds to every message
    std::uint32_t own_hops = 0;
    /// any: where no field at the top names the method, those elsewhere are read too.
    enum class Position : std::uint8_t { top, any } position = Position::top;
    /// Only "ID/QUEUEID" with the queue id of the message is the validator's: a sender cannot know it (OpenDKIM's AuthservIDWithJobID).
    bool job_id = false;
    /// Drop-in: what the predecessor's library does not read is not read: a field with a quoted authserv-id or octets above 127, a method
    /// in capitals; and of several header.d the first counts.
    bool as_predecessor = false;
    std::size_t max_results = 15;  // of a field: a longer one does not count (it passes OpenDKIM's clean-up)
};

struct BelievedDkim {
    std::vector<DkimResult> results;
    bool named = false;        // some believed field names the method
    std::uint32_t field = 0;   // number of the last field that was read and counts; 0: none
    std::string not_counted;   // why what is reported does not count: a code for the trace; empty: it does
    std::string hint;          // the same for people
    bool no_queue_id = false;  // job ids are asked for, and the MTA did not say this message's
};

/// @param queue_id  of this message; empty: the MTA did not say it.
BelievedDkim believed_dkim(const Header& header, std::string_view queue_id, const AuthresTrust& trust);

}  // namespace exota::evidence
