#include "mail/tenant_id.h"

#include <gtest/gtest.h>

namespace exota::mail {
namespace {

constexpr std::string_view id_text = "1234abcd-18c5-45e8-88de-123456789abc";

TEST(TenantId, case_does_not_matter) {
    const TenantId id = TenantId::parse(id_text).value();
    EXPECT_EQ(id.text(), id_text);
    EXPECT_EQ(TenantId::parse("1234ABCD-18C5-45E8-88DE-123456789ABC"), id);
    EXPECT_EQ(id.octets()[0], 0x12);
    EXPECT_EQ(id.octets()[15], 0xbc);
    EXPECT_TRUE(TenantId::parse(consumer_tenant_id));
    EXPECT_NE(TenantId::parse("1234abcd-18c5-45e8-88de-123456789abd"), id);
}

TEST(TenantId, only_the_long_form) {
    const std::string_view bad[] = {
        "",
        "1234abcd18c545e888de123456789abc",
        "{1234abcd-18c5-45e8-88de-123456789abc}",
        "urn:uuid:1234abcd-18c5-45e8-88de-123456789abc",
        " 234abcd-18c5-45e8-88de-123456789abc",
        "1234abcd-18c5-45e8-88de-123456789ab",
        "1234abcd-18c5-45e8-88de-123456789abcd",
        "1234abcg-18c5-45e8-88de-123456789abc",
        "1234abcd118c5-45e8-88de-123456789abc",
        "1234-abcd18c5-45e8-88de-123456789abc",
        "1234abcd-18c5-45e8-88de-12345678-abc",
        "1234abcd-18c5-45e8-88de-123456789ab\n",
    };
    for (const std::string_view text : bad) EXPECT_FALSE(TenantId::parse(text)) << text;
}

TEST(TenantId, lenient_as_python) {
    const TenantId id = TenantId::parse(id_text).value();
    const std::string_view good[] = {
        id_text,
        "1234ABCD18C545E888DE123456789ABC",
        "{1234abcd-18c5-45e8-88de-123456789abc}",
        "urn:uuid:1234abcd-18c5-45e8-88de-123456789abc",
        "{urn:uuid:1234abcd-18c5-45e8-88de-123456789abc}",
        "1-2-3-4abcd-18c5-45e8-88de-123456789abc-",
        "{{1234abcd18c545e888de123456789abc",
    };
    for (const std::string_view text : good) EXPECT_EQ(TenantId::parse_lenient(text), id) << text;
    const std::string_view bad[] = {"",
                                    "{}",
                                    "urn:uuid:",
                                    "1234abcd-18c5-45e8-88de-123456789ab",
                                    "x234abcd-18c5-45e8-88de-123456789abc",
                                    "URN:UUID:1234abcd-18c5-45e8-88de-123456789abc",
                                    "1234abcd{18c545e888de123456789abc",
                                    " 1234abcd18c545e888de123456789abc"};
    for (const std::string_view text : bad) EXPECT_FALSE(TenantId::parse_lenient(text)) << text;
    EXPECT_EQ(TenantId::parse_lenient(std::string(id_text) + std::string(128 - id_text.size(), '-')), id);
    EXPECT_EQ(TenantId::parse_lenient(std::string(id_text) + std::string(129 - id_text.size(), '-')).error().code, base::Errc::too_long);
}

}  // namespace
}  // namespace exota::mail
