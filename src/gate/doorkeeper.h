// What an inbound door does before there is a message, of one connection: who the client is, then recipient by recipient.
//
//   ask(session) ─▶ known ─▶ refuse_client ─▶ refuse_recipient, for each RCPT ─▶ the message is judged with client()
//                    ▲
//        wake ───────┘ later, where DNS lists or names have to be asked
//
// Each refusal is told to the judge's observer here, with what was known by then; the front end passes the reply on.
//
// Tested by doorkeeper_test.cc, milter_inbound_test.cc and gateway_inbound_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "decision/decision.h"
#include "decision/inbound_facts.h"
#include "evidence/evidence.h"
#include "gate/client_check.h"
#include "gate/submission.h"
#include "tenant/index.h"

namespace exota::gate {

class Judge;
struct Delivery;
struct DoorLists;

/// What is known of a recipient: only authoritative domains are asked about, where there is a list.
decision::RecipientIs recipient_is(std::string_view recipient, const tenant::Index& tenants, const DoorLists* lists);

class Doorkeeper {
public:
    /// @param judge  outlives this object; has a snapshot whenever it is asked.
    /// @param front  of an inbound door; its texts outlive this object.
    /// @param wake   called on the loop when what ask() left open is known; outlives this object.
    Doorkeeper(Judge& judge, const FrontEnd& front, const std::function<void()>& wake);
    ~Doorkeeper();

    /// Who the client is. Asks once a connection, by what is in force then; a client of another address is asked about anew.
    /// @return  it is known; else `wake` is called.
    bool ask(const evidence::Session& session);
    bool is_known() const noexcept { return check_ && check_->is_known(); }
    /// Only where it is known.
    const decision::ClientStanding& client() const noexcept { return check_->standing(); }

    /// The rest only where the client is known. nullopt: it is not refused.
    std::optional<decision::Decision> refuse_client(const evidence::Session& session) const;
    /// Counts the recipient, too.
    /// @param recipient  without angle brackets.
    std::optional<decision::Decision> refuse_recipient(const evidence::Session& session, std::string_view recipient);
    /// Whether refuse_recipient() would refuse it now.
    bool would_refuse(const evidence::Session& session, std::string_view recipient) const;

    /// To the observer.
    /// @param evidence  session and envelope as far as they are known.
    void report(const decision::Decision& refusal, const evidence::Evidence& evidence, Stage stage, const Delivery& delivery) const;

private:
    std::optional<decision::Decision> judge_recipient(const evidence::Session& session, std::string_view recipient,
                                                      decision::RecipientIs is) const;
    decision::RecipientIs look_up(std::string_view recipient) const;

    Judge& judge_;
    const FrontEnd front_;
    const std::function<void()>& wake_;
    std::optional<base::IpAddress> address_;  // whom check_ is about
    std::unique_ptr<ClientCheck> check_;
    decision::RecipientCounts counts_;
};

}  // namespace exota::gate
