// What `exota probe` saw, as JSON: the report, and the evidence of each message as `exota explain --evidence` takes it.
//
// Tested by probe_report_test.cc and tests/system/test_probe.py.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "programs/probe_record.h"

namespace exota::programs {

struct ProbeRun {
    std::vector<std::string> listened;  // "inet:0.0.0.0:25"
    std::string hostname;
    std::chrono::sys_seconds began{}, ended{};
    std::string why;  // it ended
    std::vector<ProbedSession> sessions;
};

/// One object and a line's end; docs/reference/commands.md describes it.
std::string to_json(const ProbeRun& run);

/// One line for people: "session 1: 40.92.0.10:4025, TLSv1.3, certificate of mail.protection.outlook.com (verified), 1 message, QUIT".
std::string in_one_line(const ProbedSession& session);

}  // namespace exota::programs
