// Own verification for the commands that judge one message: the daemon's rounds of checks (gate/verification.h), with names answered by
// a zone file or by the system's resolver.
//
// Tested by eval_ops_test.cc and tests/authn/verify_test.py.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authn/dns.h"
#include "base/result.h"
#include "config/config.h"
#include "decision/judge_inbound.h"
#include "evidence/evidence.h"
#include "gate/judge.h"
#include "mail/header_block.h"
#include "programs/mock_zone.h"

namespace exota::programs {

/// Who answers DNS questions.
class Names {
public:
    virtual ~Names() = default;
    /// Puts an answer to each question into `dns`: what cannot be found out is a temporary failure.
    virtual void answer(std::vector<authn::DnsQuestion> questions, authn::Dns& dns) = 0;
};

class ZoneNames final : public Names {
public:
    explicit ZoneNames(MockZone zone) : zone_(std::move(zone)) {}
    void answer(std::vector<authn::DnsQuestion> questions, authn::Dns& dns) override;

private:
    MockZone zone_;
};

/// Verifies the message and writes the results into `evidence`. The body is taken as an MTA hands it on: every line ends with CRLF.
/// @param only  these checks; nullopt: those that the snapshot's rules and tenants need for a verdict.
void verify_message(evidence::Evidence& evidence, const mail::MessageParts& message, const gate::Snapshot& snapshot, Names& names,
                    std::chrono::sys_seconds now, const std::optional<decision::Wanted>& only = std::nullopt,
                    std::size_t max_questions = gate::LookupLimits{}.questions);

/// The same for an inbound door: what its judgement needs.
/// @param snapshot  has Rules::inbound.
void verify_inbound_message(evidence::Evidence& evidence, const mail::MessageParts& message, const gate::Snapshot& snapshot,
                            const decision::InboundFacts& facts, Names& names, std::chrono::sys_seconds now,
                            std::size_t max_questions = gate::LookupLimits{}.questions);

/// What `verify` and `explain` are told of the world: --dns and --now.
struct WorldOptions {
    std::optional<std::string> zone;  // file; none: the system's resolver
    std::optional<std::int64_t> now;  // seconds; none: the clock
    std::chrono::sys_seconds time() const;
};
/// @return  not_found, io: the file cannot be read; invalid_data: it is no zone.
base::Result<std::unique_ptr<Names>> names_of(const WorldOptions& options, const config::DnsConfig& dns);

}  // namespace exota::programs
