#include "authn/body_hash.h"

#include <gtest/gtest.h>

#include "base/encode.h"

namespace exota::authn {
namespace {

std::string base64(const Sha256Digest& digest) {
    return base::base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Sha256Digest sha256(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    return hash.finish();
}

TEST(BodyHash, of_an_empty_body_is_that_of_rfc_6376) {
    BodyHash simple(Canonicalization::simple), relaxed(Canonicalization::relaxed);
    simple.finish();
    relaxed.finish();
    EXPECT_EQ(base64(simple.digest()), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");   // section 3.4.3
    EXPECT_EQ(base64(relaxed.digest()), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");  // section 3.4.4
}

TEST(BodyHash, gives_any_prefix_of_the_canonical_body_in_one_pass) {
    const std::string canonical = "Hello World\r\nsecond line\r\n";
    for (std::size_t chunk = 1; chunk < 20; ++chunk) {
        BodyHash hash(Canonicalization::relaxed);
        for (std::size_t octets = 0; octets <= canonical.size() + 2; ++octets) hash.want_prefix(octets);
        hash.want_prefix(UINT64_MAX);
        std::string_view body = "Hello  World \r\nsecond\tline\r\n\r\n\r\n";
        while (!body.empty()) {
            hash.update(body.substr(0, chunk));
            body.remove_prefix(std::min(chunk, body.size()));
        }
        hash.finish();
        EXPECT_EQ(hash.canonical_octets(), canonical.size());
        EXPECT_EQ(hash.digest(), sha256(canonical));
        for (std::size_t octets = 0; octets <= canonical.size(); ++octets)
            ASSERT_EQ(hash.prefix_digest(octets), sha256(canonical.substr(0, octets))) << octets << " by " << chunk;
        EXPECT_EQ(hash.prefix_digest(canonical.size() + 1), std::nullopt);
        EXPECT_EQ(hash.prefix_digest(UINT64_MAX), std::nullopt);
        EXPECT_EQ(hash.prefix_digest(1000), std::nullopt) << "never wanted";
    }
}

TEST(BodyHash, of_an_empty_body_has_an_empty_prefix) {
    BodyHash hash(Canonicalization::relaxed);
    hash.want_prefix(0);
    hash.want_prefix(1);
    hash.finish();
    EXPECT_EQ(hash.prefix_digest(0), sha256(""));
    EXPECT_EQ(hash.prefix_digest(1), std::nullopt);
}

}  // namespace
}  // namespace exota::authn
