#include "authn/dkim_key.h"

#include <gtest/gtest.h>

#include "authn/dkim_sign_helper.h"

namespace exota::authn {
namespace {

std::string rsa_data(unsigned bits) { return base::base64_encode(TestSigner::rsa(bits).public_octets()); }

TEST(KeyRecord, is_read_after_rfc_6376_and_its_updates) {
    const std::string rsa = rsa_data(1024), ed = base::base64_encode(TestSigner::ed25519().public_octets());
    const std::string pkcs1 = base::base64_encode(TestSigner::rsa(1024).public_pkcs1());
    struct Case {
        const char* name;
        std::string text;
        const char* problem;  // nullptr: a key
        bool testing = false, strict_auid = false;
    };
    const Case cases[] = {
        {"shortest", "p=" + rsa, nullptr},
        {"pkcs1", "p=" + pkcs1, nullptr},
        {"microsoft", "v=DKIM1; k=rsa; p=" + rsa + ";", nullptr},
        {"all_tags", "v=DKIM1; h=sha1:sha256; k=rsa; n=notes; s=*; t=y:s; x=unknown; p=" + rsa, nullptr, true, true},
        {"strict", "t=s; p=" + rsa, nullptr, false, true},
        {"unknown_flag", "t=z; p=" + rsa, nullptr},
        {"folded_key", "p=" + rsa.substr(0, 40) + " \t" + rsa.substr(40), nullptr},
        {"email", "s=tls:email; p=" + rsa, nullptr},
        {"ed25519", "v=DKIM1; k=ed25519; p=" + ed, nullptr},
        {"version_not_first", "k=rsa; v=DKIM1; p=" + rsa, "v="},
        {"other_version", "v=DKIM2; p=" + rsa, "v="},
        {"version_has_case", "v=dkim1; p=" + rsa, "v="},
        {"spf_record", "v=spf1 -all", "v="},
        {"revoked", "v=DKIM1; p=", "revoked"},
        {"no_key", "v=DKIM1; k=rsa", "no p="},
        {"twice", "p=" + rsa + "; p=" + rsa, "twice"},
        {"not_base64", "p=!!!!", "base64"},
        {"not_a_key", "p=AAAA", "DER"},
        {"sha1_only", "h=sha1; p=" + rsa, "h="},
        {"hash_list_empty", "h=; p=" + rsa, "h="},
        {"other_service", "s=tls; p=" + rsa, "s="},
        {"other_type", "k=dsa; p=" + rsa, "type"},
        {"type_has_case", "k=RSA; p=" + rsa, "type"},
        {"rsa_as_ed25519", "k=ed25519; p=" + rsa, "32"},
        {"ed25519_as_rsa", "p=" + ed, "DER"},
        {"nothing", "", "empty"},
        {"text", "omgwhatsgoingon", "'='"},
    };
    for (const Case& c : cases) {
        const auto record = parse_key_record(c.text, {});
        if (c.problem == nullptr) {
            ASSERT_TRUE(record) << c.name << ": " << record.error().detail;
            EXPECT_EQ(record->testing, c.testing) << c.name;
            EXPECT_EQ(record->strict_auid, c.strict_auid) << c.name;
        } else {
            ASSERT_FALSE(record) << c.name;
            EXPECT_NE(record.error().detail.find(c.problem), std::string::npos) << c.name << ": " << record.error().detail;
        }
    }
}

TEST(KeyRecord, has_limits_of_bits_and_octets) {
    EXPECT_FALSE(parse_key_record("p=" + rsa_data(512), {}));
    EXPECT_TRUE(parse_key_record("p=" + rsa_data(1024), {}));
    EXPECT_FALSE(parse_key_record("p=" + rsa_data(1024), {.min_rsa_bits = 1025}));
    EXPECT_TRUE(parse_key_record("p=" + rsa_data(1024), {.max_rsa_bits = 1024}));
    EXPECT_FALSE(parse_key_record("p=" + rsa_data(1024), {.max_rsa_bits = 1023}));
    const std::string text = "p=" + rsa_data(1024);
    EXPECT_TRUE(parse_key_record(text, {.max_record_octets = text.size()}));
    EXPECT_FALSE(parse_key_record(text, {.max_record_octets = text.size() - 1}));
    EXPECT_FALSE(parse_key_record(text + "; n=" + std::string(64 * 1024, 'x'), {}));
    EXPECT_EQ(KeyLimits{}.max_rsa_bits, 4096U);
}

TEST(KeyCache, keeps_the_keys_used_last) {
    KeyCache cache(2);
    const std::string a = "n=a; p=" + rsa_data(1024), b = "n=b; p=", c = "n=c; p=";
    EXPECT_TRUE(cache.get(a));
    EXPECT_FALSE(cache.get(b)) << "what is no key is remembered too";
    EXPECT_TRUE(cache.get(a));
    EXPECT_EQ(cache.hits(), 1U);
    EXPECT_FALSE(cache.get(c));  // drops b
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_TRUE(cache.get(a));
    EXPECT_EQ(cache.hits(), 2U);
    EXPECT_FALSE(cache.get(b));
    EXPECT_EQ(cache.misses(), 4U);
    EXPECT_FALSE(cache.get(std::string(100'000, 'x')));
    EXPECT_EQ(cache.size(), 2U) << "a giant record is not kept";
    KeyCache none(0);
    EXPECT_TRUE(none.get(a));
    EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace exota::authn
