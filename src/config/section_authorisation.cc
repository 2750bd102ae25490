// [authorisation]: mode, proofs, limits, and what tenants have that do not say.
//
// Tested by config_test.cc and authentication_test.cc.
#include "config/build.h"
#include "config/public_suffixes.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/values.h"
#include "tenant/policy.h"

namespace exota::config {
namespace {

base::Result<tenant::Proof> parsed_proof(std::string_view text) {
    auto proof = tenant::Proof::parse(text);
    if (!proof) return base::fail(proof.error().code, '"' + std::string(text) + "\": " + proof.error().detail);
    return proof;
}

}  // namespace

void read_authorisation(Reader& in, Config& out) {
    decision::Rules& rules = out.rules;
    rules.mode = in.choice<tenant::Mode>("authorisation.mode");
    rules.contradictions_refuse = in.integer("authorisation.contradictions") == 0;
    rules.peer_proof = in.choice<decision::PeerProof>("authorisation.peer_proof");
    rules.resent_from = in.boolean("authorisation.resent_from");
    rules.shared_suffixes = in.list("authorisation.shared_suffixes", domain_text);

    tenant::Defaults& defaults = out.tenant_defaults;
    defaults.mode = rules.mode;
    defaults.proofs = in.list("authorisation.proofs", parsed_proof);
    if (in.given("authorisation.proofs") && in.texts("authorisation.proofs").empty())
        in.error("authorisation.proofs", "names no proof: nothing could ever be authorised");
    if (defaults.proofs.size() > tenant::max_proofs)
        in.error("authorisation.proofs", "more than " + std::to_string(tenant::max_proofs) + " proofs");
    defaults.limits = in.list("authorisation.limits", [](std::string_view text) { return tenant::Limit::parse(text); });
    defaults.limit_action = in.choice<tenant::LimitAction>("authorisation.limit_action");
    defaults.alignment = in.choice<tenant::Alignment>("authorisation.alignment");
    defaults.forwarding = in.choice<tenant::Forwarding>("authorisation.forwarding");
    defaults.shared_suffixes = rules.shared_suffixes;
    defaults.is_public_suffix = is_public_suffix;
}

}  // namespace exota::config
