// The stable names of verdicts, findings and reasons: what logs, metrics, JSON and headers print.
//
// Tested by decide_test.cc and documents_test.cc (each name is documented).
#include "decision/decision.h"

namespace exota::decision {

std::string_view name_of(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::accept:
            return "accept";
        case Verdict::tempfail:
            return "tempfail";
        case Verdict::reject:
            return "reject";
    }
    return "tempfail";
}

std::string_view name_of(Finding finding) noexcept {
    switch (finding) {
        case Finding::holds:
            return "holds";
        case Finding::absent:
            return "absent";
        case Finding::contradicts:
            return "contradicts";
        case Finding::unavailable:
            return "unavailable";
    }
    return "unavailable";
}

std::string_view name_of(Reason reason) noexcept {
    switch (reason) {
        case Reason::authorised:
            return "authorised";
        case Reason::bypassed:
            return "bypassed";
        case Reason::too_complex:
            return "too-complex";
        case Reason::from_missing:
            return "from-missing";
        case Reason::from_ambiguous:
            return "from-ambiguous";
        case Reason::unavailable:
            return "unavailable";
        case Reason::no_policy:
            return "no-policy";
        case Reason::forwarding_not_allowed:
            return "forwarding-not-allowed";
        case Reason::contradiction:
            return "contradiction";
        case Reason::not_proven:
            return "not-proven";
        case Reason::limit_exceeded:
            return "limit-exceeded";
        case Reason::passed:
            return "passed";
        case Reason::client_blocked:
            return "client-blocked";
        case Reason::client_listed:
            return "client-listed";
        case Reason::no_reverse_name:
            return "no-reverse-name";
        case Reason::recipient_foreign:
            return "recipient-foreign";
        case Reason::recipient_unknown:
            return "recipient-unknown";
        case Reason::too_many_unknown:
            return "too-many-unknown";
        case Reason::dmarc_failed:
            return "dmarc-failed";
        case Reason::own_domain:
            return "own-domain";
        case Reason::eop_verdict:
            return "eop-verdict";
    }
    return "unavailable";
}

}  // namespace exota::decision
