#include <gtest/gtest.h>

#include "tenant/tenants_test_support.h"

namespace exota::tenant {
namespace {

constexpr std::string_view uuid = "1234abcd-18c5-45e8-88de-123456789abc";

TEST(VersionOne, reads_the_predecessors_files) {
    const LoadedTenants loaded = read_tenants(R"({
        "contoso.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc", "dkim_enabled": true, "dkim_alignment_required": true},
        "fabrikam.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc", "dkim_enabled": false},
        "empty.example": {},
        "none.example": {"tenant_id": "", "dkim_alignment_required": false}
    })",
                                              usual_defaults());
    ASSERT_TRUE(loaded.index) << errors_of(loaded);
    EXPECT_EQ(loaded.version, 1);
    const Index& index = *loaded.index;
    EXPECT_EQ(tenant_of(loaded, "contoso.example"), uuid);
    EXPECT_EQ(tenant_of(loaded, "fabrikam.example"), uuid);
    EXPECT_EQ(tenant_of(loaded, "empty.example"), "empty.example");
    EXPECT_EQ(tenant_of(loaded, "www.empty.example"), "");
    EXPECT_EQ(index.covering("contoso.example")->tenant, index.covering("fabrikam.example")->tenant);
    EXPECT_EQ(index.tenant_count(), 3U);
    EXPECT_EQ(index.domain_count(), 4U);
    struct Case {
        std::string_view domain, proof;
        bool enabled, alignment;
    };
    const Case cases[] = {
        {"contoso.example", "client-cert + tenant-id + dkim-aligned", true, true},
        {"fabrikam.example", "client-cert + tenant-id", false, true},
        {"empty.example", "client-cert + tenant-id + dkim-aligned", true, true},
        {"none.example", "client-cert + tenant-id + dkim-any", true, false},
    };
    for (const Case& c : cases) {
        const Policy& policy = *index.covering(c.domain)->policy;
        ASSERT_EQ(policy.proofs.size(), 1U) << c.domain;
        EXPECT_EQ(policy.proofs[0].text, c.proof) << c.domain;
        EXPECT_EQ(policy.v1_dkim_enabled, c.enabled) << c.domain;
        EXPECT_EQ(policy.v1_dkim_alignment_required, c.alignment) << c.domain;
    }
    const auto number = index.with_tenant_id(*mail::TenantId::parse(uuid));
    ASSERT_TRUE(number);
    EXPECT_TRUE(index.has_tenant_ids(*number));
    EXPECT_TRUE(index.policy(*number).v1_dkim_enabled);
}

TEST(VersionOne, a_forward_takes_the_strictest_policy_of_the_tenants_entries) {
    const LoadedTenants loaded =
        read_tenants(R"({"loose.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc", "dkim_enabled": false},
        "strict.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}})",
                     usual_defaults());
    ASSERT_TRUE(loaded.index);
    EXPECT_TRUE(loaded.index->policy(*loaded.index->with_tenant_id(*mail::TenantId::parse(uuid))).v1_dkim_enabled);
    EXPECT_FALSE(loaded.index->covering("loose.example")->policy->v1_dkim_enabled);
}

TEST(VersionOne, empty_files_are_empty) {
    for (const char* text : {"{}", "[]", " { }\n", "\n[\n]\n"}) {
        const LoadedTenants loaded = read_tenants(text, {});
        ASSERT_TRUE(loaded.index) << text;
        EXPECT_EQ(loaded.index->domain_count(), 0U);
        EXPECT_EQ(loaded.version, 1);
        EXPECT_TRUE(loaded.problems.empty());
    }
}

TEST(VersionOne, every_form_of_uuid_that_python_takes) {
    for (const char* form :
         {"1234ABCD-18C5-45E8-88DE-123456789ABC", "{1234abcd-18c5-45e8-88de-123456789abc}", "urn:uuid:1234abcd-18c5-45e8-88de-123456789abc",
          "1234abcd18c545e888de123456789abc", "1-2-3-4abcd18c545e888de123456789abc"}) {
        const LoadedTenants loaded = read_tenants("{\"a.example\": {\"tenant_id\": \"" + std::string(form) + "\"}}", usual_defaults());
        ASSERT_TRUE(loaded.index) << form << errors_of(loaded);
        EXPECT_EQ(tenant_of(loaded, "a.example"), uuid) << form;
    }
}

TEST(VersionOne, errors_have_line_and_path) {
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"{\"a.example\":\n{\"tenant-id\": \"\"}}",
         "error 2 [\"a.example\"].tenant-id: unknown key \"tenant-id\", did you mean tenant_id?\n"},
        {"{\"a.example\": {\n\"tenant_id\": null}}", "error 2 [\"a.example\"].tenant_id: must be a string, is null\n"},
        {"{\"a.example\": {\"tenant_id\":\n\n12}}", "error 3 [\"a.example\"].tenant_id: must be a string, is a number\n"},
        {"{\"a.example\": {\"tenant_id\": \"x\"}}", "error 1 [\"a.example\"].tenant_id: \"x\" is no UUID\n"},
        {"{\"a.example\": {\"dkim_enabled\": 1}}", "error 1 [\"a.example\"].dkim_enabled: must be true or false, is a number\n"},
        {"{\"a.example\": {\"dkim_enabled\": \"true\"}}", "error 1 [\"a.example\"].dkim_enabled: must be true or false, is a string\n"},
        {"{\"a.example\": {\"dkim_alignment_required\": null}}",
         "error 1 [\"a.example\"].dkim_alignment_required: must be true or false, is null\n"},
        {"{\"a.example\": {\"dkim_enabled\":\n{\"x\": [1]}}}",
         "error 2 [\"a.example\"].dkim_enabled: must be true or false, is an object\n"},
        {"{\"a.example\":\n\n[]}",
         "error 3 [\"a.example\"]: the value of a domain is an object with tenant_id, dkim_enabled, dkim_alignment_required; this is a "
         "list\n"},
        {"{\"a.example\": true}",
         "error 1 [\"a.example\"]: the value of a domain is an object with tenant_id, dkim_enabled, dkim_alignment_required; this is "
         "true\n"},
        {"[1, {}]", "error 1 [0]: a tenants file is an object of domains; a list can only be empty\n"},
        {"\"x\"", "error 1 : a tenants file is an object, not a string\n"},
        {"null", "error 1 : a tenants file is an object, not null\n"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(c.text, usual_defaults());
        EXPECT_FALSE(loaded.index) << c.text;
        EXPECT_EQ(errors_of(loaded), c.want);
    }
}

TEST(VersionOne, all_errors_are_told) {
    const LoadedTenants loaded =
        read_tenants("{\n\"a.example\": {\"x\": 1},\n\"b.example\": 7,\n\"c.example\": {\"tenant_id\": \"?\", \"dkim_enabled\": 0}\n}",
                     usual_defaults());
    EXPECT_EQ(errors_of(loaded),
              "error 2 [\"a.example\"].x: unknown key \"x\"\n"
              "error 3 [\"b.example\"]: the value of a domain is an object with tenant_id, dkim_enabled, dkim_alignment_required; this is "
              "a number\n"
              "error 4 [\"c.example\"].tenant_id: \"?\" is no UUID\n"
              "error 4 [\"c.example\"].dkim_enabled: must be true or false, is a number\n");
}

TEST(VersionOne, the_last_of_duplicates_counts_with_a_warning) {
    const LoadedTenants loaded = read_tenants(R"({"a.example": {"tenant_id": "99999999-18c5-45e8-88de-123456789abc"},
        "a.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc", "dkim_enabled": true, "dkim_enabled": false}})",
                                              usual_defaults());
    ASSERT_TRUE(loaded.index);
    EXPECT_EQ(tenant_of(loaded, "a.example"), uuid);
    EXPECT_FALSE(loaded.index->covering("a.example")->policy->v1_dkim_enabled);
    EXPECT_FALSE(loaded.index->with_tenant_id(*mail::TenantId::parse("99999999-18c5-45e8-88de-123456789abc")));
    EXPECT_EQ(loaded.index->tenant_count(), 1U);
    EXPECT_NE(warnings_of(loaded).find("warning 2 [\"a.example\"]: duplicate key, the last one counts"), std::string::npos)
        << warnings_of(loaded);
    EXPECT_NE(warnings_of(loaded).find("warning 2 [\"a.example\"].dkim_enabled: duplicate key, the last one counts"), std::string::npos);
}

/// The predecessor saw only the last value of a key, so what stands before it is not wrong, only told of.
TEST(VersionOne, what_a_later_one_of_the_same_key_replaces_is_no_error) {
    for (const std::string_view text : {
             R"({"a.example": {"dkim_enabled": 1, "dkim_enabled": true}})",
             R"({"a.example": {"tenant_id": "bad", "tenant_id": ""}})",
             R"({"a.example": {"tenant_id": null, "tenant_id": "bad", "tenant_id": ""}})",
             R"({"a.example": {"x": 1}, "a.example": {}})",
             R"({"a.example": 1, "a.example": {}})",
             R"({"a.example": {}, "a.example": {"x": 1}, "a.example": {}})",
             R"({"a.example": {"x": 1}, "b.example": {}, "a.example": {"y": 1, "dkim_enabled": []}, "a.example": {}})",
             R"({"A.example": {"x": 1}, "A.example": {}})",
             R"({"a.example": {}, "version": 1, "version": {}})",
         }) {
        const LoadedTenants loaded = read_tenants(text, usual_defaults());
        EXPECT_TRUE(loaded.index) << text << errors_of(loaded);
        EXPECT_EQ(tenant_of(loaded, "a.example"), "a.example") << text;
        EXPECT_NE(warnings_of(loaded).find("duplicate key, the last one counts"), std::string::npos) << text << warnings_of(loaded);
    }
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {R"({"a.example": {}, "a.example": {"x": 1}})", "error 1 [\"a.example\"].x: unknown key \"x\"\n"},
        {R"({"a.example": {"x": 1}, "A.example": {}})", "error 1 [\"a.example\"].x: unknown key \"x\"\n"},
        {R"({"a.example": {"dkim_enabled": true, "dkim_enabled": 1}})",
         "error 1 [\"a.example\"].dkim_enabled: must be true or false, is a number\n"},
        {R"({"a.example": {"dkim_enabled": 1, "dkim_alignment_required": true}})",
         "error 1 [\"a.example\"].dkim_enabled: must be true or false, is a number\n"},
        {R"({"b.example": {"x": 1}, "a.example": {"y": 1}, "a.example": {"z": 1}})",
         "error 1 [\"b.example\"].x: unknown key \"x\"\nerror 1 [\"a.example\"].z: unknown key \"z\"\n"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(c.text, usual_defaults());
        EXPECT_FALSE(loaded.index) << c.text;
        EXPECT_EQ(errors_of(loaded), c.want) << c.text;
    }
}

/// What waits for a later key is bounded as what is told is.
TEST(VersionOne, so_many_entries_may_be_wrong_and_replaced) {
    for (const auto& [count, good] : {std::pair(max_problems, true), std::pair(max_problems + 1, false)}) {
        std::string text = "{", after;
        for (std::size_t i = 0; i < count; ++i) {
            const std::string name = "\"a" + std::to_string(i) + ".example\": ";
            text += name + "1,\n";
            after += name + "{},\n";
        }
        const LoadedTenants loaded = read_tenants(text + after + "\"b.example\": {}}", usual_defaults());
        EXPECT_EQ(loaded.index.has_value(), good) << count;
    }
}

TEST(VersionOne, an_entry_that_was_replaced_does_not_count) {
    Defaults only_dkim;
    only_dkim.proofs = {*Proof::parse("dkim")};
    struct Case {
        std::string_view text, errors, no_warning;
    };
    const Case cases[] = {
        {R"({"a.example": {"dkim_enabled": false}, "a.example": {"dkim_enabled": true}})", "", "dkim_enabled false"},
        {R"({"a.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc", "dkim_enabled": false}, "a.example": {}})", "",
         "dkim_enabled false"},
        {R"({"A.example": {"dkim_enabled": false}, "a.example": {}})", "", "dkim_enabled false"},
        {"{\"a.example\": {\"dkim_enabled\": false},\n\"a.example\": {\"dkim_enabled\": false}}",
         "error 2 [\"a.example\"]: dkim_enabled is false", "nothing"},
        {"{\"a.example\": {\"dkim_enabled\": false},\n\"b.example\": {\"dkim_enabled\": false},\n\"a.example\": {}}",
         "error 0 : entries with dkim_enabled false and dkim_alignment_required true: dkim_enabled is false", "nothing"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(c.text, only_dkim);
        EXPECT_EQ(loaded.index.has_value(), c.errors.empty()) << c.text << errors_of(loaded);
        EXPECT_EQ(errors_of(loaded).substr(0, c.errors.size()), c.errors) << c.text << errors_of(loaded);
        EXPECT_EQ(warnings_of(loaded).find(c.no_warning), std::string::npos) << c.text << warnings_of(loaded);
    }
    const auto warned = [](std::string_view text) { return warnings_of(read_tenants(text, usual_defaults())); };
    const std::string one = warned(R"({"a.example": {}, "a.example": {"dkim_alignment_required": false}})");
    EXPECT_NE(one.find("1 entry has no tenant_id: for it no field"), std::string::npos) << one;
    EXPECT_EQ(one.find("dkim_alignment_required true"), std::string::npos) << one;
    EXPECT_NE(one.find("(the first is in line 1)"), std::string::npos) << one;
    const std::string two = warned(R"({"a.example": {}, "b.example": {}})");
    EXPECT_NE(two.find("2 entries have no tenant_id: for them no field"), std::string::npos) << two;
    const std::string none = warned(R"({"a.example": {}, "a.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}})");
    EXPECT_EQ(none.find("no tenant_id"), std::string::npos) << none;
}

TEST(VersionOne, keys_are_made_canonical_but_yield_to_canonical_ones) {
    struct Case {
        std::string_view text, domain, want;
    };
    const Case cases[] = {
        {R"({"A.Example.": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}})", "a.example", uuid},
        {R"({"b\u00fccher.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}})", "xn--bcher-kva.example", uuid},
        {R"({"a.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}, "A.example": {}})", "a.example", uuid},
        {R"({"A.example": {}, "a.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}})", "a.example", uuid},
        {R"({"A.example": {}, "a.EXAMPLE": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}})", "a.example", uuid},
        {R"({"A.example": {}, "a.example": {}, "a.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}})", "a.example", uuid},
        {R"({"*.example.com": {}})", "a.example.com", ""},
        {R"({"": {}, "a b.example": {}, "[192.0.2.1]": {}, "192.0.2.1": {}, "a..example": {}, "ok.example": {}})", "ok.example",
         "ok.example"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(c.text, usual_defaults());
        ASSERT_TRUE(loaded.index) << c.text << errors_of(loaded);
        EXPECT_EQ(tenant_of(loaded, c.domain), c.want) << c.text;
        EXPECT_FALSE(warnings_of(loaded).empty()) << c.text;
        EXPECT_LE(loaded.index->domain_count(), 1U);
    }
}

TEST(VersionOne, flags_change_the_configurations_proofs) {
    struct Case {
        std::string_view proof, flags, want;
    };
    const Case cases[] = {
        {"client-cert + dkim", R"("dkim_enabled": false)", "client-cert"},
        {"client-cert + dkim-any + dkim-aligned", R"("dkim_enabled": false)", "client-cert"},
        {"client-cert + dkim-aligned", R"("dkim_alignment_required": false)", "client-cert + dkim-any"},
        {"dkim-any + dkim-aligned", R"("dkim_alignment_required": false)", "dkim-any"},
        {"client-cert + dkim", R"("dkim_alignment_required": false)", "client-cert + dkim"},
        {"dkim-aligned", R"("dkim_enabled": false)", ""},
        {"dkim + dkim-any", R"("dkim_enabled": false, "dkim_alignment_required": false)", ""},
    };
    for (const Case& c : cases) {
        Defaults defaults;
        defaults.proofs = {*Proof::parse(c.proof)};
        const LoadedTenants loaded = read_tenants("{\"a.example\": {" + std::string(c.flags) + "}}", defaults);
        if (c.want.empty()) {
            EXPECT_FALSE(loaded.index) << c.proof;
            EXPECT_NE(errors_of(loaded).find("error 1 [\"a.example\"]: dkim_enabled is false"), std::string::npos) << errors_of(loaded);
        } else {
            ASSERT_TRUE(loaded.index) << errors_of(loaded);
            EXPECT_EQ(loaded.index->covering("a.example")->policy->proofs.at(0).text, c.want);
        }
    }
}

TEST(VersionOne, proofs_that_become_equal_are_kept_once) {
    Defaults defaults;
    defaults.proofs = {*Proof::parse("client-cert + dkim"), *Proof::parse("client-cert + dkim-aligned")};
    const LoadedTenants loaded = read_tenants(R"({"a.example": {"dkim_enabled": false}})", defaults);
    ASSERT_TRUE(loaded.index);
    EXPECT_EQ(loaded.index->covering("a.example")->policy->proofs.size(), 1U);
}

TEST(VersionOne, drop_in_gives_its_own_proofs) {
    Defaults defaults = usual_defaults();
    defaults.v1_proofs = [](bool enabled, bool aligned) {
        return std::vector<Proof>{*Proof::parse(enabled ? aligned ? "dkim-aligned" : "dkim-any" : "listed")};
    };
    const LoadedTenants loaded = read_tenants(
        R"({"a.example": {}, "b.example": {"dkim_alignment_required": false}, "c.example": {"dkim_enabled": false}})", defaults);
    ASSERT_TRUE(loaded.index);
    EXPECT_EQ(loaded.index->covering("a.example")->policy->proofs.at(0).text, "dkim-aligned");
    EXPECT_EQ(loaded.index->covering("b.example")->policy->proofs.at(0).text, "dkim-any");
    EXPECT_EQ(loaded.index->covering("c.example")->policy->proofs.at(0).text, "listed");
    EXPECT_NE(warnings_of(loaded).find("dkim-any proves nothing"), std::string::npos);
    EXPECT_NE(warnings_of(loaded).find("listed proves nothing"), std::string::npos);
}

TEST(VersionOne, warns_of_the_consumer_tenant) {
    const LoadedTenants loaded =
        read_tenants("{\"a.example\": {\"tenant_id\": \"" + std::string(mail::consumer_tenant_id) + "\"}}", usual_defaults());
    ASSERT_TRUE(loaded.index);
    EXPECT_NE(warnings_of(loaded).find("all consumer accounts"), std::string::npos);
}

}  // namespace
}  // namespace exota::tenant
