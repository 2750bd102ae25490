// One judged message, as log and metrics take it: made once, where it was judged, and read by each of them.
#pragma once

#include <chrono>

#include "decision/decision.h"
#include "evidence/evidence.h"

namespace exota::telemetry {

/// Views: valid during the call that hands it over.
struct Record {
    const decision::Decision& decision;
    const evidence::Evidence& evidence;
    std::chrono::nanoseconds judging{};  // from end of message to the verdict
};

}  // namespace exota::telemetry
