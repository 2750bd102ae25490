// A message as a front end hands it to the judge, and who that front end is.
//
// Tested by message_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "decision/decision.h"
#include "decision/inbound_facts.h"
#include "evidence/evidence.h"
#include "tenant/found.h"
#include "tenant/index.h"

namespace exota::gate {

struct Snapshot;
class MessageHashing;

/// How much of the message is there when it is to be judged. At MAIL and at the end of the header the verdict may be left open. An inbound
/// door refuses clients and recipients before there is a message.
enum class Stage : std::uint8_t { client, mail, recipient, header, message };
/// "client", "mail", "recipient", "header", "message".
std::string_view name_of(Stage stage) noexcept;

/// Whether the MTA has a hold queue and lets us use it.
enum class HoldQueue : bool { none, offered };

/// What a door asks: may this mail be relayed for whoever sends it, or may it come in to our own recipients?
enum class Door : std::uint8_t { relay, inbound };

/// Who brings messages, for log and metrics; nothing behind asks who it is, only what it offers. Its texts outlive the
/// messages.
struct FrontEnd {
    std::string_view name;      // "milter", "gateway"
    std::string_view instance;  // NAME of [gateway.NAME]; empty where there is but one
    HoldQueue hold_queue = HoldQueue::none;
    Door door = Door::relay;
};

/// When a verdict is counted and logged. after_reply: the front end knows what became of the message only later, and says so through
/// Message::delivered().
enum class Report : std::uint8_t { at_verdict, after_reply };

/// yes: an index in which whatever the message names can be looked up (and may be missing). none: no tenant has anything to do with it.
/// unknown: that cannot be said now, so the message is deferred.
using Tenants = tenant::Found<std::shared_ptr<const tenant::Index>>;

/// Shared by front end and judge: where the front end goes first, the judge judges (and counts, and logs) all the same.
struct Submission {
    /// @param in_force  what the message is judged by; never null.
    explicit Submission(std::shared_ptr<const Snapshot> in_force);
    virtual ~Submission();
    Submission(const Submission&) = delete;
    Submission& operator=(const Submission&) = delete;

    evidence::Evidence evidence;  // complete as far as `stage` goes; verification is the judge's to fill in
    const std::shared_ptr<const Snapshot> snapshot;
    /// By which it is judged, once they were found; kept from stage to stage. A decision points into them.
    std::optional<Tenants> tenants;
    std::unique_ptr<MessageHashing> hashing;     // what was hashed as it passed; nullptr: no signature is verified
    std::optional<decision::Decision> decision;  // the judge's to fill in
    FrontEnd front;
    decision::InboundFacts inbound;  // of an inbound door: of the client the front end's, of recipients the judge's to fill in
    Stage stage = Stage::message;
    Report report = Report::at_verdict;  // at_verdict again once the front end has gone
    std::chrono::nanoseconds judging{};  // the judge's: from the end of the last stage to the verdict
};

}  // namespace exota::gate
