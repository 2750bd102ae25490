#include "tenant/advice.h"

#include <algorithm>

namespace exota::tenant {
namespace {

/// What mail without a signature, with a null sender, cannot meet.
constexpr FactorSet needs_signature_or_sender{Factor::dkim,  Factor::dkim_aligned, Factor::dkim_any,
                                              Factor::dmarc, Factor::arc,          Factor::spf};
/// What a forward can meet by luck at best: its author domain and envelope sender are foreign.
constexpr FactorSet needs_own_author{Factor::listed, Factor::spf};
constexpr FactorSet needs_foreign_signature{Factor::dkim_aligned, Factor::dmarc, Factor::arc};

std::string in_quotes(const Proof& proof) { return "proof \"" + proof.text + "\": "; }

}  // namespace

bool any_asks(const std::vector<Proof>& proofs, Factor factor) noexcept {
    return std::ranges::any_of(proofs, [&](const Proof& proof) { return proof.set.contains(factor); });
}

std::vector<std::string> advise_on_forwarding(const std::vector<Proof>& proofs) {
    const auto hopeless = [](const Proof& proof) { return proof.set.intersects(needs_own_author); };
    const auto lucky = [](const Proof& proof) {
        return proof.set.intersects(needs_own_author) || proof.set.intersects(needs_foreign_signature);
    };
    if (proofs.empty()) return {};
    if (std::ranges::all_of(proofs, hopeless))
        return {
            "forwarding is allowed, but no proof can be met by a forward: listed and spf ask about a domain of the tenant, and a forward "
            "has another author and sender"};
    if (std::ranges::all_of(proofs, lucky))
        return {
            "forwarding is allowed, but every proof needs a signature of the foreign author that survived (dkim-aligned, dmarc, arc): many "
            "forwards will be refused; "
            "add one with dkim, xoorg or tenant-id"};
    return {};
}

std::vector<std::string> advise(const std::vector<Proof>& proofs, Forwarding forwarding) {
    std::vector<std::string> warnings;
    for (const Proof& proof : proofs) {
        if (proof.set.contains(Factor::listed))
            warnings.push_back(in_quotes(proof) + "listed proves nothing: every tenant can write this author domain");
        if (proof.set.contains(Factor::dkim_any))
            warnings.push_back(in_quotes(proof) + "dkim-any proves nothing: a signature of anybody will do");
        if (proof.set.intersects(identifying_factors)) continue;
        if (proof.set.contains(Factor::spf))
            warnings.push_back(in_quotes(proof) +
                               "spf proves only that the domain lets Exchange Online send, for every tenant: add a factor that asks which "
                               "tenant (dkim, xoorg, tenant-id) "
                               "or whether it may use the domain (dkim-aligned, dmarc)");
        else
            warnings.push_back(in_quotes(proof) +
                               "no factor asks which tenant it was (dkim, xoorg, originator-org, tenant-id) or whether it may use the "
                               "domain (dkim-aligned, dmarc): "
                               "every tenant meets it");
    }
    if (!proofs.empty() && std::ranges::all_of(proofs, [](const Proof& proof) { return proof.set.intersects(needs_signature_or_sender); }))
        warnings.emplace_back(
            "unsigned system mail (NDRs, connector validation) meets no proof and is refused: add \"client-cert + tenant-id + "
            "system-mail\" if it must pass");
    if (forwarding == Forwarding::all) std::ranges::move(advise_on_forwarding(proofs), std::back_inserter(warnings));
    return warnings;
}

}  // namespace exota::tenant
