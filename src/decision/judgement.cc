// What decide() and wanted() both need: the examination of one message.
//
// Tested by decide_test.cc.
#include "decision/judgement.h"

#include <algorithm>

#include "decision/eop.h"
#include "decision/weak.h"

namespace exota::decision {
namespace {

using evidence::Source;
using tenant::Factor;

FactorFinding examine_listed(const Case& message, const Subject& subject) {
    if (subject.tenant && message.author_coverage && message.author_coverage->tenant == *subject.tenant)
        return holds({}, Source::header_field);
    // The predecessor asks the entry of a forward no more than that of an author.
    if (subject.tenant && message.rules.drop_in) return holds("resent-from", Source::header_field);
    return absent({}, Source::header_field);
}

const mail::Domain* author_domain(const evidence::Evidence& evidence) noexcept {
    const mail::Mailbox* const author = value_of(evidence.header.author);
    return author != nullptr ? &author->domain : nullptr;
}

}  // namespace

Examination::Examination(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, Peer peer_found)
    : message{.evidence = evidence, .tenants = tenants, .rules = rules, .author = author_domain(evidence), .author_coverage = {}},
      peer(std::move(peer_found)),
      dkim(dkim_results(evidence, rules)) {
    if (!tenants) return;
    if (message.author) message.author_coverage = tenants->covering(message.author->text());
    named = named_by_claims(evidence, *tenants);
}

void Examination::examine(const Subject& subject, Findings& findings) const {
    finding_of(findings, Factor::peer) = peer.peer;
    finding_of(findings, Factor::client_ip) = peer.client_ip;
    finding_of(findings, Factor::client_cert) = peer.client_cert;
    examine_claims(message, subject, named, peer, findings);
    examine_eop(message, subject, named, peer, findings);
    examine_dkim(message, subject, dkim, findings);
    examine_spf(message, subject, findings);
    examine_dmarc(message, findings);
    examine_arc(message, subject, findings);
    finding_of(findings, Factor::listed) = examine_listed(message, subject);
}

bool is_contradicted(const Findings& findings) noexcept {
    return std::ranges::any_of(findings, [](const FactorFinding& found) { return found.finding == Finding::contradicts; });
}

bool may_be_contradicted(const Findings& findings) noexcept { return std::ranges::any_of(findings, &FactorFinding::would_contradict); }

}  // namespace exota::decision
