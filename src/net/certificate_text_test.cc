#include "net/certificate_text.h"

#include <gtest/gtest.h>

#include "net/tls_helper.h"

namespace exota::net {
namespace {

using testing::Identity;
using Names = std::vector<std::string>;

TEST(CertificateText, says_what_is_in_a_certificate) {
    const Identity root = Identity::root("Test Root");
    const std::string der = root.issue({.common_names = {"mail.test"},
                                        .dns_names = {"mail.test", std::string("a\0b", 3)},
                                        .usages = "clientAuth,serverAuth,1.2.3.4",
                                        .key_usages = "digitalSignature,keyAgreement",
                                        .from_seconds = -60,
                                        .until_seconds = 60})
                                .der();
    const auto text = text_of_certificate(der);
    ASSERT_TRUE(text) << text.error().detail;
    EXPECT_EQ(text->subject, "CN=mail.test");
    EXPECT_EQ(text->issuer, "CN=Test Root");
    EXPECT_FALSE(text->serial.empty());
    EXPECT_EQ(text->serial.find_first_not_of("0123456789abcdef"), std::string::npos) << text->serial;
    EXPECT_EQ(*text->not_after - *text->not_before, std::chrono::seconds(120));
    EXPECT_FALSE(text->authority);
    EXPECT_EQ(text->key_usage, (Names{"digitalSignature", "keyAgreement"}));
    EXPECT_EQ(text->extended_key_usage, (Names{"clientAuth", "serverAuth", "1.2.3.4"}));
    EXPECT_EQ(text->dns_names, (Names{"mail.test", std::string("a\0b", 3)}));
    EXPECT_EQ(text->sha256.size(), 64U);
}

TEST(CertificateText, what_is_not_named_is_told_from_none) {
    const auto text = text_of_certificate(Identity::root("Test Root").issue({.common_names = {"plain"}}).der());
    ASSERT_TRUE(text);
    EXPECT_EQ(text->key_usage, std::nullopt);
    EXPECT_EQ(text->extended_key_usage, std::nullopt);
    EXPECT_EQ(text->dns_names, Names{});
}

TEST(CertificateText, an_authority_is_told) {
    const auto text = text_of_certificate(Identity::root("Test Root").der());
    ASSERT_TRUE(text);
    EXPECT_TRUE(text->authority);
    EXPECT_EQ(text->subject, text->issuer);
}

TEST(CertificateText, what_is_no_certificate_or_has_more_behind_it_is_an_error) {
    const std::string der = Identity::root("Test Root").der();
    EXPECT_EQ(text_of_certificate(der.substr(0, der.size() - 1)).error().code, base::Errc::invalid_data);
    EXPECT_EQ(text_of_certificate(der + "x").error().code, base::Errc::invalid_data);
    EXPECT_EQ(text_of_certificate("").error().code, base::Errc::invalid_data);
}

}  // namespace
}  // namespace exota::net
