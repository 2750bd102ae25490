// Own verification of one message: fed while the message passes, checked at its end, as often as DNS answers come in.
//
// Which checks are made is decided by what could still change the verdict (decision::wanted); what nobody needs is never asked for.
// Whatever is not known when time runs out is temperror, never "none".
//
// Tested by verification_test.cc and judge_verify_test.cc.
#pragma once

#include <memory>
#include <string_view>

#include "authn/message_verifier.h"
#include "decision/decide.h"
#include "evidence/evidence.h"
#include "gate/judge.h"

namespace exota::gate {

/// The part that listens while the message passes.
class MessageHashing {
public:
    /// @param snapshot  outlives this object: it says which signing domains could count.
    MessageHashing(const Snapshot& snapshot, bool body_is_coming);

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
    authn::MessageVerifier verifier_;
};

/// One round of checks with the answers known so far: fills in `evidence.verification` and notes in `dns` what is missing.
/// @return  true: something is still missing (its results say temperror for now).
bool verify_round(evidence::Evidence& evidence, MessageHashing& message, const Snapshot& snapshot, authn::Dns& dns,
                  std::chrono::sys_seconds now, authn::KeyCache& keys);

}  // namespace exota::gate
