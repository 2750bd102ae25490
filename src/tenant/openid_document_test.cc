#include "tenant/openid_document.h"

#include <gtest/gtest.h>

namespace exota::tenant {
namespace {

constexpr std::string_view id = "1234abcd-18c5-45e8-88de-123456789abc";

struct Document {
    const char *name, *json, *says;
};

class OpenidDocuments : public ::testing::TestWithParam<Document> {};

TEST_P(OpenidDocuments, name_a_tenant_or_say_why_not) {
    const auto found = tenant_in_openid_document(GetParam().json);
    EXPECT_EQ(found ? found->text() : found.error().detail, GetParam().says);
}

INSTANTIATE_TEST_SUITE_P(
    Table, OpenidDocuments,
    ::testing::Values(
        Document{"first", R"({"issuer":"https://sts.windows.net/1234ABCD-18c5-45e8-88de-123456789abc/","x":{"issuer":1}})", id.data()},
        Document{"second",
                 R"({"a":[{"issuer":"x"}],"issuer":"https://login.microsoftonline.com/1234abcd-18c5-45e8-88de-123456789abc/v2.0"})",
                 id.data()},
        Document{"no_slash_at_the_end", R"({"issuer":"https://sts.windows.net/1234abcd-18c5-45e8-88de-123456789abc"})", id.data()},
        Document{"common", R"({"issuer":"https://login.microsoftonline.com/{tenantid}/v2.0"})", "has an issuer that is no tenant's"},
        Document{"personal_accounts", R"({"issuer":"https://login.microsoftonline.com/9188040D-6c67-4c5b-b112-36a304b66dad/v2.0"})",
                 "has the issuer of personal Microsoft accounts, who are nobody's customers"},
        Document{"personal_accounts_as_mail_names_them", R"({"issuer":"https://sts.windows.net/84df9e7f-e9f6-40af-b435-AAAAAAAAAAAA/"})",
                 "has the issuer of personal Microsoft accounts, who are nobody's customers"},
        Document{"no_host", R"({"issuer":"https:///1234abcd-18c5-45e8-88de-123456789abc/"})", "has an issuer that is no tenant's"},
        Document{"no_path", R"({"issuer":"https://1234abcd-18c5-45e8-88de-123456789abc"})", "has an issuer that is no tenant's"},
        Document{"other_scheme", R"({"issuer":"http://sts.windows.net/1234abcd-18c5-45e8-88de-123456789abc/"})",
                 "has an issuer that is no tenant's"},
        Document{"deeper", R"({"issuer":"https://sts.windows.net/x/1234abcd-18c5-45e8-88de-123456789abc/"})",
                 "has an issuer that is no tenant's"},
        Document{"more", R"({"issuer":"https://sts.windows.net/1234abcd-18c5-45e8-88de-123456789abc/v2.0/"})",
                 "has an issuer that is no tenant's"},
        Document{"inner", R"({"x":{"issuer":"https://sts.windows.net/1234abcd-18c5-45e8-88de-123456789abc/"}})", "names no issuer"},
        Document{
            "two",
            R"({"issuer":"https://sts.windows.net/1234abcd-18c5-45e8-88de-123456789abc/","issuer":"https://sts.windows.net/1234abcd-18c5-45e8-88de-123456789abc/"})",
            "names no issuer"},
        Document{"number", R"({"issuer":1})", "names no issuer"}, Document{"list", R"({"issuer":["https://a/b/"]})", "names no issuer"},
        Document{"array", R"([{"issuer":"https://a/b/"}])", "names no issuer"},
        Document{"error", R"({"error":"invalid_tenant"})", "names no issuer"}, Document{"html", "<html>", "is no JSON: unexpected '<'"}),
    [](const auto& each) { return each.param.name; });

TEST(OpenidDocument, has_a_limit) {
    std::string json = R"({"issuer":"https://sts.windows.net/)" + std::string(id) + "/\"}";
    json.append(max_openid_octets - json.size(), ' ');
    EXPECT_TRUE(tenant_in_openid_document(json));
    EXPECT_EQ(tenant_in_openid_document(json + ' ').error().detail, "has more than 65536 octets");
}

TEST(OpenidDocument, has_a_place) {
    EXPECT_EQ(openid_target("", "a.test"), "/a.test/.well-known/openid-configuration");
    EXPECT_EQ(openid_target("/base/", "a.test"), "/base/a.test/.well-known/openid-configuration");
}

}  // namespace
}  // namespace exota::tenant
