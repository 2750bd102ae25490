// "recipients" of a tenant: how the recipients of its domains are known.
#include <gtest/gtest.h>

#include "tenant/entry.h"
#include "tenant/tenants_test_support.h"

namespace exota::tenant {
namespace {

std::string tenant_with(std::string_view recipients) {
    return R"({"version": 2, "tenants": {"t": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"],
        "domains": ["contoso.com", "*.contoso.com"], "recipients": )" +
           std::string(recipients) + "}}}";
}

std::string_view type_at(std::string_view recipients, std::string_view domain) {
    const LoadedTenants loaded = read_tenants(tenant_with(recipients), usual_defaults());
    EXPECT_TRUE(loaded.index) << errors_of(loaded);
    return loaded.index ? name_of(loaded.index->covering(domain)->policy->recipients_at(domain)) : std::string_view();
}

TEST(Recipients, names_both_ways) {
    for (const RecipientType type : {RecipientType::authoritative, RecipientType::internal_relay, RecipientType::external_relay})
        EXPECT_EQ(recipient_type_named(name_of(type)), type);
    for (const char* name : {"", "Authoritative", "relay", "internal_relay"}) EXPECT_FALSE(recipient_type_named(name)) << name;
}

TEST(Recipients, of_a_tenant_or_of_each_domain) {
    struct Case {
        std::string_view recipients, domain, type;
    };
    const Case cases[] = {
        {R"("authoritative")", "contoso.com", "authoritative"},
        {R"("authoritative")", "shop.contoso.com", "authoritative"},
        {R"("internal-relay")", "contoso.com", "internal-relay"},
        {R"("external-relay")", "contoso.com", "external-relay"},
        {"{}", "contoso.com", "external-relay"},
        {R"({"contoso.com": "authoritative"})", "contoso.com", "authoritative"},
        {R"({"contoso.com": "authoritative"})", "shop.contoso.com", "external-relay"},
        {R"({"Contoso.com.": "authoritative"})", "contoso.com", "authoritative"},
        {R"({"*.contoso.com": "authoritative"})", "a.b.contoso.com", "authoritative"},
        {R"({"*.contoso.com": "authoritative"})", "contoso.com", "external-relay"},
        {R"({"*.contoso.com": "authoritative", "shop.contoso.com": "internal-relay"})", "shop.contoso.com", "internal-relay"},
        {R"({"*.contoso.com": "authoritative", "*.b.contoso.com": "internal-relay"})", "a.b.contoso.com", "internal-relay"},
        {R"({"contoso.com": "authoritative", "*.contoso.com": "internal-relay"})", "contoso.com", "authoritative"},
        {R"({"contoso.com": "authoritative", "*.contoso.com": "internal-relay"})", "x.contoso.com", "internal-relay"},
    };
    for (const Case& c : cases) EXPECT_EQ(type_at(c.recipients, c.domain), c.type) << c.recipients << ' ' << c.domain;
}

TEST(Recipients, what_a_tenant_does_not_say_is_external_relay) {
    const LoadedTenants two = read_tenants(R"({"version": 2, "tenants": {"t": {"domains": ["contoso.com"]}}})", usual_defaults());
    const LoadedTenants one = read_tenants(R"({"contoso.com": {}})", usual_defaults());
    for (const LoadedTenants* loaded : {&two, &one})
        EXPECT_EQ(loaded->index->covering("contoso.com")->policy->recipients_at("contoso.com"), RecipientType::external_relay);
}

TEST(Recipients, of_two_tenants_are_kept_apart) {
    const LoadedTenants loaded = read_tenants(R"({"version": 2, "tenants": {
        "a": {"domains": ["a.example"], "recipients": {"a.example": "authoritative"}},
        "b": {"domains": ["b.example"], "recipients": {"b.example": "authoritative"}},
        "c": {"domains": ["c.example"], "recipients": {"a.example": "internal-relay"}}}})",
                                              usual_defaults());
    const auto type_of = [&](std::string_view domain) { return loaded.index->covering(domain)->policy->recipients_at(domain); };
    EXPECT_EQ(type_of("a.example"), RecipientType::authoritative);
    EXPECT_EQ(type_of("b.example"), RecipientType::authoritative);
    EXPECT_EQ(type_of("c.example"), RecipientType::external_relay);
}

TEST(Recipients, errors) {
    struct Case {
        std::string_view recipients, want;
    };
    const Case cases[] = {
        {"true", "must be a string, or an object of domains, is true\n"},
        {"[]", "must be a string, or an object of domains, is a list\n"},
        {R"("authorative")",
         "must be \"authoritative\", \"internal-relay\" or \"external-relay\", is \"authorative\", did you mean authoritative?\n"},
        {R"({"contoso.com": "none"})",
         "\"contoso.com\": must be \"authoritative\", \"internal-relay\" or \"external-relay\", is \"none\"\n"},
        {R"({"contoso.com": 1})", "\"contoso.com\": must be a string, is a number\n"},
        {R"({"contoso.com": {"a": ["b"]}})", "\"contoso.com\": must be a string, is an object\n"},
        {R"({"a b": "authoritative"})", "\"a b\" is no domain: "},
        {R"({"*.": "authoritative"})", "\"*.\" is no wildcard: "},
        {R"({"contoso.com": "authoritative", "CONTOSO.com": "authoritative"})", "\"contoso.com\" twice\n"},
        {R"({"*.contoso.com": "authoritative", "*.contoso.com.": "internal-relay"})", "\"*.contoso.com\" twice\n"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(tenant_with(c.recipients), usual_defaults());
        EXPECT_FALSE(loaded.index) << c.recipients;
        const std::string want = "error 2 tenants.t.recipients: " + std::string(c.want);
        EXPECT_EQ(errors_of(loaded).substr(0, want.size()), want);
    }
}

TEST(Recipients, limit_on_both_sides) {
    const auto object_of = [](std::size_t domains) {
        std::string object = "{";
        for (std::size_t i = 0; i < domains; ++i)
            object.append(i > 0 ? "," : "").append("\"d").append(std::to_string(i)).append(R"(.example": "authoritative")");
        return object + "}";
    };
    EXPECT_TRUE(read_tenants(tenant_with(object_of(max_recipient_domains)), usual_defaults()).index);
    EXPECT_EQ(errors_of(read_tenants(tenant_with(object_of(max_recipient_domains + 1)), usual_defaults())),
              "error 2 tenants.t.recipients: more than 10000 domains\n");
}

/// Of a source that has nothing but texts.
TEST(Recipients, as_texts) {
    const Defaults defaults = usual_defaults();
    const PathOf path_of = [](std::string_view, std::string_view field, std::optional<std::size_t>) { return std::string(field); };
    const auto policy_of = [&](std::vector<std::string_view> texts) {
        Problems problems;
        IndexBuilder builder;
        TenantEntry entry(defaults, problems, builder, path_of);
        entry.begin("t", {});
        entry.set_texts(TenantEntry::Field::domains, std::vector<std::string_view>{"contoso.com"}, {});
        entry.set_texts(TenantEntry::Field::recipients, texts, {});
        entry.end();
        entry.finish(Told::all);
        return problems.any_error() ? std::optional<Policy>() : *std::move(builder).build().covering("contoso.com")->policy;
    };
    EXPECT_EQ(policy_of({"authoritative"})->recipients_at("contoso.com"), RecipientType::authoritative);
    EXPECT_EQ(policy_of({"contoso.com = authoritative", "x.example=internal-relay"})->recipients_at("contoso.com"),
              RecipientType::authoritative);
    EXPECT_FALSE(policy_of({"authoritative", "internal-relay"}));
    EXPECT_FALSE(policy_of({"contoso.com=authoritative", "internal-relay"}));
    EXPECT_FALSE(policy_of({"=authoritative"}));
}

}  // namespace
}  // namespace exota::tenant
