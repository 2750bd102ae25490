// Key records: whatever parses is a key within the limits that refuses a signature of zeroes, and the cache gives the same answer.
#include <cstdint>
#include <string>

#include "authn/dkim_key.h"
#include "property.h"

using namespace exota::authn;

namespace {
using exota::fuzz::require;
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const KeyLimits limits;
    auto record = parse_key_record(text, limits);
    KeyCache cache(4, limits);
    const bool cached = cache.get(text).has_value();
    require(cached == record.has_value());
    require(cache.get(text).has_value() == cached);
    // The DER walk alone, with octets that base64 would seldom make.
    if (const auto key = PublicKey::rsa(text)) require(key->bits() <= max_rsa_modulus_bits);
    if (!record) {
        require(!record.error().detail.empty());
        return 0;
    }
    require(text.size() <= limits.max_record_octets);
    if (record->key.type() == KeyType::rsa) {
        require(record->key.bits() >= limits.min_rsa_bits && record->key.bits() <= limits.max_rsa_bits);
        require(!record->key.verify(Sha256Digest{}, std::string(record->key.bits() / 8, '\0')));
    }
    require(!record->key.verify(Sha256Digest{}, "short"));
    return 0;
}
