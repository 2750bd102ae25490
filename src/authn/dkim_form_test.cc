// Form only; evidence/cross_check_test.cc has what it means for results.
#include "authn/dkim_form.h"

#include <gtest/gtest.h>

namespace exota::authn {
namespace {

TEST(DkimForm, limits_on_both_sides) {
    const std::string base = "v=1; a=rsa-sha256; d=x.example; s=s; h=From; bh=AAAA; b=AAAA";
    const auto with_tags = [&](std::size_t count) {
        std::string value = base;
        for (std::size_t i = 0; i < count; ++i) value += "; z" + std::to_string(i) + "=1";
        return value;
    };
    EXPECT_TRUE(read_signature_form(base));
    EXPECT_TRUE(read_signature_form(base + ';'));
    EXPECT_TRUE(read_signature_form(with_tags(max_form_tags - 7)));
    EXPECT_FALSE(read_signature_form(with_tags(max_form_tags - 6)));
    EXPECT_TRUE(read_signature_form(base + "; t=" + std::string(max_form_number_digits, '9')));
    EXPECT_FALSE(read_signature_form(base + "; t=" + std::string(max_form_number_digits + 1, '9')));
    // 253 octets with "._domainkey." between selector and domain
    const auto with_selector = [](std::size_t octets) {
        std::string selector;
        for (std::size_t i = 0; i < octets; ++i) selector += i % 64 == 63 ? '.' : 'a';
        return "v=1; a=rsa-sha256; d=x.example; s=" + selector + "; h=From; bh=AAAA; b=AAAA";
    };
    EXPECT_TRUE(read_signature_form(with_selector(253 - 12 - 9)));
    EXPECT_FALSE(read_signature_form(with_selector(253 - 12 - 9 + 1)));
}

TEST(DkimForm, says_what_is_unreadable) {
    EXPECT_EQ(read_signature_form("v=1; a=rsa-sha256; d=x.example; s=s; h=From; bh=AAAA").error().detail, "no b=");
    EXPECT_EQ(read_signature_form("v=1; a=rsa-sha256; d=x.example; s=s; h=From; bh=AAAA; b=").error().detail, "b= is empty");
    EXPECT_EQ(read_signature_form("v=1; " + std::string(1000, 'n') + '=').error().detail, std::string(40, 'n') + "= is empty");
    EXPECT_EQ(read_signature_form("v=1;\x01").error().detail, "an octet that is no printable ASCII");
}

}  // namespace
}  // namespace exota::authn
