// A reply as a client of a gateway gets it: ours, or that of the server behind us.
//
// Tested by gateway_commands_test.cc, relay_session_test.cc and relay_session_edges_test.cc.
#pragma once

#include <string>

#include "wire/smtp/reply.h"
#include "wire/smtp/reply_reader.h"

namespace exota::gate {

struct ClientReply {
    int code = 0;
    std::string octets;  // with CRLF
    mail::Reply line;    // the same on one line

    bool positive() const noexcept { return code / 100 == 2; }
    bool ends_session() const noexcept { return code == 421; }

    static ClientReply of(const smtp::FixedReply& reply) { return of(smtp::to_reply(reply)); }
    static ClientReply of(const mail::Reply& reply) {
        ClientReply made{reply.code, {}, reply};
        smtp::append_reply(made.octets, reply);
        return made;
    }
    static ClientReply of(const smtp::ServerReply& reply) {
        ClientReply made{reply.code, {}, smtp::on_one_line(reply)};
        smtp::append_reply(made.octets, reply);
        return made;
    }
    /// Of a server whose 421 ends the session with it and not that with our client: it becomes a 451.
    static ClientReply of_next_hop(const smtp::ServerReply& reply) {
        if (reply.code != 421) return of(reply);
        mail::Reply line = smtp::on_one_line(reply);
        line.code = 451;
        return of(line);
    }
};

}  // namespace exota::gate
