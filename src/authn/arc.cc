// ARC chain validation.
//
// Tested by arc_test.cc, dkim_corpus_test.cc and fuzz/arc_fuzz.cc.
#include "authn/arc.h"

#include <algorithm>
#include <utility>

#include "authn/dkim_verify.h"
#include "base/text.h"

namespace exota::authn {

std::string_view name_of(ArcResult value) noexcept {
    switch (value) {
        case ArcResult::none:
            return "none";
        case ArcResult::pass:
            return "pass";
        case ArcResult::fail:
            return "fail";
        case ArcResult::temperror:
            return "temperror";
    }
    return "fail";
}

void ArcVerifier::settle(ArcResult value, std::string reason) {
    settled_ = true;
    outcome_.value = value;
    outcome_.reason = std::move(reason);
    outcome_.pending = false;
}

void ArcVerifier::begin(const HeaderFields& header, const ArcLimits& limits, BodyHashes& bodies) {
    if (header.overflowed()) return settle(ArcResult::fail, "header passes the limit, not evaluated");
    base::Result<ArcSets> sets = read_arc_sets(header, limits);
    if (!sets) return settle(ArcResult::fail, std::move(sets.error().detail));
    if (sets->sets.empty()) return settle(ArcResult::none, {});
    chain_ = std::move(*sets);
    for (const ArcSet& set : chain_.sets)
        outcome_.instances.push_back(
            {.instance = set.instance, .sealer = set.seal.sdid->text(), .authentication_results = set.authentication_results});
    seal_steps_.resize(chain_.sets.size());
    const Signature& newest = chain_.last_message_signature;
    BodyHash& body = bodies.use(newest.body_canonicalization);
    if (newest.body_octets) body.want_prefix(*newest.body_octets);
}

void ArcVerifier::ask_keys(Dns& dns) const {
    if (settled_) return;
    dns.ask(chain_.last_message_signature.key_name, RecordType::txt);
    for (const ArcSet& set : chain_.sets) dns.ask(set.seal.key_name, RecordType::txt);
}

/// Seal N covers all sets up to N, the fields of a set in the order results, message signature, seal, always in relaxed form, its own
/// b= taken out (RFC 8617 section 5.1.1). One running hash serves all of them.
void ArcVerifier::hash_seals(HeaderFields& header) {
    if (!seal_digests_.empty()) return;
    Sha256 running;
    for (const ArcSet& set : chain_.sets) {
        running.update(header.canonical(set.results_field, Canonicalization::relaxed));
        running.update(header.canonical(set.message_signature_field, Canonicalization::relaxed));
        Sha256 own = running.clone();
        hash_own_field(own, header, set.seal_field, set.seal, Canonicalization::relaxed);
        seal_digests_.push_back(own.finish());
        running.update(header.canonical(set.seal_field, Canonicalization::relaxed));
    }
}

ArcOutcome ArcVerifier::check(HeaderFields& header, BodyHashes& bodies, Dns& dns, std::chrono::sys_seconds now, KeyCache& keys) {
    if (settled_) return outcome_;
    const Signature& newest = chain_.last_message_signature;
    const std::uint32_t count = static_cast<std::uint32_t>(chain_.sets.size());
    const auto failed = [&](std::string_view field, std::uint32_t instance, std::string_view why) {
        settle(ArcResult::fail, std::string(field) + " i=" + std::to_string(instance) + ": " + std::string(why));
        return outcome_;
    };

    const BodyHash& body = bodies.use(newest.body_canonicalization);
    const auto body_digest = newest.body_octets ? body.prefix_digest(*newest.body_octets) : std::optional(body.digest());
    if (!body_digest || *body_digest != newest.body_hash) return failed("ARC-Message-Signature", count, "body hash did not verify");
    if (newest.expires_at && std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(*newest.expires_at))) <= now)
        return failed("ARC-Message-Signature", count, "signature expired");

    // All keys are asked for at once; a definite failure ends it, whatever is still unknown.
    bool pending = false;
    std::string unavailable;
    const auto step = [&](Step& state, const SignatureBasics& basics, auto digest) -> std::optional<std::string> {
        if (state == Step::good) return std::nullopt;
        const DnsAnswer* answer = nullptr;
        KeyedResult keyed = ask_for_key(dns, basics.key_name, answer);
        if (keyed.value == KeyedResult::Value::good) {
            const Sha256Digest data_hash = digest();
            keyed = verify_with_records(*answer, keys, basics, false, &data_hash);
        }
        switch (keyed.value) {
            case KeyedResult::Value::good:
                state = Step::good;
                return std::nullopt;
            case KeyedResult::Value::pending:
                pending = true;
                return std::nullopt;
            case KeyedResult::Value::unavailable:
                unavailable = std::move(keyed.reason);
                return std::nullopt;
            case KeyedResult::Value::wrong:
            case KeyedResult::Value::unusable:
                break;
        }
        return std::move(keyed.reason);
    };
    const std::size_t newest_field = chain_.sets.back().message_signature_field;
    if (const auto why = step(message_step_, newest, [&] { return hash_signed_header(header, newest_field, newest); }))
        return failed("ARC-Message-Signature", count, *why);
    for (std::size_t i = count; i-- > 0;) {
        const ArcSet& set = chain_.sets[i];
        const auto digest = [&] {
            hash_seals(header);
            return seal_digests_[i];
        };
        if (const auto why = step(seal_steps_[i], set.seal, digest)) return failed("ARC-Seal", set.instance, *why);
    }

    if (pending) {
        outcome_.pending = true;
        outcome_.value = ArcResult::temperror;
        outcome_.reason = "a key is not known yet";
    } else if (!unavailable.empty()) {
        settle(ArcResult::temperror, std::move(unavailable));
    } else {
        settle(ArcResult::pass, {});
        const bool names_author =
            std::ranges::any_of(newest.signed_names, [](const std::string& name) { return base::iequals(name, "From"); });
        const bool covers_body = !newest.body_octets || *newest.body_octets == body.canonical_octets();
        outcome_.counts = covers_body && names_author && !uncovered_repetition(header, newest);
    }
    return outcome_;
}

}  // namespace exota::authn
