// One judged message, as log and metrics take it: made once, where it was judged, and read by each of them.
#pragma once

#include <chrono>
#include <string_view>

#include "decision/decision.h"
#include "evidence/evidence.h"

namespace exota::telemetry {

/// Views: valid during the call that hands it over.
struct Record {
    const decision::Decision& decision;
    const evidence::Evidence& evidence;
    std::chrono::nanoseconds judging{};  // from end of message to the verdict
    // Of a gateway's message; all empty for a milter's:
    std::string_view front, gateway;  // "gateway" and NAME of its section
    std::string_view stage;           // "mail", "header", "message": when the verdict fell
    std::string_view backend;         // address of the next server; empty: none was asked
    std::string_view backend_reply;   // its last reply for this message
    std::string_view answered;        // what the client got; empty: it had gone
    // Of an inbound door, which has a stage, too:
    std::string_view door = {};  // "inbound"; empty: it was to be relayed
};

}  // namespace exota::telemetry
