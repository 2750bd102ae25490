// LMTP's replies to the final dot (RFC 2033 section 4.2): one for each recipient whose RCPT was accepted, in the order of those commands,
// whichever of them is known first.
//
// Tested by lmtp_test.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mail/reply.h"

namespace exota::smtp {

class RecipientReplies {
public:
    /// @param recipients  accepted ones; at least one.
    explicit RecipientReplies(std::size_t recipients) : replies_(recipients) {}

    /// The reply for a recipient, counted from 0 in the order of RCPT. The first one given stays.
    void give(std::size_t recipient, mail::Reply reply);
    /// The same reply for all that have none yet: time ran out, or the message is refused.
    void give_rest(const mail::Reply& reply);
    /// Appends the replies that are known and whose turn it is, each once.
    void append_ready(std::string& out);
    /// All have been appended.
    bool done() const noexcept { return appended_ == replies_.size(); }

private:
    std::vector<std::optional<mail::Reply>> replies_;
    std::size_t appended_ = 0;
};

}  // namespace exota::smtp
