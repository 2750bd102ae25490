#include "programs/tenant_output.h"

#include <gtest/gtest.h>

namespace exota::programs {
namespace {

tenant::RawTenants tenants(const std::string& members) {
    return *tenant::RawTenants::read(R"({"version": 2, "tenants": {)" + members + "}}");
}

TEST(TenantOutput, quotes_what_a_terminal_could_mistake) {
    EXPECT_EQ(
        list_as_text(tenants(R"("a": {"domains": ["a.test", "b.test"], "mode": "defer"}, "\u001b[2J": {})")),
        "a            2 domains, 0 tenant ids, 0 organizations, mode defer\n\"\\u001b[2J\"  0 domains, 0 tenant ids, 0 organizations\n");
    EXPECT_EQ(tenant_as_text(*tenants(R"("a": {"domains": ["\n", "b"], "limits": [], "hybrid": true})").find("a")),
              "a\n  domains: \"\\n\", b\n  hybrid: true\n  limits: []\n");
}

TEST(TenantOutput, shows_what_of_a_list_came_and_went) {
    const auto before = tenants(R"("a": {"domains": ["a", "b"], "mode": "defer"}, "gone": {"hybrid": false})");
    const auto after = tenants(R"("a": {"domains": ["c", "a"], "mode": "monitor"}, "new": {})");
    EXPECT_EQ(difference_as_text(tenant::difference(before, after)),
              "~ a\n-   domains: b\n+   domains: c\n-   mode: defer\n+   mode: monitor\n+ new\n- gone\n-   hybrid: false\n");
}

TEST(TenantOutput, shows_a_list_whole_where_only_its_order_changed) {
    const auto before = tenants(R"("a": {"proofs": ["a", "b"]})"), after = tenants(R"("a": {"proofs": ["b", "a"]})");
    EXPECT_EQ(difference_as_text(tenant::difference(before, after)), "~ a\n-   proofs: a, b\n+   proofs: b, a\n");
}

}  // namespace
}  // namespace exota::programs
