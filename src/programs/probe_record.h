// What `exota probe` writes down of those who connect: values, as they came.
//
// Tested by probe_session_test.cc and probe_report_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evidence/evidence.h"
#include "net/tls_facts.h"
#include "wire/smtp/data.h"

namespace exota::programs {

struct ProbedParameter {
    std::string keyword;               // as written
    std::optional<std::string> value;  // behind the first '='
};

/// Of MAIL or RCPT.
struct ProbedPath {
    std::string mailbox;  // without angle brackets; empty: the null sender
    std::vector<ProbedParameter> parameters;
};

struct ProbedMessage {
    ProbedPath sender;
    std::vector<ProbedPath> recipients;  // the first evidence::max_recipients_kept
    std::size_t recipient_count = 0;
    bool complete = false;     // its end came
    std::uint64_t octets = 0;  // behind DATA, as SIZE counts
    smtp::DataFault fault = smtp::DataFault::none;
    std::string text;             // header and body as they came, lines with CRLF, up to the fault
    evidence::Evidence evidence;  // of one that is not complete: session and envelope
};

struct ProbedCommand {
    std::string line;
    bool tls = false;
    std::string answered;  // "250", "451 4.7.1": code and enhanced status
};

struct ProbedSession {
    std::size_t number = 0;  // from 1
    std::chrono::sys_seconds began{};
    std::string client;  // "40.92.0.10:1234"
    std::optional<net::TlsFacts> tls;
    std::string tls_failure;  // why the handshake came to nothing
    std::vector<ProbedCommand> commands;
    std::vector<ProbedMessage> messages;
    std::string ended;  // how: "peer-closed", "QUIT" …
};

}  // namespace exota::programs
