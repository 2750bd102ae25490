#include "app/recipient_gaps.h"

#include <gtest/gtest.h>

#include "tenant/tenants_file.h"

namespace exota::app {
namespace {

std::string said_of(std::string_view tenants, std::initializer_list<std::string_view> entries) {
    config::Config config;
    config.recipients.file = "/etc/exota/recipients";
    const auto read = tenant::read_tenants(std::string(tenants), tenant::Defaults{});
    EXPECT_TRUE(read.index) << tenants;
    tenant::RecipientList list;
    for (const std::string_view entry : entries) list.add(entry);
    const auto problems = domains_without_recipients(config, *read.index, list);
    if (problems.empty()) return "";
    EXPECT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].severity, config::Problem::Severity::warning);
    EXPECT_EQ(problems[0].file, config.recipients.file);
    EXPECT_EQ(problems[0].key, "recipients.file");
    return problems[0].text;
}

constexpr std::string_view two = R"({"version": 2, "tenants": {
    "contoso": {"domains": ["contoso.com", "*.contoso.com", "contoso.net"], "organizations": ["contoso.org"], "recipients": "authoritative"},
    "fabrikam": {"domains": ["fabrikam.com", "lists.fabrikam.com"], "recipients": {"fabrikam.com": "authoritative"}},
    "other": {"domains": ["other.com"], "recipients": "internal-relay"}
}})";

TEST(RecipientGaps, an_authoritative_domain_of_which_the_list_has_nobody) {
    EXPECT_EQ(said_of(two, {"john@contoso.com", "@contoso.net", "jane@fabrikam.com"}), "");
    EXPECT_EQ(said_of(two, {"john@contoso.com", "@contoso.net"}),
              "has nobody of fabrikam.com, whose recipients are said to be \"authoritative\": all mail for them would be refused");
    EXPECT_EQ(said_of(two, {"john@mail.contoso.com", "john@contoso.com.example", "jane@fabrikam.com"}).substr(0, 42),
              "has nobody of contoso.com, contoso.net, wh");
}

TEST(RecipientGaps, many_are_counted) {
    std::string text = R"({"version": 2, "tenants": {"t": {"recipients": "authoritative", "domains": ["d0.test")";
    for (int i = 1; i < 7; ++i) text += ", \"d" + std::to_string(i) + ".test\"";
    EXPECT_EQ(said_of(text + "]}}}", {"a@d6.test"}).find("has nobody of d0.test, d1.test, d2.test, d3.test, d4.test and 1 domain more, "),
              0U);
    EXPECT_EQ(said_of(text + "]}}}", {"a@d6.test", "a@d5.test"}).find("has nobody of d0.test, d1.test, d2.test, d3.test, d4.test, whose"),
              0U);
}

}  // namespace
}  // namespace exota::app
