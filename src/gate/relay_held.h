// A message that was taken whole before any next hop was asked: delivered to one hop after another, and each recipient has his hop's reply
// (RFC 2033). So is a message whose sender is known from its header alone, which has one recipient then.
//
//   each destination:  begin, RCPT … ▶ DATA ▶ from the spool, in pieces ▶ reply ▶ the next
//
// Each destination has an equal share of the time that is left when it begins, so that none keeps those behind it from being tried. One
// that has the whole message has more for its reply, all but kept_for_each of those behind it: whoever is left then may have taken the
// message, and would get it again.
//
// Tested by relay_lmtp_test.cc and relay_time_test.cc.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/hop_transaction.h"
#include "gate/relayed_message.h"
#include "gate/spool.h"
#include "wire/smtp/lmtp.h"

namespace exota::gate {

namespace reply {
inline constexpr smtp::FixedReply no_destination{550, "5.1.2", "This recipient names no domain"};
inline constexpr smtp::FixedReply spool_unreadable{451, "4.3.0", "The message that was kept cannot be read; try again"};
}  // namespace reply

struct HeldRecipient {
    std::string argument;                    // of its RCPT
    std::optional<Destination> destination;  // nullopt: it names none
};

/// A message in a spool, as it came behind DATA, with the end of data.
struct HeldContent {
    std::unique_ptr<Spool> spool;
    std::string received;  // value of our Received field
    bool eight_bit = false;
};

class HeldDelivery {
public:
    /// What became of recipients of one destination: those who have this reply. Each recipient is in one of these, and in one only.
    struct Outcome {
        const std::optional<Destination>& destination;  // nullopt: these name none
        bool asked;                                     // it was; else `transaction` is about another one
        const ClientReply& reply;
        std::size_t recipients;  // that the next hop took, and the message with them
    };
    using OnOutcome = std::function<void(const Outcome& outcome)>;

    static constexpr std::chrono::seconds kept_for_each{60};  // destination that is still to be tried
    static constexpr std::size_t piece_octets = std::size_t{64} * 1024;

    /// @param transaction  idle; outlives this, as all do.
    /// @param until        when all destinations together must have been served.
    HeldDelivery(HopTransaction& transaction, World& world, const RelayEnvelope& envelope, const std::vector<HeldRecipient>& recipients,
                 HeldContent content, Instant until, OnOutcome on_outcome);

    /// After each event of the far leg. Does whatever can be done now.
    void advance(LegOut& out);
    /// All that was written has gone out (LegOut::more_far).
    void written(LegOut& out);
    /// When the present destination has had its time; then out_of_time().
    Instant until() const noexcept {
        if (transaction_.stage() != HopTransaction::Stage::sent) return destination_until_;
        const auto behind = static_cast<Instant::rep>(is_last_ ? 0 : destinations_left_);
        return std::max(destination_until_, until_ - behind * kept_for_each);
    }
    /// Its recipients have their replies; advance() goes on to the next one.
    void out_of_time(LegOut& out);
    /// Appends to the near leg what is known and whose turn it is.
    void append_replies(std::string& near) { replies_.append_ready(near); }
    /// What went wrong with the present destination besides its replies, for the log; empty: nothing.
    const std::string& why() const noexcept { return spool_failure_.empty() ? transaction_.why() : spool_failure_; }
    /// The client has gone: what the present destination says is waited for, and nobody else is asked. From `sent`.
    void end_with_present() noexcept { is_last_ = true; }
    /// Whoever has no reply yet has this one; the connection is the caller's.
    void end_now(const ClientReply& reply);
    bool done() const noexcept { return answered_ == recipients_.size(); }
    /// The hop has not taken yet what was written.
    bool waits_for_room() const noexcept { return waits_for_room_ && transaction_.stage() == HopTransaction::Stage::message; }

private:
    /// The first recipient who has no reply, and all others of his destination; empty: all have one.
    std::vector<std::size_t> next_group() const;
    bool next_destination(LegOut& out);
    /// @return  whether there is more to be done.
    bool step(LegOut& out);
    void begin_data(LegOut& out);
    void pump(LegOut& out);
    void give(std::size_t recipient, const ClientReply& reply);
    void end_destination(const ClientReply& reply, HopTransaction::Connection connection, LegOut& out);
    void tell_present(const ClientReply& reply);
    /// The same of destinations that are not asked.
    void end_group_unasked(const ClientReply& reply);
    void end_unasked(const ClientReply& reply);

    HopTransaction& transaction_;
    World& world_;
    const RelayEnvelope& envelope_;
    const std::vector<HeldRecipient>& recipients_;
    HeldContent content_;
    OnOutcome on_outcome_;
    smtp::RecipientReplies replies_;
    std::vector<bool> has_reply_;
    std::size_t answered_ = 0, destinations_left_ = 0;
    Instant until_, destination_until_;
    std::vector<std::size_t> group_, accepted_;  // recipients of the present destination; of them, those that it took
    bool is_last_ = false;                       // of the destinations that are asked
    std::size_t told_ = 0;                       // of group_, that have the reply to RCPT
    std::vector<ClientReply> refusals_;          // of recipients of group_, each different one once, the last one last
    std::optional<RelayedMessage> message_;
    std::uint64_t at_ = 0;         // in the spool
    std::string spool_failure_;    // of reading
    bool waits_for_room_ = false;  // written() will be called
};

}  // namespace exota::gate
