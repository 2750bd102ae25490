// Body hashes with prefixes.
//
// Tested by body_hash_test.cc.
#include "authn/body_hash.h"

namespace exota::authn {

void BodyHash::Hasher::take(std::string_view run) {
    // Only prefixes that end within this run; the map is in order, and those behind us have their digest.
    for (auto wanted = prefixes.lower_bound(octets); wanted != prefixes.end() && wanted->first - octets <= run.size(); ++wanted) {
        if (wanted->second) continue;
        const std::size_t part = static_cast<std::size_t>(wanted->first - octets);
        hash.update(run.substr(0, part));
        run.remove_prefix(part);
        octets = wanted->first;
        wanted->second = hash.clone().finish();
    }
    hash.update(run);
    octets += run.size();
}

void BodyHash::finish() {
    canonicalizer_.finish(hasher_);
    hasher_.take({});  // a prefix of exactly the body's length, or of nothing of an empty one
    digest_ = hasher_.hash.finish();
}

std::optional<Sha256Digest> BodyHash::prefix_digest(std::uint64_t octets) const {
    const auto wanted = hasher_.prefixes.find(octets);
    return wanted != hasher_.prefixes.end() ? wanted->second : std::nullopt;
}

}  // namespace exota::authn
