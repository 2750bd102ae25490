// What an inbound door does before there is a message, of one connection: who the client is, then recipient by recipient.
//
//   ask(session) ─▶ known ─▶ refuse_client ─▶ ask_recipient ─▶ refuse_recipient, for each RCPT ─▶ the message is judged with client()
//                    ▲                            ▲
//        wake ───────┴────────────────────────────┘ later, where DNS lists, names or a directory have to be asked
//
// Each refusal is told to the judge's observer here, with what was known by then; the front end passes the reply on.
//
// Tested by doorkeeper_test.cc, milter_inbound_test.cc, gateway_inbound_test.cc and inbound_alike_test.cc.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "decision/decision.h"
#include "decision/inbound_facts.h"
#include "evidence/evidence.h"
#include "gate/client_check.h"
#include "gate/submission.h"
#include "tenant/index.h"

namespace exota::evidence {
class Collector;
}

namespace exota::gate {

class Judge;
struct Delivery;
struct DoorLists;
struct Snapshot;
class World;

/// What is known of a recipient without asking anybody: only authoritative domains are asked about, where there is a list or a server.
/// @return  nullopt: the server is to be asked (ask_recipient).
std::optional<decision::RecipientIs> recipient_at_hand(std::string_view recipient, const tenant::Index& tenants, const DoorLists* lists);
/// Of one that is not at hand. Calls back as World::find_recipient does.
void find_recipient(World& world, std::string_view recipient, const DoorLists& lists, std::function<void(decision::RecipientIs)> found);

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

    /// Whose the recipient's domain is, and whether there is such a recipient, until refuse_recipient() has used the answer; then it is
    /// asked for anew. By what is in force now: what is at hand is looked up again at each call, the answer of a directory is waited for
    /// once.
    /// @param recipient  without angle brackets, here and below.
    /// @return  it is known, or it is known that nobody can say; else `wake` is called.
    bool ask_recipient(std::string_view recipient);
    /// What was asked of a recipient is of no use any more: its transaction is over. Nobody is woken for it.
    void forget_recipient() noexcept;
    /// Client and recipient are known.
    bool is_ready() const noexcept { return is_known() && recipient_.has_value(); }

    /// The rest only where the client is known. nullopt: it is not refused.
    std::optional<decision::Decision> refuse_client(const evidence::Session& session) const;
    /// The recipients that one is behind in its transaction.
    struct Ahead {
        const evidence::Collector& collected;
        std::size_t open = 0;  // let through, and may yet be collected
    };
    /// The rest only of the recipient that is known. Counts it, too. nullopt: nothing is to be said of it. Verdict accept: its mode lets it
    /// through, and it is to be reported; once a session where the session would have ended for it. One that is to be held with its
    /// message is put off where there is no hold queue, and where the message's evidence would not keep it.
    std::optional<decision::Decision> refuse_recipient(const evidence::Session& session, std::string_view recipient, const Ahead& ahead);
    /// One whose refused recipients cost it nothing: Exchange Online, trusted forwarders.
    bool is_trusted(const evidence::Session& session) const;
    /// Whether refuse_recipient() would refuse it now. Of the recipient that was asked for last, and is known.
    bool would_refuse(const evidence::Session& session, std::string_view recipient, const Ahead& ahead) const;

    /// To the observer. A recipient's before the next ask_recipient() and forget_recipient().
    /// @param evidence  session and envelope as far as they are known.
    void report(const decision::Decision& refusal, const evidence::Evidence& evidence, Stage stage, const Delivery& delivery) const;

private:
    std::optional<decision::Decision> judge_recipient(const evidence::Session& session, std::string_view recipient,
                                                      decision::RecipientIs is, const Ahead& ahead) const;
    /// nullptr: nobody can say.
    const tenant::Index* index() const noexcept;
    /// The tenants are known. @return  so is the recipient.
    bool look_up_recipient();
    void answered(Tenants tenants);
    void answered(decision::RecipientIs recipient);
    void is_out_of_time();

    Judge& judge_;
    const FrontEnd front_;
    const std::function<void()>& wake_;
    std::optional<base::IpAddress> address_;  // whom check_ is about
    std::unique_ptr<ClientCheck> check_;
    decision::RecipientCounts counts_;

    std::optional<std::string> asked_;                // the recipient that the next three are about
    std::shared_ptr<const Snapshot> in_force_;        // when it was asked; tenants_ may be its own
    std::optional<Tenants> tenants_;                  // nullopt: the directory is being asked
    std::optional<decision::RecipientIs> recipient_;  // nullopt: the same, or that of recipients
    bool is_at_hand_ = false;                         // both: nobody had to be asked
    std::shared_ptr<void> asking_;                    // whoever calls back finds it gone where nobody waits any more
    std::shared_ptr<void> timer_;
};

}  // namespace exota::gate
