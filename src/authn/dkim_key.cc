// Reading key records.
//
// Tested by dkim_key_test.cc and fuzz/dkim_key_fuzz.cc.
#include "authn/dkim_key.h"

#include "authn/tag_list.h"
#include "base/encode.h"
#include "base/text.h"

namespace exota::authn {
namespace {

using base::Errc;
using base::fail;
using base::Result;

bool lists(std::string_view items, std::string_view wanted) {
    return !for_each_item(items, [wanted](std::string_view item) { return item != wanted; });
}

}  // namespace

Result<KeyRecord> parse_key_record(std::string_view text, const KeyLimits& limits) {
    if (text.size() > limits.max_record_octets)
        return fail(Errc::too_long, "key record of more than " + std::to_string(limits.max_record_octets) + " octets");
    const Result<TagList> tags = TagList::parse(text);
    if (!tags) return fail(tags.error().code, "key record: " + tags.error().detail);

    if (const auto version = tags->value("v"); version && (*version != "DKIM1" || tags->tags().front().name != "v"))
        return fail(Errc::invalid_data, "key record: v= is not DKIM1 or not first");
    if (const auto hashes = tags->value("h"); hashes && !lists(*hashes, "sha256"))
        return fail(Errc::invalid_data, "key record: h= does not allow sha256");
    if (const auto services = tags->value("s"); services && !lists(*services, "*") && !lists(*services, "email"))
        return fail(Errc::invalid_data, "key record: s= does not allow email");
    const std::string_view type = tags->value("k").value_or("rsa");
    if (type != "rsa" && type != "ed25519") return fail(Errc::invalid_data, "key record: unknown key type");
    const auto data = tags->value("p");
    if (!data) return fail(Errc::invalid_data, "key record: no p=");
    if (data->empty()) return fail(Errc::invalid_data, "key revoked");
    const std::optional<std::string> octets = base::base64_decode(*data);
    if (!octets) return fail(Errc::invalid_data, "key record: p= is not base64");

    Result<PublicKey> key = type == "rsa" ? PublicKey::rsa(*octets) : PublicKey::ed25519(*octets);
    if (!key) return fail(key.error().code, "key record: " + key.error().detail);
    if (key->type() == KeyType::rsa && (key->bits() < limits.min_rsa_bits || key->bits() > limits.max_rsa_bits))
        return fail(Errc::invalid_data, "key of " + std::to_string(key->bits()) + " bits, allowed are " +
                                            std::to_string(limits.min_rsa_bits) + " to " + std::to_string(limits.max_rsa_bits));
    const std::string_view flags = tags->value("t").value_or("");
    return KeyRecord{.key = std::move(*key), .testing = lists(flags, "y"), .strict_auid = lists(flags, "s")};
}

Result<KeyRecord>& KeyCache::get(std::string_view text) {
    if (const auto found = by_text_.find(text); found != by_text_.end()) {
        ++hits_;
        entries_.splice(entries_.begin(), entries_, found->second);
        return found->second->record;
    }
    ++misses_;
    Result<KeyRecord> record = parse_key_record(text, limits_);
    if (capacity_ == 0 || text.size() > limits_.max_record_octets) return uncached_.emplace(std::move(record));
    if (entries_.size() >= capacity_) {
        by_text_.erase(entries_.back().text);
        entries_.pop_back();
    }
    entries_.push_front(Entry{std::string(text), std::move(record)});
    by_text_.emplace(entries_.front().text, entries_.begin());
    return entries_.front().record;
}

}  // namespace exota::authn
