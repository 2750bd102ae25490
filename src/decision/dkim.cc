// Each factor looks for a result that passes, counts, and whose SDID answers its question. None, but a temporary error of such a
// domain: unknown. No result at all where there should be one (a signature that the validator said nothing about): unknown too.
//
// Tested by dkim_test.cc and forgery_test.cc.
#include "decision/dkim.h"

#include <algorithm>

#include "base/text.h"
#include "decision/organizational_domain.h"
#include "decision/select_tenant.h"
#include "evidence/cross_check.h"

namespace exota::decision {
namespace {

using evidence::DkimResult;
using evidence::Source;
using tenant::Factor;

bool reads_authres(const Rules& rules) noexcept { return rules.dkim_source != DkimSource::verify; }
bool reads_verification(const Rules& rules) noexcept { return rules.dkim_source != DkimSource::authentication_results; }

/// What the silence of Authentication-Results means.
FactorFinding without_report(const evidence::Header& header, const evidence::BelievedDkim& reported, const Rules& rules) {
    const bool trusts_method =
        std::ranges::any_of(rules.authres.methods, [](const std::string& method) { return base::iequals(method, "dkim"); });
    if (trusts_method && !reported.not_counted.empty())
        return coded(Finding::absent, reported.not_counted, Source::header_field, reported.hint);
    if (reported.no_queue_id && header.dkim_signature_count > 0) return coded(Finding::unavailable, "no-queue-id", Source::header_field);
    if (reported.named) return absent("no-pass", Source::header_field);
    if (header.dkim_signature_count == 0) return absent("no-signature", Source::header_field);
    const std::string_view why = rules.authres.authserv_ids.empty() ? "no-trusted-authserv-id"
                                 : !trusts_method                   ? "method-not-trusted"
                                                                    : "no-trusted-result";
    return coded(rules.authres_missing == WhenMissing::unavailable ? Finding::unavailable : Finding::absent, why, Source::header_field);
}

/// `answers` says of a result whether its SDID (never null) answers the factor's question.
template <class Answers>
FactorFinding examine(const DkimResults& results, Answers answers) {
    const DkimResult* undecided = nullptr;
    const DkimResult* not_counted = nullptr;
    const auto passing = [&](const std::vector<DkimResult>& list) -> const DkimResult* {
        for (const DkimResult& result : list) {
            if (result.value == DkimResult::Value::temperror) {
                if (!result.sdid || answers(*result.sdid)) undecided = &result;  // a result that names nobody might be of anybody
                continue;
            }
            if (result.value != DkimResult::Value::pass || !result.sdid || !answers(*result.sdid)) continue;
            if (result.counts) return &result;
            not_counted = &result;
        }
        return nullptr;
    };
    const DkimResult* found = passing(results.reported.results);
    if (!found && results.verified) found = passing(*results.verified);
    if (found) return holds(found->sdid->text(), found->source);
    if (undecided)
        return undecided->source == Source::own_verification ? unverified(undecided->detail) : unavailable("temperror", undecided->source);
    if (not_counted) {
        const bool is_code = not_counted->detail == evidence::result_without_signature;
        return coded(Finding::absent, is_code ? evidence::result_without_signature : "signature-not-counted", not_counted->source,
                     is_code ? std::string_view{} : std::string_view(not_counted->detail));
    }
    return results.otherwise;
}

/// What was verified here, or that nothing was.
void add_verified(DkimResults& results, const evidence::Evidence& evidence) {
    if (evidence.verification.dkim) {
        results.verified = &*evidence.verification.dkim;
        results.otherwise = absent(results.verified->empty() ? "no-signature" : "no-pass", Source::own_verification);
    } else {
        results.otherwise = absent(evidence.header.dkim_signature_count == 0 ? "no-signature" : "not-asked", Source::own_verification);
    }
}

}  // namespace

DkimResults verified_dkim(const evidence::Evidence& evidence) {
    DkimResults results;
    add_verified(results, evidence);
    return results;
}

DkimResults dkim_results(const evidence::Evidence& evidence, const Rules& rules) {
    DkimResults results;
    if (reads_authres(rules)) {
        results.reported = believed_dkim(evidence.header, evidence.envelope.queue_id, rules.authres);
        results.otherwise = without_report(evidence.header, results.reported, rules);
    }
    // Where both are read and nothing was verified, the word of Authentication-Results stands.
    if (reads_verification(rules) && (evidence.verification.dkim || !reads_authres(rules))) add_verified(results, evidence);
    return results;
}

bool is_aligned(const mail::Domain& sdid, const Case& message, tenant::Alignment alignment) {
    if (!message.author) return false;
    if (sdid == *message.author) return true;
    if (alignment == tenant::Alignment::strict) return false;
    const auto& shared = message.rules.shared_suffixes;
    const std::string_view organization = organizational_domain(sdid.text(), shared);
    if (organization.empty() || organization != organizational_domain(message.author->text(), shared)) return false;
    if (!message.tenants) return true;
    const auto covered_by = covering_tenant(*message.tenants, sdid.text());
    return !covered_by || (message.author_coverage && *covered_by == message.author_coverage->tenant);
}

tenant::Alignment alignment_for(const Case& message, const Subject& subject) {
    if (message.author_coverage) return message.author_coverage->policy->alignment;
    if (message.tenants && !doubt_of_foreign_author(message, subject).empty())
        return tenant::Alignment::strict;  // leniency is for strangers
    return subject.policy ? subject.policy->alignment : tenant::Alignment::strict;
}

FactorFinding strictly_aligned(const DkimResults& results, const mail::Domain& author) {
    return examine(results, [&author](const mail::Domain& sdid) { return sdid == author; });
}

void examine_dkim(const Case& message, const Subject& subject, const DkimResults& results, Findings& findings) {
    const tenant::Alignment alignment = alignment_for(message, subject);
    finding_of(findings, Factor::dkim_any) = examine(results, [](const mail::Domain&) { return true; });
    finding_of(findings, Factor::dkim_aligned) =
        examine(results, [&](const mail::Domain& sdid) { return is_aligned(sdid, message, alignment); });
    FactorFinding& of_tenant = finding_of(findings, Factor::dkim);
    if (!subject.tenant) {
        of_tenant = absent("no-tenant", results.otherwise.source);
        return;
    }
    of_tenant = examine(results, [&](const mail::Domain& sdid) {
        return same(message.tenants->with_dkim_domain(sdid.text()), subject.tenant) ||
               same(covering_tenant(*message.tenants, sdid.text()), subject.tenant);
    });
    // A pass that is somebody else's says more than that there was none of ours.
    for (const Factor factor : {Factor::dkim, Factor::dkim_aligned}) {
        FactorFinding& found = finding_of(findings, factor);
        if (found.finding == Finding::absent && is(findings, Factor::dkim_any, Finding::holds)) found.detail = "other-domain";
    }
}

}  // namespace exota::decision
