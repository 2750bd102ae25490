// [dkim], [authentication_results], [arc], [dmarc]: where results come from, and which count.
//
// Tested by authentication_test.cc, own_verification_test.cc and config_test.cc.
#include <algorithm>

#include "authn/suffixes.h"
#include "base/text.h"
#include "config/public_suffixes.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/values.h"
#include "config/whole_file.h"
#include "tenant/policy.h"

namespace exota::config {
namespace {

base::Result<std::string> method_name(std::string_view text) {
    const bool keyword = !text.empty() && std::ranges::all_of(text, [](char c) { return base::is_alnum(c) || c == '-' || c == '_'; });
    if (!keyword) return base::fail(base::Errc::invalid_data, '"' + std::string(text) + "\" is no method");
    return base::lower(text);
}

/// DMARC and ARC rest on signatures that we verified ourselves: without dkim.source "verify" or "both" nothing ever looks at them.
std::optional<std::string> needs_own_verification(const tenant::Proof& proof) {
    for (const tenant::Factor factor : {tenant::Factor::dmarc, tenant::Factor::arc})
        if (proof.set.contains(factor)) return "the factor " + std::string(name_of(factor)) + " needs dkim.source = \"verify\" or \"both\"";
    return std::nullopt;
}

}  // namespace

void read_authentication(Reader& in, Config& out, Origin origin) {
    decision::Rules& rules = out.rules;
    rules.dkim_source = in.choice<decision::DkimSource>("dkim.source");
    if (rules.dkim_source == decision::DkimSource::authentication_results) {
        out.tenant_defaults.unusable_proof = needs_own_verification;
        for (const tenant::Proof& proof : out.tenant_defaults.proofs)
            if (const auto why = needs_own_verification(proof)) in.error("authorisation.proofs", '"' + proof.text + "\": " + *why);
    }
    constexpr std::string_view ids = "authentication_results.trusted_authserv_ids";
    rules.authres.authserv_ids = in.list(ids, authserv_id);
    // The default was the validator's results once: whoever configured them says what he wants.
    if (origin == Origin::file && !rules.authres.authserv_ids.empty() && !in.given("dkim.source"))
        in.error(ids,
                 "says whose results are trusted, but dkim.source does not say whether they are read: set it to "
                 "\"authentication-results\" (read them, as before 0.2), \"verify\" (verify signatures here, needs no validator; leave "
                 "this key out) or \"both\"");
    rules.authres.job_id = in.boolean("authentication_results.job_id");
    rules.authres.methods = in.list("authentication_results.methods", method_name);
    rules.authres.own_hops = static_cast<std::uint32_t>(in.integer("authentication_results.own_hops"));
    rules.authres.position = in.choice<evidence::AuthresTrust::Position>("authentication_results.position");
    rules.authres_missing = in.choice<decision::WhenMissing>("authentication_results.missing");
    rules.arc_trusted_sealers = in.list("arc.trusted_sealers", domain_text);
}

void read_dmarc(Reader& in, Config& out, Origin origin) {
    constexpr std::string_view key = "dmarc.public_suffix_file";
    out.rules.dmarc.rfc = in.choice<authn::DmarcRfc>("dmarc.rfc");
    const bool by_list = out.rules.dmarc.rfc == authn::DmarcRfc::rfc7489;
    const bool verifies = out.rules.dkim_source != decision::DkimSource::authentication_results;
    if (by_list && !verifies) in.warning("dmarc.rfc", "DMARC is looked at only with dkim.source = \"verify\" or \"both\"");
    if (in.text(key).empty()) {
        // `eval` reads a configuration a line: for it the list that the process has will do.
        if (by_list) out.rules.dmarc.public_suffixes = origin == Origin::file ? latest_public_suffixes() : process_public_suffixes();
        return;
    }
    if (!by_list) in.warning(key, "is used with rfc = 7489 only: RFC 9989 asks DNS instead");
    if (origin == Origin::json && !in.text(key).starts_with('/')) return in.error(key, "must be an absolute path here");
    const std::string path = resolve_path(in.text(key), out.path);
    const auto text = read_whole_file(path, authn::max_public_suffix_octets);
    if (!text) return in.error(key, text.error().detail);
    auto list = authn::PublicSuffixes::parse(*text);
    if (!list) return in.error(key, path + ": " + list.error().detail);
    out.rules.dmarc.public_suffixes = *std::move(list);
}

}  // namespace exota::config
