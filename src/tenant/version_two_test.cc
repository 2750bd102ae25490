#include <gtest/gtest.h>

#include "tenant/entry.h"
#include "tenant/tenants_test_support.h"

namespace exota::tenant {
namespace {

/// A file with one tenant, "t", that has this inside.
std::string one_tenant(std::string_view inside) { return R"({"version": 2, "tenants": {"t": {)" + std::string(inside) + "}}}"; }

std::string list_of(std::string_view key, std::size_t count, std::string_view element) {
    std::string out = '"' + std::string(key) + "\": [";
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? ", \"" : "\"") + std::string(element) + '"';
    return out + ']';
}

TEST(VersionTwo, reads_every_key) {
    const LoadedTenants loaded = read_tenants(R"({
      "version": 2,
      "tenants": {
        "contoso": {
          "tenant_ids": ["1234ABCD-18c5-45e8-88de-123456789abc", "2234abcd-18c5-45e8-88de-123456789abc"],
          "organizations": ["contoso.com"],
          "domains": ["Contoso.com", "*.contoso.com", "contoso.onmicrosoft.com", "b\u00fccher.example"],
          "dkim_domains": ["contoso.onmicrosoft.com", "sign.contoso.net"],
          "proofs": ["client-cert + dkim", "client-cert+xoorg"],
          "alignment": "relaxed", "forwarding": true, "hybrid": true, "connector_clients": ["203.0.113.7", "2001:db8::/32"],
          "limits": ["1000 messages / hour", "5000 recipients / day"], "limit_action": "reject",
          "mode": "quarantine"
        },
        "Fabrikam GmbH & Co.": {"organizations": ["fabrikam.com"], "domains": ["special.contoso.com"]}
      }
    })",
                                              usual_defaults());
    ASSERT_TRUE(loaded.index) << errors_of(loaded);
    EXPECT_EQ(loaded.version, 2);
    const Index& index = *loaded.index;
    struct Case {
        std::string_view domain, tenant;
    };
    const Case cases[] = {
        {"contoso.com", "contoso"},
        {"www.contoso.com", "contoso"},
        {"special.contoso.com", "Fabrikam GmbH & Co."},
        {"x.special.contoso.com", "contoso"},
        {"fabrikam.com", ""},
        {"sign.contoso.net", ""},
        {"contoso.onmicrosoft.com", "contoso"},
        {"xn--bcher-kva.example", "contoso"},
        {"onmicrosoft.com", ""},
        {"x.contoso.onmicrosoft.com", ""},
    };
    for (const Case& c : cases) EXPECT_EQ(tenant_of(loaded, c.domain), c.tenant) << c.domain;
    const Number contoso = index.covering("contoso.com")->tenant, fabrikam = index.covering("special.contoso.com")->tenant;
    EXPECT_EQ(index.with_tenant_id(*mail::TenantId::parse("1234abcd-18c5-45e8-88de-123456789ABC")), contoso);
    EXPECT_EQ(index.with_tenant_id(*mail::TenantId::parse("2234abcd-18c5-45e8-88de-123456789abc")), contoso);
    EXPECT_EQ(index.with_organization("fabrikam.com"), fabrikam);
    EXPECT_EQ(index.with_dkim_domain("sign.contoso.net"), contoso);
    EXPECT_EQ(index.with_literal_domain("www.contoso.com"), std::nullopt);
    EXPECT_TRUE(index.has_tenant_ids(contoso) && !index.has_tenant_ids(fabrikam) && index.has_organizations(fabrikam));

    const Policy& policy = *index.covering("www.contoso.com")->policy;
    EXPECT_EQ(&policy, &index.policy(contoso));
    ASSERT_EQ(policy.proofs.size(), 2U);
    EXPECT_EQ(policy.proofs[1].text, "client-cert + xoorg");
    EXPECT_EQ(policy.alignment, Alignment::relaxed);
    EXPECT_TRUE(policy.forwarding == Forwarding::all && policy.hybrid);
    ASSERT_EQ(policy.connector_clients.size(), 2U);
    EXPECT_EQ(policy.connector_clients[0].text(), "203.0.113.7/32");
    ASSERT_EQ(policy.limits.size(), 2U);
    EXPECT_EQ(policy.limits[1].text(), "5000 recipients / day");
    EXPECT_EQ(policy.limit_action, LimitAction::reject);
    EXPECT_EQ(policy.mode, Mode::quarantine);
}

TEST(VersionTwo, what_a_tenant_does_not_say_is_the_configurations) {
    Defaults defaults = usual_defaults();
    defaults.mode = Mode::defer;
    defaults.limits = {*Limit::parse("7 messages / day")};
    defaults.limit_action = LimitAction::reject;
    defaults.alignment = Alignment::relaxed;
    defaults.forwarding = Forwarding::all;
    const LoadedTenants loaded = read_tenants(R"({"version": 2, "tenants": {"a": {"domains": ["a.example.com"]},
        "b": {"domains": ["b.example.com"], "mode": "monitor", "limits": [], "forwarding": false, "alignment": "strict"}}})",
                                              defaults);
    ASSERT_TRUE(loaded.index) << errors_of(loaded);
    const Policy& a = *loaded.index->covering("a.example.com")->policy;
    EXPECT_EQ(a.proofs, defaults.proofs);
    EXPECT_EQ(a.mode, Mode::defer);
    EXPECT_EQ(a.limits, defaults.limits);
    EXPECT_EQ(a.limit_action, LimitAction::reject);
    EXPECT_EQ(a.alignment, Alignment::relaxed);
    EXPECT_TRUE(a.forwarding == Forwarding::all && !a.hybrid && a.connector_clients.empty());
    const Policy& b = *loaded.index->covering("b.example.com")->policy;
    EXPECT_EQ(b.mode, Mode::monitor);
    EXPECT_TRUE(b.limits.empty() && b.forwarding == Forwarding::none && b.alignment == Alignment::strict);
    EXPECT_EQ(b.limit_action, LimitAction::reject);
}

TEST(VersionTwo, errors_have_line_and_path) {
    struct Case {
        std::string_view inside, want;
    };
    const Case cases[] = {
        {"\"domain\": []", "error 1 tenants.t.domain: unknown key \"domain\", did you mean domains?\n"},
        {"\"domains\": \"a.example.com\"", "error 1 tenants.t.domains: must be a list of strings, is a string\n"},
        {"\"domains\":\n[\n7]", "error 3 tenants.t.domains[0]: must be a string, is a number\n"},
        {"\"domains\": [\"a.example.com\", {}, [], null, false, \"b.1\"]",
         "error 1 tenants.t.domains[1]: must be a string, is an object\nerror 1 tenants.t.domains[2]: must be a string, is a list\n"
         "error 1 tenants.t.domains[3]: must be a string, is null\nerror 1 tenants.t.domains[4]: must be a string, is false\n"
         "error 1 tenants.t.domains[5]: \"b.1\" is no domain: "},
        {"\"domains\": [\"*.com\"]",
         "error 1 tenants.t.domains[0]: \"*.com\": a wildcard directly below a public or shared suffix covers other people's domains\n"},
        {"\"domains\": [\"*.co.uk\"]", "error 1 tenants.t.domains[0]: \"*.co.uk\": a wildcard directly below a public"},
        {"\"domains\": [\"*.OnMicrosoft.com\"]", "error 1 tenants.t.domains[0]: \"*.OnMicrosoft.com\": a wildcard directly below a public"},
        {"\"domains\": [\"*.onmschina.cn\"]", "error 1 tenants.t.domains[0]: \"*.onmschina.cn\": a wildcard directly below a public"},
        {"\"domains\": [\"*\"]", "error 1 tenants.t.domains[0]: \"*\" is no domain: "},
        {"\"domains\": [\"*.\"]", "error 1 tenants.t.domains[0]: \"*.\" is no wildcard: "},
        {"\"domains\": [\"*.*.example.com\"]", "error 1 tenants.t.domains[0]: \"*.*.example.com\" is no wildcard: "},
        {"\"domains\": [\"a.*.example.com\"]", "error 1 tenants.t.domains[0]: \"a.*.example.com\" is no domain: "},
        {"\"organizations\": [\"*.example.com\"]", "error 1 tenants.t.organizations[0]: \"*.example.com\" is no domain: "},
        {"\"organizations\": [\"onmicrosoft.com\"]",
         "error 1 tenants.t.organizations[0]: \"onmicrosoft.com\" is a suffix that many tenants share"},
        {"\"dkim_domains\": [\"\"]", "error 1 tenants.t.dkim_domains[0]: \"\" is no domain: "},
        {"\"tenant_ids\": [\"{1234abcd-18c5-45e8-88de-123456789abc}\"]",
         "error 1 tenants.t.tenant_ids[0]: \"{1234abcd-18c5-45e8-88de-123456789abc}\" is no UUID of 36 characters\n"},
        {"\"tenant_ids\": [null]", "error 1 tenants.t.tenant_ids[0]: must be a string, is null\n"},
        {"\"proofs\": []", "error 1 tenants.t.proofs: no proof: "},
        {"\"proofs\": [\"client-cert + dkin\"]",
         "error 1 tenants.t.proofs[0]: \"client-cert + dkin\": unknown factor dkin, did you mean dkim?\n"},
        {"\"alignment\": \"loose\"", "error 1 tenants.t.alignment: must be \"strict\" or \"relaxed\", is \"loose\"\n"},
        {"\"mode\": true", "error 1 tenants.t.mode: must be a string, is true\n"},
        {"\"mode\": \"Monitor\"",
         "error 1 tenants.t.mode: must be \"enforce\", \"defer\", \"quarantine\" or \"monitor\", is \"Monitor\", did you mean monitor?\n"},
        {"\"limit_action\": \"drop\"", "error 1 tenants.t.limit_action: must be \"tempfail\" or \"reject\", is \"drop\"\n"},
        {"\"limits\": [\"10 messages\"]", "error 1 tenants.t.limits[0]: \"10 messages\": no '/'"},
        {"\"connector_clients\": [\"203.0.113.7/24\"]", "error 1 tenants.t.connector_clients[0]: \"203.0.113.7/24\": host bits"},
        {"\"forwarding\": \"yes\"", "error 1 tenants.t.forwarding: must be true, false or \"journal\", is a string\n"},
        {"\"hybrid\": 1", "error 1 tenants.t.hybrid: must be true or false, is a number\n"},
        {"\"mode\": \"defer\",\n\"mode\": \"defer\"", "error 2 tenants.t.mode: duplicate key\n"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(one_tenant(c.inside), usual_defaults());
        EXPECT_FALSE(loaded.index) << c.inside;
        EXPECT_EQ(errors_of(loaded).substr(0, c.want.size()), c.want);
    }
}

TEST(VersionTwo, structure_errors) {
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {R"({"version": 2})", "error 0 tenants: the key \"tenants\" is missing\n"},
        {R"({"tenants": {"a": {}}})", "error 0 version: the key \"version\" with the number 2 is missing\n"},
        {R"({"version": "2", "tenants": {"a": {"domains": ["a.test"], "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"]}}})",
         "error 1 version: must be the number 2, is a string\n"},
        {R"({"version": 3, "tenants": {}})",
         "error 1 version: unknown version: this program reads version 2 (version 1 has no key \"version\")\n"},
        {R"({"version": 2, "tenant": {}, "tenants": {}})", "error 1 tenant: unknown key \"tenant\", did you mean tenants?\n"},
        {R"({"version": 2, "tenants": [{"domains": []}]})", "error 1 tenants: must be an object of tenants, is a list\n"},
        {R"({"version": 2, "tenants": {"a": []}})", "error 1 tenants.a: a tenant must be an object, is a list\n"},
        {"{\"version\": 2, \"tenants\": {\"a\": {},\n\"a\": {}}}",
         "error 2 tenants.a: duplicate key: this tenant stands twice in the file\n"},
        {R"({"version": 2, "tenants": {}, "tenants": {}})", "error 1 tenants: duplicate key\n"},
        {R"({"version": 2, "tenants": {"": {}}})",
         "error 1 tenants[\"\"]: the name of a tenant has 1 to 128 octets and no control characters\n"},
        {R"({"version": 2, "tenants": {"a\nb": {}}})",
         "error 1 tenants[\"a\\nb\"]: the name of a tenant has 1 to 128 octets and no control characters\n"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(c.text, usual_defaults());
        EXPECT_FALSE(loaded.index) << c.text;
        EXPECT_EQ(errors_of(loaded), c.want);
    }
}

TEST(VersionTwo, a_name_in_two_tenants_is_an_error) {
    struct Case {
        std::string_view a, b, want;
    };
    const Case cases[] = {
        {R"("domains": ["x.example.com"])", R"("domains": ["X.example.com."])",
         "error 3 tenants.b.domains[0]: \"X.example.com.\" is a domain of tenant \"a\" too\n"},
        {R"("domains": ["*.example.com"])", R"("domains": ["*.Example.com"])",
         "error 3 tenants.b.domains[0]: \"*.Example.com\" is a wildcard of tenant \"a\" too\n"},
        {R"("tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"])", R"("tenant_ids": ["1234ABCD-18C5-45e8-88de-123456789abc"])",
         "error 3 tenants.b.tenant_ids[0]: \"1234ABCD-18C5-45e8-88de-123456789abc\" is a tenant id of tenant \"a\" too\n"},
        {R"("organizations": ["x.example.com"])", R"("organizations": ["x.example.com"])",
         "error 3 tenants.b.organizations[0]: \"x.example.com\" is an organization of tenant \"a\" too\n"},
        {R"("organizations": ["x.example.com"])", R"("domains": ["x.example.com"])",
         "error 3 tenants.b.domains[0]: \"x.example.com\" is an organization of tenant \"a\" too\n"},
        {R"("domains": ["x.example.com"])", R"("organizations": ["x.example.com"])",
         "error 3 tenants.b.organizations[0]: \"x.example.com\" is a domain of tenant \"a\" too\n"},
        {R"("dkim_domains": ["x.example.com"])", R"("dkim_domains": ["x.example.com"])",
         "error 3 tenants.b.dkim_domains[0]: \"x.example.com\" is a DKIM domain of tenant \"a\" too\n"},
        {R"("dkim_domains": ["x.example.com"])", R"("domains": ["x.example.com"])",
         "error 3 tenants.b.domains[0]: \"x.example.com\" is a DKIM domain of tenant \"a\" too\n"},
        {R"("domains": ["x.example.com"])", R"("dkim_domains": ["x.example.com"])",
         "error 3 tenants.b.dkim_domains[0]: \"x.example.com\" is a domain of tenant \"a\" too\n"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(
            "{\"version\": 2, \"tenants\": {\n\"a\": {" + std::string(c.a) + "},\n\"b\": {" + std::string(c.b) + "}}}", usual_defaults());
        EXPECT_FALSE(loaded.index) << c.a << c.b;
        EXPECT_EQ(errors_of(loaded), c.want);
    }
}

TEST(VersionTwo, what_may_meet_between_tenants) {
    const LoadedTenants loaded = read_tenants(R"({"version": 2, "tenants": {
        "a": {"domains": ["*.example.com", "a.example.com"], "organizations": ["a.example.com"], "dkim_domains": ["a.example.com", "a.onmicrosoft.com"]},
        "b": {"domains": ["example.com", "b.example.com", "*.b.example.com"], "organizations": ["x.example.com"], "dkim_domains": ["y.example.com"]}}})",
                                              usual_defaults());
    EXPECT_TRUE(loaded.index) << errors_of(loaded);
}

TEST(VersionTwo, twice_in_one_tenant_is_a_warning) {
    const LoadedTenants loaded =
        read_tenants(one_tenant(R"("organizations": ["a.example.com", "A.example.com"], "domains": ["a.example.com", "a.example.com."])"),
                     usual_defaults());
    ASSERT_TRUE(loaded.index) << errors_of(loaded);
    EXPECT_NE(warnings_of(loaded).find("tenants.t.organizations[1]: \"A.example.com\" stands twice in this tenant"), std::string::npos);
    EXPECT_NE(warnings_of(loaded).find("tenants.t.domains[1]: \"a.example.com.\" stands twice in this tenant"), std::string::npos);
}

TEST(VersionTwo, limits_on_both_sides) {
    struct Case {
        std::string_view key, element;
        std::size_t limit;
    };
    const Case cases[] = {{"proofs", "dkim", max_proofs},
                          {"limits", "1 messages / day", max_limits},
                          {"connector_clients", "203.0.113.7", max_connector_clients}};
    for (const Case& c : cases) {
        EXPECT_TRUE(read_tenants(one_tenant(list_of(c.key, c.limit, c.element)), usual_defaults()).index) << c.key;
        EXPECT_NE(errors_of(read_tenants(one_tenant(list_of(c.key, c.limit + 1, c.element)), usual_defaults()))
                      .find("more than " + std::to_string(c.limit)),
                  std::string::npos)
            << c.key;
    }
    const auto named = [](std::size_t octets) { return R"({"version": 2, "tenants": {")" + std::string(octets, 'n') + "\": {}}}"; };
    EXPECT_TRUE(read_tenants(named(max_tenant_name_octets), usual_defaults()).index);
    EXPECT_FALSE(read_tenants(named(max_tenant_name_octets + 1), usual_defaults()).index);
}

TEST(VersionTwo, a_name_has_no_control_characters_of_unicode_either) {
    const struct {
        std::string_view name;
        bool fits;
    } cases[] = {{"a\u007f", false}, {"a\u0080", false}, {"a\u0085z", false},    {"\u009f", false},
                 {"a\u00a0", true},  {"\u00dcz", true},  {"\u0414\u0414", true}, {"\u20ac", true}};
    for (const auto& c : cases) {
        const LoadedTenants loaded = read_tenants(R"({"version": 2, "tenants": {")" + std::string(c.name) + "\": {}}}", usual_defaults());
        EXPECT_EQ(loaded.index.has_value(), c.fits) << c.name;
        EXPECT_EQ(errors_of(loaded).contains("no control characters"), !c.fits) << errors_of(loaded);
    }
}

TEST(VersionTwo, warns_where_a_tenant_looks_guarded_and_is_not) {
    struct Case {
        std::string_view inside, want;
    };
    const Case cases[] = {
        {R"("domains": ["a.example.com"])", "neither tenant_ids nor organizations"},
        {R"("domains": ["a.example.com"], "organizations": ["a.example.com"])", "no tenant_ids: signed mail"},
        {R"("organizations": ["a.example.com"])", "no domains"},
        {R"("organizations": ["a.example.com"], "proofs": ["dkim"])", "dkim can never hold"},
        {R"("tenant_ids": ["84df9e7f-e9f6-40af-b435-aaaaaaaaaaaa"])", "all consumer accounts"},
        {R"("proofs": ["client-ip + spf"])", "spf proves only"},
        {R"("proofs": ["client-cert"])", "no factor asks which tenant"},
        {R"("proofs": ["client-cert + hosted"])", "no factor asks which tenant"},
        {R"("proofs": ["listed"])", "listed proves nothing"},
        {R"("proofs": ["dkim-any"])", "dkim-any proves nothing"},
        {R"("proofs": ["dkim"])", "unsigned system mail"},
        {R"("forwarding": true)", "forwarding is allowed, but every proof needs a signature of the foreign author"},
        {R"("forwarding": true, "proofs": ["listed + dkim"])", "forwarding is allowed, but no proof can be met"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(one_tenant(c.inside), usual_defaults());
        EXPECT_TRUE(loaded.index) << errors_of(loaded);
        EXPECT_NE(warnings_of(loaded).find(c.want), std::string::npos) << c.inside << '\n' << warnings_of(loaded);
    }
    const LoadedTenants good = read_tenants(
        one_tenant(
            R"("tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "domains": ["a.example.com"], "proofs": ["client-cert + dkim", "client-cert + tenant-id"], "forwarding": true)"),
        usual_defaults());
    ASSERT_TRUE(good.index);
    EXPECT_EQ(warnings_of(good), "");
}

TEST(VersionTwo, what_the_configuration_says_of_own_proofs_is_told_of_these_alone) {
    Defaults defaults = usual_defaults();
    defaults.advise_on_own_proofs = [](const std::vector<Proof>& proofs) {
        return std::vector<std::string>{"advice on " + proofs.at(0).text};
    };
    const LoadedTenants own = read_tenants(one_tenant(R"("proofs": ["client-ip + dkim"])"), defaults);
    EXPECT_NE(warnings_of(own).find("advice on client-ip + dkim"), std::string::npos) << warnings_of(own);
    EXPECT_EQ(warnings_of(read_tenants(one_tenant(""), defaults)).find("advice on"), std::string::npos);
}

}  // namespace
}  // namespace exota::tenant
