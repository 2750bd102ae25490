// DKIM verification.
//
// Tested by dkim_test.cc, dkim_corpus_test.cc, tests/authn/sign_verify_test.py and fuzz/dkim_fuzz.cc.
#include "authn/dkim.h"

#include <algorithm>

#include "authn/dkim_verify.h"
#include "base/text.h"

namespace exota::authn {
namespace {

std::chrono::sys_seconds time_of(std::uint64_t seconds) {
    return std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(seconds)));  // at most twelve digits
}

void add_detail(DkimSignatureResult& result, std::string_view why) {
    if (!result.detail.empty()) result.detail += "; ";
    result.detail += why;
}

}  // namespace

std::string_view name_of(DkimValue value) noexcept {
    switch (value) {
        case DkimValue::pass:
            return "pass";
        case DkimValue::fail:
            return "fail";
        case DkimValue::permerror:
            return "permerror";
        case DkimValue::temperror:
            return "temperror";
        case DkimValue::neutral:
            return "neutral";
        case DkimValue::policy:
            return "policy";
    }
    return "permerror";
}

void DkimVerifier::begin(const HeaderFields& header, const DkimLimits& limits, const InterestIn& interest, BodyHashes& bodies) {
    limits_ = limits;
    std::vector<std::size_t> first, later;  // indices into entries_ that may be evaluated
    const std::size_t authors = header.named("From").size();
    for (const std::uint32_t field : header.named("DKIM-Signature")) {
        Entry& entry = entries_.emplace_back();
        entry.field = field;
        const auto settle_as = [&entry](DkimValue value, std::string reason) {
            entry.settled = true;
            entry.result.value = value;
            entry.result.reason = std::move(reason);
        };
        SignatureNames names;
        base::Result<Signature> signature = parse_signature(header.value(field), SignatureKind::dkim, limits.signature, names);
        entry.result.sdid = std::move(names.sdid);
        entry.result.selector = std::move(names.selector);
        entry.result.algorithm = std::move(names.algorithm);
        entry.result.auid = std::move(names.auid);
        if (!signature) {
            settle_as(DkimValue::permerror, std::move(signature.error().detail));
            continue;
        }
        entry.result.body_octets = signature->body_octets;
        entry.signature = std::move(*signature);
        if (header.overflowed()) {
            settle_as(DkimValue::policy, "header passes the limit, not evaluated");
        } else if (authors != 1) {  // RFC 6376 section 8.15
            settle_as(DkimValue::permerror, std::to_string(authors) + " From fields");
        } else {
            switch (interest ? interest(entry.result.sdid) : Interest::first) {
                case Interest::first:
                    first.push_back(entries_.size() - 1);
                    break;
                case Interest::later:
                    later.push_back(entries_.size() - 1);
                    break;
                case Interest::none:
                    settle_as(DkimValue::neutral, "not evaluated");
                    break;
            }
        }
    }
    first.insert(first.end(), later.begin(), later.end());
    for (std::size_t rank = 0; rank < first.size(); ++rank) {
        Entry& entry = entries_[first[rank]];
        if (rank >= limits.max_signatures) {
            entry.settled = true;
            entry.result.value = DkimValue::policy;
            entry.result.reason = "more than " + std::to_string(limits.max_signatures) + " signatures, not evaluated";
            continue;
        }
        BodyHash& body = bodies.use(entry.signature->body_canonicalization);
        if (entry.signature->body_octets) body.want_prefix(*entry.signature->body_octets);
    }
}

void DkimVerifier::ask_keys(Dns& dns) const {
    for (const Entry& entry : entries_)
        if (!entry.settled) dns.ask(entry.signature->key_name, RecordType::txt);
}

DkimOutcome DkimVerifier::check(HeaderFields& header, BodyHashes& bodies, Dns& dns, std::chrono::sys_seconds now, KeyCache& keys) {
    DkimOutcome outcome;
    outcome.incomplete = header.overflowed();
    outcome.signatures.reserve(entries_.size());
    for (Entry& entry : entries_) {
        if (!entry.settled) settle(entry, header, bodies, dns, now, keys);
        outcome.pending = outcome.pending || !entry.settled;
        outcome.signatures.push_back(entry.result);
    }
    return outcome;
}

void DkimVerifier::settle(Entry& entry, HeaderFields& header, BodyHashes& bodies, Dns& dns, std::chrono::sys_seconds now, KeyCache& keys) {
    const Signature& signature = *entry.signature;
    DkimSignatureResult& result = entry.result;
    const auto settle_as = [&](DkimValue value, std::string reason) {
        entry.settled = true;
        result.pending = false;
        result.value = value;
        result.reason = std::move(reason);
    };

    if (signature.expires_at && time_of(*signature.expires_at) <= now) return settle_as(DkimValue::permerror, "signature expired");
    if (signature.signed_at && time_of(*signature.signed_at) > now + limits_.clock_skew)
        return settle_as(DkimValue::permerror, "signature is from the future");

    const BodyHash& body = bodies.use(signature.body_canonicalization);
    const std::optional<Sha256Digest> body_digest =
        signature.body_octets ? body.prefix_digest(*signature.body_octets) : std::optional(body.digest());
    result.body_hash_ok = body_digest == signature.body_hash;
    const std::string_view body_problem = !body_digest ? "body is shorter than l=" : *result.body_hash_ok ? "" : "body hash did not verify";

    // The key comes before the comparison (RFC 6376 section 6.1.2), so that a revoked key is told from a changed body.
    const DnsAnswer* answer = nullptr;
    KeyedResult keyed = ask_for_key(dns, signature.key_name, answer);
    if (keyed.value == KeyedResult::Value::good) {
        std::optional<Sha256Digest> data_hash;
        if (*result.body_hash_ok) data_hash = hash_signed_header(header, entry.field, signature);
        keyed = verify_with_records(*answer, keys, signature, signature.auid_is_below, data_hash ? &*data_hash : nullptr);
    }
    result.key_bits = keyed.key_bits;
    result.testing = keyed.testing;
    result.secure = keyed.secure;
    switch (keyed.value) {
        case KeyedResult::Value::pending:
            result.pending = true;
            result.value = *result.body_hash_ok ? DkimValue::temperror : DkimValue::fail;
            result.reason = *result.body_hash_ok ? keyed.reason : body_problem;
            return;
        case KeyedResult::Value::unavailable:  // no key could make a changed body pass: that is final, the DNS is not
            if (!*result.body_hash_ok) return settle_as(DkimValue::fail, std::string(body_problem));
            return settle_as(DkimValue::temperror, std::move(keyed.reason));
        case KeyedResult::Value::unusable:
            return settle_as(DkimValue::permerror, std::move(keyed.reason));
        case KeyedResult::Value::wrong:
            return settle_as(DkimValue::fail, *result.body_hash_ok ? std::move(keyed.reason) : std::string(body_problem));
        case KeyedResult::Value::good:
            break;
    }
    settle_as(DkimValue::pass, {});
    if (signature.body_octets && *signature.body_octets < body.canonical_octets())
        add_detail(result, "l= covers " + std::to_string(*signature.body_octets) + " of " + std::to_string(body.canonical_octets()) +
                               " octets of the body");
    if (const auto repeated = uncovered_repetition(header, signature)) add_detail(result, *repeated);
    if (result.testing) add_detail(result, "the key says that the domain only tests DKIM (t=y)");  // RFC 6376 section 3.6.1: as unsigned
    result.counts = result.detail.empty();
}

}  // namespace exota::authn
