#include "authn/crypto.h"

#include <gtest/gtest.h>

#include <openssl/err.h>

#include <string>

#include "authn/dkim_sign_helper.h"
#include "base/encode.h"

namespace exota::authn {
namespace {

std::string hex(const Sha256Digest& digest) { return base::hex_encode({reinterpret_cast<const char*>(digest.data()), digest.size()}); }

TEST(Sha256, gives_the_digests_of_FIPS_180) {
    Sha256 hash;
    EXPECT_EQ(hex(hash.finish()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash.update("a");
    Sha256 fork = hash.clone();
    hash.update("bc");
    EXPECT_EQ(hex(hash.finish()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(fork.finish()), "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
    EXPECT_EQ(hex(hash.finish()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") << "as new after finish";
}

/// The shortest DER length.
std::string der(char tag, const std::string& content) {
    std::string out(1, tag);
    if (content.size() < 0x80)
        out += static_cast<char>(content.size());
    else if (content.size() < 0x100)
        out.append("\x81").push_back(static_cast<char>(content.size()));
    else
        out.append("\x82").append({static_cast<char>(content.size() >> 8), static_cast<char>(content.size() & 0xff)});
    return out + content;
}
const std::string modulus_2048 = std::string(1, '\0') + "\xc1" + std::string(254, '\x55') + "\x01";
const std::string exponent_65537("\x01\x00\x01", 3);
std::string rsa_key(const std::string& modulus, const std::string& exponent) { return der(0x30, der(2, modulus) + der(2, exponent)); }
const std::string rsa_oid = der(6, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
const std::string null_der("\x05\x00", 2);
std::string spki(const std::string& algorithm, const std::string& key, char unused_bits = 0) {
    return der(0x30, der(0x30, algorithm) + der(3, std::string(1, unused_bits) + key));
}

TEST(PublicKey, reads_both_forms_of_an_rsa_key_and_nothing_else) {
    const std::string good = rsa_key(modulus_2048, exponent_65537);
    struct Case {
        const char* name;
        std::string text;
        const char* problem;  // nullptr: a key
    };
    const Case cases[] = {
        {"rsa_public_key", good, nullptr},
        {"subject_public_key_info", spki(rsa_oid + null_der, good), nullptr},
        {"without_null_parameters", spki(rsa_oid, good), nullptr},
        {"empty", "", "DER"},
        {"one_octet", "\x30", "DER"},
        {"cut_short", good.substr(0, good.size() - 1), "DER"},
        {"octet_behind", good + "x", "DER"},
        {"octet_behind_within", der(0x30, der(2, modulus_2048) + der(2, exponent_65537) + "x"), "DER"},
        {"other_algorithm", spki(der(6, "\x2a\x86\x48\xce\x3d\x02\x01") + null_der, good), "DER"},
        {"other_parameters", spki(rsa_oid + der(2, "\x01"), good), "DER"},
        {"unused_bits", spki(rsa_oid + null_der, good, 1), "DER"},
        {"behind_bit_string", der(0x30, der(0x30, rsa_oid + null_der) + der(3, std::string(1, '\0') + good) + "x"), "DER"},
        {"behind_key_in_bit_string", spki(rsa_oid + null_der, good + "x"), "DER"},
        {"negative_modulus", rsa_key(modulus_2048.substr(1), exponent_65537), "DER"},
        {"needless_sign_octet", rsa_key(modulus_2048, std::string(1, '\0') + exponent_65537), "DER"},
        {"zero_exponent", rsa_key(modulus_2048, std::string(1, '\0')), "DER"},
        {"empty_integer", rsa_key(modulus_2048, ""), "DER"},
        {"indefinite_length", "\x30\x80" + good.substr(4), "DER"},
        {"long_form_of_a_short_length", der(0x30, der(2, modulus_2048) + std::string("\x02\x81\x03\x01\x00\x01", 6)), "DER"},
        {"even_modulus", rsa_key(modulus_2048.substr(0, 256) + '\x02', exponent_65537), "even"},
        {"even_exponent", rsa_key(modulus_2048, std::string("\x01\x00\x02", 3)), "even"},
        {"exponent_one", rsa_key(modulus_2048, "\x01"), "1"},
        {"exponent_three", rsa_key(modulus_2048, "\x03"), nullptr},
        {"exponent_of_64_bits", rsa_key(modulus_2048, std::string("\x00\xff\x01\x01\x01\x01\x01\x01\x01", 9)), nullptr},
        {"exponent_of_65_bits", rsa_key(modulus_2048, std::string("\x01\x01\x01\x01\x01\x01\x01\x01\x01", 9)), "exponent"},
        {"modulus_too_long", rsa_key(std::string(1, '\x01') + std::string(2048, '\x55'), exponent_65537), "16385"},
    };
    for (const Case& c : cases) {
        const auto key = PublicKey::rsa(c.text);
        if (c.problem == nullptr) {
            ASSERT_TRUE(key) << c.name << ": " << key.error().detail;
            EXPECT_EQ(key->bits(), 2048U) << c.name;
            EXPECT_EQ(key->type(), KeyType::rsa) << c.name;
        } else {
            ASSERT_FALSE(key) << c.name;
            EXPECT_NE(key.error().detail.find(c.problem), std::string::npos) << c.name << ": " << key.error().detail;
        }
        EXPECT_EQ(ERR_peek_error(), 0UL) << c.name;
    }
}

TEST(PublicKey, verifies_what_was_signed_and_nothing_else) {
    for (const KeyType type : {KeyType::rsa, KeyType::ed25519}) {
        const TestSigner signer = type == KeyType::rsa ? TestSigner::rsa(2048) : TestSigner::ed25519();
        auto key = type == KeyType::rsa ? PublicKey::rsa(signer.public_octets()) : PublicKey::ed25519(signer.public_octets());
        ASSERT_TRUE(key) << key.error().detail;
        EXPECT_EQ(key->bits(), type == KeyType::rsa ? 2048U : 256U);
        Sha256 hash;
        hash.update("text");
        Sha256Digest digest = hash.finish();
        std::string signature = signer.sign(digest);
        EXPECT_TRUE(key->verify(digest, signature));
        EXPECT_TRUE(key->verify(digest, signature)) << "again with the same context";
        for (std::size_t i = 0; i < signature.size(); i += 7) {
            signature[i] = static_cast<char>(signature[i] ^ 1);
            EXPECT_FALSE(key->verify(digest, signature)) << i;
            signature[i] = static_cast<char>(signature[i] ^ 1);
        }
        EXPECT_FALSE(key->verify(digest, signature.substr(1)));
        EXPECT_FALSE(key->verify(digest, signature + "x"));
        EXPECT_FALSE(key->verify(digest, ""));
        digest[0] ^= 1;
        EXPECT_FALSE(key->verify(digest, signature));
        digest[0] ^= 1;
        EXPECT_TRUE(key->verify(digest, signature)) << "a failure must not spoil the context";
        EXPECT_EQ(ERR_peek_error(), 0UL) << "the error queue belongs to the thread";
    }
}

TEST(PublicKey, ed25519_keys_have_32_octets) {
    EXPECT_FALSE(PublicKey::ed25519(std::string(31, 'a')));
    EXPECT_FALSE(PublicKey::ed25519(std::string(33, 'a')));
    EXPECT_FALSE(PublicKey::ed25519(""));
}

}  // namespace
}  // namespace exota::authn
