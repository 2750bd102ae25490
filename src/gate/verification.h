// Own verification of one message: fed while the message passes, checked at its end, as often as DNS answers come in.
//
// Which checks are made is decided by what could still change the verdict (decision::wanted); what nobody needs is never asked for.
// Whatever is not known when time runs out is temperror, never "none".
//
// Tested by judge_verify_test.cc, judge_early_test.cc and verification_inbound_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "authn/message_verifier.h"
#include "decision/judge_inbound.h"
#include "evidence/evidence.h"
#include "gate/judge.h"

namespace exota::gate {

/// The detail of the result that stands for the signatures below a limit on the header, which nobody looks at.
inline constexpr std::string_view header_above_limit = "header above the limit";

/// The part that listens while the message passes.
class MessageHashing {
public:
    enum class Body : std::uint8_t { comes, stays_away };

    /// @param snapshot  outlives this object: it says which signing domains could count.
    MessageHashing(const Snapshot& snapshot, Body body);
    /// @param checks  instead of what the snapshot's rules could use.
    MessageHashing(const Snapshot& snapshot, Body body, authn::MessageVerifier::Wanted checks);

    void header_field(std::string_view name, std::string_view value);
    void body(std::string_view chunk);
    void end_of_message();
    bool is_complete() const noexcept { return body_is_coming_; }
    authn::MessageVerifier& verifier() noexcept { return verifier_; }

private:
    void end_of_header();
    const Snapshot* snapshot_;
    bool body_is_coming_;
    bool in_header_ = true;
    std::string author_domain_;  // of a message whose tenants are looked up
    authn::MessageVerifier verifier_;
};

/// One round of checks with the answers known so far: fills in `evidence.verification` and notes in `dns` what is missing.
/// @param message  nullptr where nothing listened (wants_body() was false): then only SPF can be checked.
/// @param tenants  nullptr: the directory cannot be asked.
/// @return  true: what is missing could still change the verdict, or make a sighting of the message; its results say temperror for now.
///          false: the verdict stands, and `dns` names nothing that nobody needs to be asked about.
bool verify_round(evidence::Evidence& evidence, MessageHashing* message, const decision::Rules& rules, const tenant::Index* tenants,
                  authn::Dns& dns, std::chrono::sys_seconds now, authn::KeyCache& keys);

/// The same of an inbound door.
bool verify_inbound_round(evidence::Evidence& evidence, MessageHashing* message, const decision::Rules& rules, const tenant::Index* tenants,
                          const decision::InboundFacts& facts, authn::Dns& dns, std::chrono::sys_seconds now, authn::KeyCache& keys);

/// The same with the checks that are named, whatever a verdict would need.
bool verify_round(evidence::Evidence& evidence, MessageHashing& message, const decision::Rules& rules, authn::Dns& dns,
                  std::chrono::sys_seconds now, authn::KeyCache& keys, const decision::Wanted& wanted);

}  // namespace exota::gate
