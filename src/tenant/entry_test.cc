#include "tenant/entry.h"

#include <gtest/gtest.h>

#include "tenant/tenants_test_support.h"

namespace exota::tenant {
namespace {

using Field = TenantEntry::Field;
using Texts = std::vector<std::string_view>;

/// A source with nothing but texts: names of its own for places, no lines.
class Attributes {
public:
    void tenant(std::string_view name, const std::vector<std::pair<Field, Texts>>& attributes) {
        entry_.begin(name, {});
        for (const auto& [field, texts] : attributes) entry_.set_texts(field, texts, {});
        entry_.end();
    }
    TenantEntry& entry() noexcept { return entry_; }
    LoadedTenants finish(Told told = Told::all) {
        entry_.finish(told);
        LoadedTenants loaded;
        if (!problems_.any_error()) loaded.index = std::move(builder_).build();
        loaded.problems = problems_.take();
        return loaded;
    }

private:
    static std::string path_of(std::string_view tenant, std::string_view field, std::optional<std::size_t> element) {
        std::string path = "cn=" + std::string(tenant);
        if (!field.empty()) path += '/' + std::string(field);
        if (element) path += '#' + std::to_string(*element);
        return path;
    }

    const Defaults defaults_ = usual_defaults();
    const PathOf path_of_ = &path_of;
    Problems problems_;
    IndexBuilder builder_;
    TenantEntry entry_{defaults_, problems_, builder_, path_of_};
};

TEST(TenantEntry, texts_say_all_that_a_file_says) {
    Attributes source;
    source.tenant("contoso", {{Field::tenant_ids, {"1234ABCD-18c5-45e8-88de-123456789abc"}},
                              {Field::organizations, {"contoso.com"}},
                              {Field::domains, {"Contoso.com", "*.contoso.com"}},
                              {Field::dkim_domains, {"sign.contoso.net"}},
                              {Field::proofs, {"client-cert + dkim", "client-cert+tenant-id"}},
                              {Field::connector_clients, {"203.0.113.7"}},
                              {Field::limits, {"1000 messages / hour"}},
                              {Field::alignment, {"relaxed"}},
                              {Field::limit_action, {"reject"}},
                              {Field::mode, {"defer"}},
                              {Field::forwarding, {"TRUE"}},
                              {Field::hybrid, {"True"}}});
    const LoadedTenants loaded = source.finish();
    EXPECT_EQ(lines_of(loaded, true, true), "");
    const LoadedTenants file = read_tenants(R"({"version": 2, "tenants": {"contoso": {
        "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "organizations": ["contoso.com"],
        "domains": ["contoso.com", "*.contoso.com"], "dkim_domains": ["sign.contoso.net"],
        "proofs": ["client-cert + dkim", "client-cert + tenant-id"], "connector_clients": ["203.0.113.7"],
        "limits": ["1000 messages / hour"], "alignment": "relaxed", "limit_action": "reject", "mode": "defer", "forwarding": true,
        "hybrid": true}}})",
                                            usual_defaults());
    ASSERT_TRUE(loaded.index && file.index) << errors_of(file);
    EXPECT_EQ(*loaded.index->covering("www.contoso.com")->policy, *file.index->covering("www.contoso.com")->policy);
    EXPECT_TRUE(loaded.index->with_tenant_id(*mail::TenantId::parse("1234abcd-18c5-45e8-88de-123456789abc")));
    EXPECT_TRUE(loaded.index->with_organization("contoso.com") && loaded.index->with_literal_domain("contoso.com"));
    EXPECT_TRUE(loaded.index->with_dkim_domain("sign.contoso.net"));
}

TEST(TenantEntry, the_truth_in_texts) {
    const struct {
        Field field;
        std::string_view text, error;
        Forwarding forwarding = Forwarding::none;
        bool hybrid = false;
    } cases[] = {
        {Field::forwarding, "true", "", Forwarding::all},
        {Field::forwarding, "FALSE", ""},
        {Field::forwarding, "journal", "", Forwarding::journal},
        {Field::forwarding, "JOURNAL", "error 0 cn=t/forwarding: must be true, false or \"journal\", is a string\n"},
        {Field::hybrid, "TRUE", "", Forwarding::none, true},
        {Field::hybrid, "false", ""},
        {Field::hybrid, "1", "error 0 cn=t/hybrid: must be true or false, is a string\n"},
        {Field::hybrid, "", "error 0 cn=t/hybrid: must be true or false, is a string\n"},
        {Field::mode, "true", "error 0 cn=t/mode: must be \"enforce\", \"defer\", \"quarantine\" or \"monitor\", is \"true\"\n"},
    };
    for (const auto& c : cases) {
        Attributes source;
        source.tenant("t", {{Field::domains, {"t.example.com"}}, {c.field, {c.text}}});
        const LoadedTenants loaded = source.finish();
        EXPECT_EQ(errors_of(loaded), c.error) << c.text;
        if (!loaded.index) continue;
        const Policy& policy = *loaded.index->covering("t.example.com")->policy;
        EXPECT_TRUE(policy.forwarding == c.forwarding && policy.hybrid == c.hybrid) << c.text;
    }
}

TEST(TenantEntry, problems_have_the_places_of_their_source) {
    const struct {
        std::vector<std::pair<Field, Texts>> attributes;
        std::string_view errors;
    } cases[] = {
        {{{Field::domains, {"a.example.com", "b..example.com"}}}, "error 0 cn=t/domains#1: \"b..example.com\" is no domain: "},
        {{{Field::mode, {"defer", "monitor"}}}, "error 0 cn=t/mode: must have one value, has 2\n"},
        {{{Field::mode, {}}}, "error 0 cn=t/mode: must have one value, has 0\n"},
        {{{Field::mode, {"defer"}}, {Field::mode, {"defer"}}}, "error 0 cn=t/mode: duplicate key\n"},
        {{{Field::proofs, {}}}, "error 0 cn=t/proofs: no proof: "},
        {{{Field::organizations, {"x.example.com"}}},
         "error 0 cn=t/organizations#0: \"x.example.com\" is a domain of tenant \"other\" too\n"},
    };
    for (const auto& c : cases) {
        Attributes source;
        source.tenant("other", {{Field::domains, {"x.example.com"}}});
        source.tenant("t", c.attributes);
        EXPECT_EQ(errors_of(source.finish()).substr(0, c.errors.size()), c.errors);
    }
}

TEST(TenantEntry, an_unknown_field_has_a_hint) {
    Attributes source;
    source.entry().begin("t", {7, 1});
    source.entry().unknown_field("domain", {7, 9});
    source.entry().end();
    EXPECT_EQ(errors_of(source.finish()), "error 7 cn=t/domain: unknown key \"domain\", did you mean domains?\n");
}

TEST(TenantEntry, a_tenant_twice_is_told_and_an_incomplete_set_is_not_advised_on) {
    for (const Told told : {Told::all, Told::some}) {
        Attributes source;
        source.tenant("t", {});
        source.tenant("t", {});
        const LoadedTenants loaded = source.finish(told);
        EXPECT_EQ(errors_of(loaded), "error 0 cn=t: duplicate key: this tenant stands twice in the file\n");
        EXPECT_EQ(warnings_of(loaded).find("tenants without proofs of their own") != std::string::npos, told == Told::all)
            << warnings_of(loaded);
    }
}

}  // namespace
}  // namespace exota::tenant
