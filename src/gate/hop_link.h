// The far leg of a session towards Exchange: from the connections that may be tried to one over which MAIL may be sent.
//
//   away ─connect▶ dialling ─▶ greeting ─▶ hello ─▶ [securing ─▶ hello] ─▶ ready ─leave▶ leaving ─▶ away
//    ▲                └────────────┴──────────┴──────────┴─ a failure here: the next target, then `away` with a failure
//    └── any failure from `ready` on, and drop()
//
// TLS is begun wherever it is offered. What a target must show it shows before anything of a message is said to it. Only where TLS may be
// missing is a target whose handshake fails tried once more without.
//
// Tested by relay_session_edges_test.cc, relay_tls_test.cc and relay_faults_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/hop_proof.h"
#include "gate/hop_search.h"
#include "gate/legs.h"
#include "wire/smtp/client_dialogue.h"

namespace exota::gate {

class World;

/// Why a connection to a next hop was given up.
enum class HopFailure : std::uint8_t {
    unreachable,  // no connection
    late,         // it did not answer in time
    closed,       // it hung up, or said 421
    refused,      // its greeting, or its reply to EHLO or RSET, was no good one
    bad_reply,    // what it said is no reply, or the answer to nothing
    no_tls,       // TLS is wanted, and not offered, or failed
    not_proven,   // it has TLS, and does not show what it must
};
inline constexpr std::size_t hop_failure_count = 7;
/// "unreachable", "late", "closed", "refused", "bad-reply", "no-tls", "not-proven".
std::string_view name_of(HopFailure failure) noexcept;

/// What a connection turned out to be, for the log.
struct HopFacts {
    HopTarget target{};
    std::string tls_version{}, cipher{};  // empty: no TLS
    TlsProof proof = TlsProof::none;
    std::string tried{};  // what would have failed, were the domain's MTA-STS policy not only tried
};

class HopLink {
public:
    enum class Stage : std::uint8_t { away, dialling, greeting, hello, securing, ready, leaving };
    struct Failure {
        HopFailure why{};
        std::string detail{};
        bool was_ready = false;  // MAIL could be said: what is late is no connection, but a transaction on one (RFC 3463 section 3.5)
        bool by_policy = false;  // for one of the targets it was TLS that failed
    };
    /// Told of each attempt that failed.
    using Failed = std::function<void(const HopTarget& target, HopFailure why, std::string_view detail)>;

    /// All outlive the link.
    HopLink(const RelaySettings& settings, World& world, Failed failed) : settings_(settings), world_(world), failed_(std::move(failed)) {}

    Stage stage() const noexcept { return stage_; }
    bool is_away() const noexcept { return stage_ == Stage::away; }
    bool is_ready() const noexcept { return stage_ == Stage::ready; }
    /// Nothing is awaited of it.
    bool is_idle() const noexcept { return is_ready() && dialogue_->outstanding() == 0; }
    bool awaits_reply() const noexcept { return !is_away() && !is_idle(); }
    const HopFacts& facts() const noexcept { return facts_; }  // of the present or last one
    /// Whom to dial, and which names to ask for: of the present target.
    const HopTarget& target() const noexcept { return facts_.target; }
    const smtp::Extensions& extensions() const noexcept { return dialogue_->extensions(); }  // of a ready one
    bool tls_active() const noexcept { return dialogue_ && dialogue_->tls_active(); }
    smtp::ClientDialogue::Phase phase() const noexcept { return dialogue_ ? dialogue_->phase() : smtp::ClientDialogue::Phase::over; }
    std::uint32_t progress() const noexcept { return progress_; }  // grows with whatever is said or done

    /// From `away`: the targets from the first, of which there is one.
    void connect(std::vector<HopTarget> targets, LegOut& out);
    bool may_send(smtp::Sent command) const noexcept { return is_ready() && dialogue_->may_send(command); }
    /// @param octets  with their CRLF; of a message, nothing: it was written already.
    void send(smtp::Sent command, std::string_view octets, LegOut& out);
    /// QUIT, where that may be said, and its answer; else it is `away` at once.
    void leave(LegOut& out);
    /// Closes without a word; no failure.
    void drop(LegOut& out);
    /// QUIT, where that may be said: the legs are closed with what is in `out`.
    void quit(LegOut& out);
    void give_up(HopFailure why, std::string_view detail, LegOut& out);
    /// The same, and the targets that were not tried are not tried any more.
    void give_up_all(HopFailure why, std::string_view detail, LegOut& out);

    void opened(const LegTls* tls, LegOut& out);
    void ended(LegEnding why, std::string_view detail, LegOut& out);
    void late(LegOut& out);
    /// @return  the next answer to MAIL, RCPT, RSET, DATA or a message; what is for the link alone it takes itself. nullopt: `bytes` is
    ///          used up, or the link is lost.
    std::optional<smtp::Answer> feed(std::string_view& bytes, LegOut& out);

    std::optional<Failure> take_failure() noexcept { return std::exchange(failure_, std::nullopt); }

private:
    void dial(LegOut& out);
    void say(smtp::Sent command, std::string_view octets, LegOut& out);
    void after_hello(LegOut& out);
    void secured(const LegTls& tls, LegOut& out);
    void became_ready();
    void became_ready_in_the_clear();
    std::optional<smtp::Answer> take(smtp::Answer answer, LegOut& out);

    const RelaySettings& settings_;
    World& world_;
    Failed failed_;
    Stage stage_ = Stage::away;
    std::vector<HopTarget> targets_;
    std::size_t next_ = 0;
    bool without_tls_ = false;    // the present target is tried in the clear, since its TLS failed
    bool policy_failed_ = false;  // a target so far did not show what it must
    HopFacts facts_;
    std::optional<smtp::ClientDialogue> dialogue_;
    std::uint32_t progress_ = 0;
    std::optional<Failure> failure_;
};

/// What a client is told of it: 451 4.4.1, 4.4.2 or 4.7.5.
const smtp::FixedReply& reply_to(const HopLink::Failure& failure) noexcept;

}  // namespace exota::gate
