// A reply as a client of the gateway towards Exchange gets it: a next hop's, or ours.
//
// Tested by relay_session_test.cc and relay_session_edges_test.cc.
#pragma once

#include <string>

#include "wire/smtp/reply.h"
#include "wire/smtp/reply_reader.h"

namespace exota::gate {

struct RelayReply {
    int code = 0;
    std::string octets;  // with CRLF
    mail::Reply line;    // the same on one line

    bool positive() const noexcept { return code / 100 == 2; }

    static RelayReply of(const smtp::FixedReply& reply) { return of(smtp::to_reply(reply)); }
    static RelayReply of(const mail::Reply& reply) {
        RelayReply made{reply.code, {}, reply};
        smtp::append_reply(made.octets, reply);
        return made;
    }
    /// A 421 ends the session with the next hop, not that with our client: it becomes a 451.
    static RelayReply of(const smtp::ServerReply& reply) {
        mail::Reply line = smtp::on_one_line(reply);
        if (reply.code == 421) {
            line.code = 451;
            return of(line);
        }
        RelayReply made{reply.code, {}, std::move(line)};
        smtp::append_reply(made.octets, reply);
        return made;
    }
};

}  // namespace exota::gate
