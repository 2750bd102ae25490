#include "decision/own_verification.h"

#include <utility>

namespace exota::decision {
namespace {

using evidence::DkimResult;

evidence::DmarcValue value_of(authn::DmarcValue value) noexcept {
    static_assert(static_cast<int>(authn::DmarcValue::permerror) == static_cast<int>(evidence::DmarcValue::permerror));
    return static_cast<evidence::DmarcValue>(value);
}
evidence::ArcValue value_of(authn::ArcResult value) noexcept {
    static_assert(static_cast<int>(authn::ArcResult::temperror) == static_cast<int>(evidence::ArcValue::temperror));
    return static_cast<evidence::ArcValue>(value);
}

authn::DmarcIdentifier identifier_of(const DkimResult& signature, const mail::Domain& author) {
    using authn::IdentifierResult;
    const bool passes = signature.value == DkimResult::Value::pass && signature.counts && signature.sdid;
    const bool is_doubtful = signature.value == DkimResult::Value::temperror;
    return {signature.sdid ? signature.sdid->text() : author.text(),  // what could be anybody's is doubtful for the author's domain
            passes        ? IdentifierResult::pass
            : is_doubtful ? IdentifierResult::temperror
                          : IdentifierResult::other};
}

authn::IdentifierResult identifier_result(evidence::SpfValue value) noexcept {
    if (value == evidence::SpfValue::pass) return authn::IdentifierResult::pass;
    return value == evidence::SpfValue::temperror ? authn::IdentifierResult::temperror : authn::IdentifierResult::other;
}

}  // namespace

evidence::ArcVerification meaning_of(authn::ArcOutcome outcome) {
    evidence::ArcVerification arc;
    arc.value = outcome.pending ? evidence::ArcValue::temperror : value_of(outcome.value);
    arc.detail = std::move(outcome.reason);
    if (outcome.value == authn::ArcResult::pass && !outcome.counts) {
        arc.value = evidence::ArcValue::fail;
        arc.detail = "the newest signature does not cover the whole body, From, or each of a field that should be there once";
    }
    for (authn::ArcInstance& instance : outcome.instances)
        arc.instances.push_back({instance.instance, std::move(instance.sealer), std::move(instance.authentication_results)});
    return arc;
}

authn::DmarcQuery dmarc_query(const mail::Domain& author, const evidence::Verification& verified, const Rules& rules) {
    authn::DmarcQuery query{.public_suffixes = *rules.dmarc.public_suffixes};
    query.author_domain = author.text();
    query.shared_suffixes = rules.shared_suffixes;
    query.rfc = rules.dmarc.rfc;
    if (verified.dkim)
        for (const DkimResult& signature : *verified.dkim) query.dkim.push_back(identifier_of(signature, author));
    if (verified.spf && verified.spf->domain) query.spf = {verified.spf->domain->text(), identifier_result(verified.spf->value)};
    return query;
}

evidence::DmarcVerification meaning_of(const authn::DmarcResult& result, DmarcSayings how) {
    evidence::DmarcVerification dmarc;
    dmarc.value = result.pending ? evidence::DmarcValue::temperror : value_of(result.value);
    dmarc.aligned_dkim = result.aligned_dkim;
    dmarc.aligned_spf = result.aligned_spf;
    dmarc.policy = name_of(result.policy);
    dmarc.detail = result.detail;
    // Without a record, too: what SPF is worth hangs on the client.
    const bool is_settled = dmarc.value == evidence::DmarcValue::pass || dmarc.value == evidence::DmarcValue::none;
    if (is_settled && result.doubtful_dkim) {
        dmarc.detail = dmarc.value == evidence::DmarcValue::pass ? "passes by SPF, and an aligned signature could not be checked"
                                                                 : "no DMARC record, and an aligned signature could not be checked";
        dmarc.value = evidence::DmarcValue::temperror;
    }
    if (dmarc.value == evidence::DmarcValue::temperror && !result.pending && !how.body_came)
        dmarc.detail = evidence::connection_without_bodies;
    if (how.published)
        dmarc.published = {
            .has_record = result.has_record, .enforced = std::string(name_of(result.enforced)), .policy_domain = result.policy_domain};
    return dmarc;
}

evidence::IprevVerification meaning_of(const authn::IprevResult& result) {
    static_assert(static_cast<int>(authn::IprevValue::permerror) == static_cast<int>(evidence::IprevValue::permerror));
    evidence::IprevVerification iprev{.value = result.pending ? evidence::IprevValue::temperror
                                                              : static_cast<evidence::IprevValue>(result.value)};
    for (const std::string& name : result.names)
        if (auto domain = mail::Domain::parse(name)) iprev.names.push_back(*std::move(domain));
    return iprev;
}

bool is_certain(const authn::DmarcResult& result, bool more_pending) noexcept {
    return !result.pending && (!more_pending || result.value == authn::DmarcValue::pass);
}

}  // namespace exota::decision
