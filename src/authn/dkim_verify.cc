// Header hash and signature.
//
// Tested by dkim_test.cc and arc_test.cc.
#include "authn/dkim_verify.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mail/single_field.h"

namespace exota::authn {
std::optional<std::string> uncovered_repetition(HeaderFields& header, const Signature& signature) {
    for (const std::string_view name : mail::single_fields) {
        const std::span<const std::uint32_t> fields = header.named(name);
        if (fields.size() < 2) continue;
        if (fields.size() > mail::max_compared_fields) return std::to_string(fields.size()) + ' ' + std::string(name) + " fields";
        std::vector<std::string> seen;
        std::vector<std::uint32_t> values;
        values.reserve(fields.size());
        for (const std::uint32_t field : fields) {
            const std::string_view canonical = header.canonical(field, Canonicalization::relaxed);
            const auto known = std::ranges::find(seen, canonical);
            values.push_back(static_cast<std::uint32_t>(known - seen.begin()));
            if (known == seen.end()) seen.emplace_back(canonical);
        }
        const auto covered = static_cast<std::size_t>(
            std::ranges::count_if(signature.signed_names, [name](const std::string& item) { return base::iequals(item, name); }));
        if (mail::leaves_a_value_unsigned(values, covered))
            return std::to_string(fields.size()) + ' ' + std::string(name) + " fields, h= covers " + std::to_string(covered);
    }
    return std::nullopt;
}

void hash_own_field(Sha256& hash, const HeaderFields& header, std::size_t field, const SignatureBasics& basics,
                    Canonicalization canonicalization) {
    const std::string_view value = header.value(field);
    std::string own;
    own.reserve(value.size() + 32);
    if (canonicalization == Canonicalization::simple) {
        own.append(header.written_name(field)).append(":").append(value.substr(0, basics.b_begin)).append(value.substr(basics.b_end));
    } else {
        std::string emptied(value.substr(0, basics.b_begin));
        emptied += value.substr(basics.b_end);
        append_relaxed_header(own, header.name(field), emptied);
    }
    hash.update(own);
}

Sha256Digest hash_signed_header(HeaderFields& header, std::size_t own_field, const Signature& signature) {
    // How many fields of each name have been taken: kept by the place where the name's run of fields begins.
    std::vector<std::pair<const std::uint32_t*, std::size_t>> taken;
    Sha256 hash;
    for (const std::string& name : signature.signed_names) {
        const std::span<const std::uint32_t> fields = header.named(name);
        if (fields.empty()) continue;  // a name without a field hashes nothing, and so guards against adding one
        auto entry = std::ranges::find(taken, fields.data(), &std::pair<const std::uint32_t*, std::size_t>::first);
        if (entry == taken.end()) entry = taken.emplace(taken.end(), fields.data(), 0);
        if (entry->second < fields.size() && fields[fields.size() - 1 - entry->second] == own_field) ++entry->second;
        if (entry->second >= fields.size()) continue;
        hash.update(header.canonical(fields[fields.size() - 1 - entry->second], signature.header_canonicalization));
        ++entry->second;
    }
    hash_own_field(hash, header, own_field, signature, signature.header_canonicalization);
    return hash.finish();
}

KeyedResult ask_for_key(Dns& dns, const std::string& key_name, const DnsAnswer*& answer) {
    using enum KeyedResult::Value;
    answer = dns.ask(key_name, RecordType::txt);
    if (answer == nullptr) return {.value = pending, .reason = "key not known yet"};
    switch (answer->status) {
        case DnsStatus::data:
            break;
        case DnsStatus::no_data:
        case DnsStatus::nxdomain:
            return {.value = unusable, .reason = "no key", .secure = answer->secure};
        case DnsStatus::temporary_failure:
            return {.value = unavailable, .reason = "key unavailable: DNS failed"};
        case DnsStatus::bogus:
            return {.value = unavailable, .reason = "key unavailable: DNSSEC validation failed"};
    }
    if (answer->records.empty()) return {.value = unusable, .reason = "no key", .secure = answer->secure};
    return {.value = good, .secure = answer->secure};
}

KeyedResult verify_with_records(const DnsAnswer& answer, KeyCache& keys, const SignatureBasics& basics, bool auid_is_below,
                                const Sha256Digest* digest) {
    using enum KeyedResult::Value;
    KeyedResult best{.value = unusable, .reason = "no key", .secure = answer.secure};
    const std::size_t count = std::min(answer.records.size(), max_key_records);
    for (std::size_t i = 0; i < count; ++i) {
        base::Result<KeyRecord>& record = keys.get(answer.records[i]);
        KeyedResult result{.value = unusable, .secure = answer.secure};
        if (!record) {
            result.reason = record.error().detail;
        } else if (record->key.type() != basics.key_type) {
            result.reason = "key is " + std::string(name_of(record->key.type())) + ", a= says otherwise";
        } else if (record->strict_auid && auid_is_below) {
            result.reason = "key does not allow subdomains in i= (t=s)";
        } else {
            result.key_bits = record->key.bits();
            result.testing = record->testing;
            result.value = digest != nullptr && record->key.verify(*digest, basics.signature) ? good : wrong;
            if (result.value == wrong) result.reason = "signature did not verify";
        }
        if (result.value == good) return result;
        if (i == 0 || (result.value == wrong && best.value == unusable)) best = std::move(result);
    }
    return best;
}

}  // namespace exota::authn
