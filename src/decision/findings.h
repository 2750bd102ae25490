// Small words for writing findings down, and what every factor is asked about: the message, the tenant, the author domain.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "decision/decision.h"
#include "decision/details.h"
#include "decision/rules.h"
#include "evidence/evidence.h"
#include "mail/domain.h"
#include "tenant/index.h"

namespace exota::decision {

inline FactorFinding holds(std::string_view detail, evidence::Source source) { return {Finding::holds, std::string(detail), source}; }
inline FactorFinding absent(std::string_view detail, evidence::Source source) { return {Finding::absent, std::string(detail), source}; }
inline FactorFinding contradicts(std::string_view detail, evidence::Source source) {
    return {Finding::contradicts, std::string(detail), source};
}
inline FactorFinding unavailable(std::string_view detail, evidence::Source source) {
    return {Finding::unavailable, std::string(detail), source};
}

/// Own verification could not say.
inline FactorFinding unverified(std::string_view detail) {
    return coded(Finding::unavailable, detail == evidence::connection_without_bodies ? detail : "temperror",
                 evidence::Source::own_verification);
}

inline const FactorFinding& finding_of(const Findings& findings, tenant::Factor factor) noexcept {
    return findings[static_cast<std::size_t>(factor)];
}
inline FactorFinding& finding_of(Findings& findings, tenant::Factor factor) noexcept { return findings[static_cast<std::size_t>(factor)]; }
inline bool is(const Findings& findings, tenant::Factor factor, Finding finding) noexcept {
    return finding_of(findings, factor).finding == finding;
}

/// What is judged. `tenants` is null while the directory cannot be asked; `author` is null while the message has no one author.
struct Case {
    const evidence::Evidence& evidence;
    const tenant::Index* tenants;
    const Rules& rules;
    const mail::Domain* author;
    /// The entry that covers the author domain, whichever tenant the message is judged by.
    std::optional<tenant::Coverage> author_coverage;
};

/// The tenant that the message is judged by; no tenant where none was found: the trace is complete all the same.
struct Subject {
    std::optional<tenant::Number> tenant;
    const tenant::Policy* policy = nullptr;
};

inline bool same(std::optional<tenant::Number> a, std::optional<tenant::Number> b) noexcept { return a && b && *a == *b; }
inline std::optional<tenant::Number> covering_tenant(const tenant::Index& tenants, std::string_view domain) noexcept {
    const auto coverage = tenants.covering(domain);
    return coverage ? std::optional(coverage->tenant) : std::nullopt;
}

}  // namespace exota::decision
