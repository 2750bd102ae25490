#include "tenant/found_tenant.h"

#include <gtest/gtest.h>

#include "tenant/tenants_test_support.h"

namespace exota::tenant {
namespace {

std::string text_of(const std::vector<Problem>& problems) {
    std::string out;
    for (const Problem& problem : problems)
        out += (problem.severity == Problem::Severity::error ? "error " : "warning ") + problem.path + ": " + problem.text + '\n';
    return out;
}

TEST(FoundTenant, is_read_as_a_file_is) {
    const ReadTenant read = read_found_tenant("contoso",
                                              {{"domains", {"Contoso.com", "*.contoso.com"}},
                                               {"tenant_ids", {"1234ABCD-18c5-45e8-88de-123456789abc"}},
                                               {"organizations", {"contoso.onmicrosoft.com"}},
                                               {"forwarding", {"TRUE"}},
                                               {"mode", {"defer"}}},
                                              usual_defaults());
    ASSERT_TRUE(read.tenant) << text_of(read.problems);
    EXPECT_EQ(read.tenant->name, "contoso");
    EXPECT_FALSE(read.tenant->is_domain_entry);
    EXPECT_EQ(read.tenant->policy.mode, Mode::defer);
    EXPECT_EQ(read.tenant->policy.forwarding, Forwarding::all);
    EXPECT_TRUE(read.tenant->own.with_literal_domain("contoso.com") && read.tenant->own.covering("x.contoso.com"));
    EXPECT_TRUE(read.tenant->own.has_tenant_ids(Number{0}) && read.tenant->own.has_organizations(Number{0}));
}

TEST(FoundTenant, malformed_entries_have_their_reasons) {
    const struct {
        std::vector<TextField> fields;
        std::string_view error;
    } cases[] = {
        {{{"domains", {"a..b"}}}, "error domains[0]: \"a..b\" is no domain"},
        {{{"tenant_ids", {"nonsense"}}}, "error tenant_ids[0]: "},
        {{{"mode", {"defer", "monitor"}}}, "error mode: must have one value, has 2"},
        {{{"hybrid", {"yes"}}}, "error hybrid: must be true or false"},
        {{{"proofs", {"dkim + nonsense"}}}, "error proofs[0]: "},
        {{{"domain", {"a.example.com"}}}, "error domain: unknown key"},
    };
    for (const auto& c : cases) {
        const ReadTenant read = read_found_tenant("t", c.fields, usual_defaults());
        EXPECT_FALSE(read.tenant);
        EXPECT_NE(text_of(read.problems).find(c.error), std::string::npos) << c.error << "\nin\n" << text_of(read.problems);
    }
    EXPECT_FALSE(read_found_tenant("", {}, usual_defaults()).tenant);
    EXPECT_FALSE(read_found_tenant(std::string(200, 'x'), {}, usual_defaults()).tenant);
}

TEST(FoundTenant, the_predecessors_attributes) {
    const std::string_view id = "1234ABCD-18c5-45e8-88de-123456789abc";
    const struct {
        std::string_view name;
        DomainFields fields;
        bool good, enabled, aligned;
    } cases[] = {
        {"nothing is there", {}, true, true, true},
        {"all of it", {id, "TRUE", "FALSE"}, true, true, false},
        {"one flag is missing", {id, "FALSE", {}}, true, false, true},
        {"an empty id is none", {"", "TRUE", "TRUE"}, true, true, true},
        {"Python's forms of an id", {"{1234abcd18c545e888de123456789abc}", {}, {}}, true, true, true},
        {"no id at all", {"nonsense", "TRUE", "TRUE"}, false, true, true},
        {"no truth value", {id, "1", "TRUE"}, false, true, true},
        {"an empty flag", {id, "TRUE", ""}, false, true, true},
    };
    for (const auto& c : cases) {
        const ReadTenant read = read_found_domain("contoso.com", c.fields, usual_defaults());
        EXPECT_EQ(read.tenant != nullptr, c.good) << c.name << '\n' << text_of(read.problems);
        if (!read.tenant) continue;
        EXPECT_TRUE(read.tenant->is_domain_entry);
        EXPECT_EQ(read.tenant->policy.v1_dkim_enabled, c.enabled) << c.name;
        EXPECT_EQ(read.tenant->policy.v1_dkim_alignment_required, c.aligned) << c.name;
        const bool has_id = c.fields.tenant_id && !c.fields.tenant_id->empty();
        EXPECT_EQ(read.tenant->name, has_id ? "1234abcd-18c5-45e8-88de-123456789abc" : "contoso.com") << c.name;
        EXPECT_EQ(read.tenant->own.with_tenant_id(*mail::TenantId::parse(id)).has_value(), has_id) << c.name;
    }
}

}  // namespace
}  // namespace exota::tenant
