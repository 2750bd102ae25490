// The milter as a front end of the workers: a gate::MilterSession over the near leg of each connection.
//
// Tested by workers_test.cc, daemon_test.cc and idle_memory_test.cc.
#pragma once

#include "app/workers.h"

namespace exota::gate {
struct MilterSettings;
}

namespace exota::app {

/// @param door  inbound: of [inbound] listen.
FrontEndOptions milter_front_end(const gate::MilterSettings& settings, gate::Door door = gate::Door::relay);

}  // namespace exota::app
