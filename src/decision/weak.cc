// SPF proves only that a domain lets Exchange Online send. DMARC counts by its DKIM half alone. ARC counts as far as the sealers are
// trusted without a gap from the last one back; what an instance reports is read like any Authentication-Results field.
//
// Tested by weak_test.cc.
#include "decision/weak.h"

#include <algorithm>

#include "authn/authres.h"
#include "base/text.h"
#include "decision/dkim.h"

namespace exota::decision {
namespace {

using evidence::Source;
using evidence::Verification;
using tenant::Factor;

constexpr std::string_view not_asked = "not-asked";

/// Microsoft seals what its own users write with an instance 1 that says "pass" to everything before anything was signed.
constexpr std::string_view formal_first_sealer = "microsoft.com";

bool is_formality(const Verification::ArcInstance& instance) noexcept {
    return instance.instance == 1 &&
           (base::iequals(instance.sealer, formal_first_sealer) || base::iends_with(instance.sealer, ".microsoft.com"));
}

bool is_trusted_sealer(std::string_view sealer, const Rules& rules) noexcept {
    return std::ranges::any_of(rules.arc_trusted_sealers, [sealer](const std::string& trusted) { return base::iequals(trusted, sealer); });
}

/// The value of header.NAME as a domain, if there is one such property and it is one ("@" before it is written by some).
std::optional<mail::Domain> header_domain(const authn::ResInfo& result, std::string_view name) {
    const auto is_it = [name](const authn::Property& p) { return base::iequals(p.ptype, "header") && base::iequals(p.property, name); };
    const auto property = std::ranges::find_if(result.properties, is_it);
    if (property == result.properties.end() || std::any_of(property + 1, result.properties.end(), is_it)) return std::nullopt;
    std::string_view text = property->pvalue;
    if (text.starts_with('@')) text.remove_prefix(1);
    auto domain = mail::Domain::parse(text);
    return domain ? std::optional(std::move(*domain)) : std::nullopt;
}

/// What one instance reports about the message as it came in there.
bool reports_authentic(const Verification::ArcInstance& instance, const Case& message, tenant::Alignment alignment) {
    const auto field = authn::parse_authentication_results(instance.authentication_results);
    if (!field || !(field->version.empty() || field->version == "1")) return false;
    return std::ranges::any_of(field->results, [&](const authn::ResInfo& result) {
        if (!(result.method_version.empty() || result.method_version == "1") || !base::iequals(result.result, "pass")) return false;
        if (base::iequals(result.method, "dkim")) {
            const auto sdid = header_domain(result, "d");
            return sdid && is_aligned(*sdid, message, alignment);
        }
        if (base::iequals(result.method, "dmarc")) {
            const auto from = header_domain(result, "from");
            return from && message.author && *from == *message.author;
        }
        return false;
    });
}

}  // namespace

void examine_spf(const Case& message, const Subject& subject, Findings& findings) {
    FactorFinding& found = finding_of(findings, Factor::spf);
    const auto& spf = message.evidence.verification.spf;
    if (!spf) {
        found = absent(not_asked, Source::own_verification);
        return;
    }
    // An answer for a domain that is not the tenant's could not help, whatever it were.
    if (!subject.tenant || !spf->domain || !same(covering_tenant(*message.tenants, spf->domain->text()), subject.tenant)) {
        found = absent("other-domain", Source::own_verification);
    } else if (spf->value == evidence::SpfValue::pass) {
        found = holds(spf->domain->text(), Source::own_verification);
    } else if (spf->value == evidence::SpfValue::temperror) {
        found = unavailable("temperror", Source::own_verification);
    } else {
        found = absent("no-pass", Source::own_verification);
    }
}

void examine_dmarc(const Case& message, Findings& findings) {
    FactorFinding& found = finding_of(findings, Factor::dmarc);
    const auto& dmarc = message.evidence.verification.dmarc;
    if (!dmarc) {
        found = absent(not_asked, Source::own_verification);
    } else if (dmarc->value == evidence::DmarcValue::pass) {
        found = dmarc->aligned_dkim ? holds({}, Source::own_verification) : absent("spf-only", Source::own_verification);
    } else if (dmarc->value == evidence::DmarcValue::temperror) {
        found = unverified(dmarc->detail);
    } else {
        found = absent("no-pass", Source::own_verification);
    }
}

void examine_arc(const Case& message, const Subject& subject, Findings& findings) {
    FactorFinding& found = finding_of(findings, Factor::arc);
    const auto& arc = message.evidence.verification.arc;
    if (!arc) {
        found = absent(not_asked, Source::own_verification);
        return;
    }
    const bool is_open = arc->value == evidence::ArcValue::temperror;
    if (arc->value != evidence::ArcValue::pass && !is_open) {
        found = absent(arc->value == evidence::ArcValue::none ? "no-chain" : "chain-fails", Source::own_verification);
        return;
    }
    if (is_open && arc->instances.empty()) {  // nobody knows who sealed
        found = unverified(arc->detail);
        return;
    }
    // A chain that could not help, whatever DNS says of its keys, is not waited for: anybody can write one.
    found = coded(Finding::absent, "no-trusted-sealer", Source::own_verification);
    const tenant::Alignment alignment = alignment_for(message, subject);
    for (auto instance = arc->instances.rbegin(); instance != arc->instances.rend(); ++instance) {
        if (!is_trusted_sealer(instance->sealer, message.rules)) return;  // whatever lies before it may be its invention
        if (is_formality(*instance) || !reports_authentic(*instance, message, alignment)) continue;
        found = is_open ? unverified(arc->detail) : holds(instance->sealer, Source::own_verification);
        return;
    }
}

}  // namespace exota::decision
