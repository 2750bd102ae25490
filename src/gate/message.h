// One message under way, whichever front end brings it: its events go in, its verdict comes out, at once or later.
//
// A front end makes one at MAIL and drops it at ABORT, RSET, the end of the connection, or when it has told the verdict; so an idle
// session is small. A verdict that comes after that is counted and logged, and told to nobody.
//
// Tested by message_test.cc, milter_session_test.cc and judge_verify_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "decision/decision.h"
#include "evidence/collector.h"
#include "gate/submission.h"

namespace exota::gate {

class Judge;
struct Delivery;

class Message {
public:
    /// How the message gets here.
    struct Way {
        bool body_comes = true;    // false: the MTA was told that nobody wants bodies; what would need one is a temporary error
        bool blank_taken = false;  // the MTA takes away one blank behind each colon: signatures are verified with it
        Report report = Report::at_verdict;
    };

    /// Whether there is a verdict.
    enum class Standing : std::uint8_t {
        open,     // not at this stage: go on
        waiting,  // `wake` will be called, then it is one of the others
        decided,
    };

    /// Begins at MAIL: judged by what is in force now.
    /// @param judge  outlives the message.
    /// @param wake   outlives the message; called on the loop, at most once for each judge() that returned `waiting`, from within
    ///               whatever brought the last answer: it may destroy the message.
    Message(Judge& judge, const FrontEnd& front, Way way, const std::function<void()>& wake);
    ~Message();
    Message(Message&&) = delete;

    /// Facts of session and envelope go here. Not to be called after judge() of a later stage than Stage::mail.
    evidence::Collector& collector() noexcept;
    /// Of an inbound door: what was found out before judge(). Recipients are filled in by the judge.
    decision::InboundFacts& inbound() noexcept;
    const Snapshot& snapshot() const noexcept;

    /// @param value  as the MTA hands it on (see Way::blank_taken), folding with CRLF or LF.
    void header_field(std::string_view name, std::string_view value,
                      evidence::Collector::NameIs name_is = evidence::Collector::NameIs::unknown);
    /// Octets of the body as they come, in pieces of any size. Never kept.
    void body(std::string_view octets);
    /// Somebody listens to the body: body() is worth calling.
    bool wants_body() const noexcept;

    /// The message is there up to `stage`: is there a verdict?
    /// Stage::mail: session, envelope sender and XOORG are in the collector; `open` or `decided` at once.
    /// Stage::header: all facts and the whole header are. `open`: the body could change the verdict.
    /// Stage::message: everything is; never `open`.
    /// Stages are asked in this order, each at most once, and none after `decided`. Only Stage::message has to be.
    Standing judge(Stage stage);
    Standing standing() const noexcept;

    /// Only where standing() is `decided`; lives as long as the message.
    const decision::Decision& decision() const noexcept;

    /// Under Report::after_reply, once, where standing() is `decided`: the client has its last reply, so the message is counted and logged.
    /// One that is destroyed before is counted and logged as it ends, or when its verdict comes, as one whose client had gone.
    void delivered(const Delivery& delivery);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace exota::gate
