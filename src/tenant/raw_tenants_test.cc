#include "tenant/raw_tenants.h"

#include <gtest/gtest.h>

#include "tenant/tenants_test_support.h"

namespace exota::tenant {
namespace {

constexpr std::string_view full = R"({"tenants": {
    "b": {"mode": "defer", "domains": ["b.test", "*.b.test"], "forwarding": "journal", "hybrid": true, "limits": []},
    "a \"x\"": {}}, "version": 2})";

TEST(RawTenants, is_written_in_the_order_of_the_documents) {
    const auto read = RawTenants::read(full);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->text(), R"({
  "version": 2,
  "tenants": {
    "b": {
      "domains": ["b.test", "*.b.test"],
      "forwarding": "journal",
      "hybrid": true,
      "limits": [],
      "mode": "defer"
    },
    "a \"x\"": {}
  }
}
)");
    EXPECT_EQ(RawTenants::read(read->text())->all(), read->all());
    EXPECT_EQ(one_line(*read->find("a \"x\"")), R"("a \"x\"":{})");
}

struct Text {
    const char* name;
    std::string text;
    bool taken;
};

class RawTexts : public ::testing::TestWithParam<Text> {};

TEST_P(RawTexts, are_taken_only_if_nothing_gets_lost) { EXPECT_EQ(RawTenants::read(GetParam().text).has_value(), GetParam().taken); }
TEST_P(RawTexts, are_taken_where_a_load_takes_them) {
    const LoadedTenants loaded = read_tenants(GetParam().text, usual_defaults());
    if (loaded.index) EXPECT_EQ(GetParam().taken, loaded.version == 2);
}

std::string with(const std::string& fields) { return R"({"version": 2, "tenants": {"a": {)" + fields + "}}}"; }

INSTANTIATE_TEST_SUITE_P(
    Table, RawTexts,
    ::testing::Values(
        Text{"full", std::string(full), true}, Text{"none", R"({"version": 2, "tenants": {}})", true}, Text{"empty", "", false},
        Text{"list", "[]", false}, Text{"version_one", R"({"a.test": {}})", false}, Text{"no_version", R"({"tenants": {}})", false},
        Text{"no_tenants", R"({"version": 2})", false}, Text{"other_version", R"({"version": 3, "tenants": {}})", false},
        Text{"unknown_root", R"({"version": 2, "tenants": {}, "x": 1})", false},
        Text{"two_versions", R"({"version": 2, "version": 2, "tenants": {}})", false},
        Text{"behind", R"({"version": 2, "tenants": {}} {})", false},
        Text{"same_tenant", R"({"version": 2, "tenants": {"a": {}, "a": {}}})", false},
        Text{"tenant_is_a_list", R"({"version": 2, "tenants": {"a": []}})", false},
        Text{"semantic_error", with(R"("mode": "loud", "domains": ["-"])"), true}, Text{"unknown_field", with(R"("colour": "red")"), false},
        Text{"unknown_object", with(R"("colour": {"mode": "defer"})"), false},
        Text{"field_twice", with(R"("mode": "defer", "mode": "defer")"), false},
        Text{"text_for_list", with(R"("domains": "a.test")"), false}, Text{"list_for_text", with(R"("mode": ["defer"])"), false},
        Text{"number_in_list", with(R"("domains": [1])"), false}, Text{"list_in_list", with(R"("domains": [["a.test"]])"), false},
        Text{"words", with(R"("recipients": {"a.test": "authoritative"})"), true},
        Text{"word_twice", with(R"("recipients": {"a.test": "internal-relay", "a.test": "internal-relay"})"), false},
        Text{"word_is_a_list", with(R"("recipients": {"a.test": ["authoritative"]})"), false},
        Text{"words_for_text", with(R"("mode": {"a.test": "defer"})"), false}, Text{"null", with(R"("mode": null)"), false},
        Text{"longest_text", with(R"("domains": [")" + std::string(1024, 'a') + R"("])"), true},
        Text{"too_long_text", with(R"("domains": [")" + std::string(1025, 'a') + R"("])"), false}),
    [](const auto& each) { return each.param.name; });

TEST(RawTenant, is_read_from_a_row) {
    const auto read = read_raw_tenant("contoso", R"({"domains": ["a.test"], "hybrid": false})");
    ASSERT_TRUE(read);
    EXPECT_EQ(one_line(*read), R"("contoso":{"domains":["a.test"],"hybrid":false})");
    for (const char* bad : {"", "[]", "null", R"("x")", R"({"domains": "a"})", R"({}, "evil": {})", R"({}}, "evil": {})"})
        EXPECT_FALSE(read_raw_tenant("contoso", bad)) << bad;
    for (const char* bad : {R"({"domains": ["a.test"], "limits": [null]})", R"({"limits": [["a"]], "mode": null})", R"({"limits": 1})"})
        EXPECT_EQ(read_raw_tenant("contoso", bad).error().detail, "has what cannot be kept in limits") << bad;
    EXPECT_EQ(read_raw_tenant("contoso", R"({"mode": "defer", "colour": 1})").error().detail, "has what cannot be kept");
}

struct Setting {
    const char *name, *setting, *fields, *error;
};

class RawSettings : public ::testing::TestWithParam<Setting> {};

TEST_P(RawSettings, change_a_field_or_say_why_not) {
    RawTenant tenant = *read_raw_tenant("a", R"({"domains": ["a.test"], "mode": "defer"})");
    const auto done = apply_setting(tenant, GetParam().setting);
    EXPECT_EQ(done ? "" : done.error().detail, GetParam().error);
    if (done) EXPECT_EQ(one_line(tenant), std::string("\"a\":{") + GetParam().fields + "}");
}

INSTANTIATE_TEST_SUITE_P(
    Table, RawSettings,
    ::testing::Values(
        Setting{"word", "mode=monitor", R"("domains":["a.test"],"mode":"monitor")", ""},
        Setting{"word_away", "mode=", R"("domains":["a.test"])", ""},
        Setting{"list", "domains=b.test, c.test", R"("domains":["b.test","c.test"],"mode":"defer")", ""},
        Setting{"list_empty", "domains=[]", R"("domains":[],"mode":"defer")", ""},
        Setting{"list_more", "domains+=b.test,c.test", R"("domains":["a.test","b.test","c.test"],"mode":"defer")", ""},
        Setting{"list_less", "domains-=A.test", R"("domains":[],"mode":"defer")", ""},
        Setting{"list_more_of_the_same", "domains+=A.Test.,b.test,B.test", R"("domains":["a.test","b.test"],"mode":"defer")", ""},
        Setting{"new_list", "limits+=1 messages / hour", R"("domains":["a.test"],"limits":["1 messages / hour"],"mode":"defer")", ""},
        Setting{"truth", "forwarding=true", R"("domains":["a.test"],"forwarding":true,"mode":"defer")", ""},
        Setting{"journal", "forwarding=journal", R"("domains":["a.test"],"forwarding":"journal","mode":"defer")", ""},
        Setting{"word_that_is_no_truth", "mode=true", R"("domains":["a.test"],"mode":"true")", ""},
        Setting{"words", "recipients=b.test: authoritative, *.b.test:internal-relay",
                R"("domains":["a.test"],"recipients":{"*.b.test":"internal-relay","b.test":"authoritative"},"mode":"defer")", ""},
        Setting{"word_twice", "recipients=b.test:authoritative,B.test:internal-relay", "", R"(recipients: "B.test" stands there twice)"},
        Setting{"one_word", "recipients=authoritative", R"("domains":["a.test"],"recipients":"authoritative","mode":"defer")", ""},
        Setting{"not_there", "domains-=b.test", "", R"(domains of "a" has no "b.test")"},
        Setting{"no_list", "mode-=defer", "", "mode is no list: only KEY=VALUE is possible"},
        Setting{"unknown", "domain=a.test", "", R"(unknown key "domain", did you mean domains?)"},
        Setting{"no_value", "domains", "", R"("domains": KEY=VALUE, KEY+=VALUE or KEY-=VALUE is wanted)"},
        Setting{"no_key", "=a", "", R"("=a": KEY=VALUE, KEY+=VALUE or KEY-=VALUE is wanted)"},
        Setting{"sign_only", "+=a", "", R"(unknown key "")"}),
    [](const auto& each) { return each.param.name; });

TEST(RawTenant, loses_a_name_however_it_is_written) {
    constexpr const char* fields = R"({"domains": ["Bücher.Test.", "*.xn--bcher-kva.test", "xn--bcher-kva.test"],)"
                                   R"( "tenant_ids": ["1234ABCD-18c5-45e8-88de-123456789abc", "1234abcd-18c5-45e8-88de-123456789abc"]})";
    const struct {
        const char *setting, *left;
    } cases[] = {{"domains-=bücher.test", R"("domains":["*.xn--bcher-kva.test"])"},
                 {"domains-=XN--BCHER-KVA.test", R"("domains":["*.xn--bcher-kva.test"])"},
                 {"domains-=*.BÜCHER.test", R"("domains":["Bücher.Test.","xn--bcher-kva.test"])"},
                 {"tenant_ids-=1234abcd-18c5-45e8-88de-123456789ABC", R"("tenant_ids":[])"}};
    for (const auto& [setting, left] : cases) {
        RawTenant tenant = *read_raw_tenant("a", fields);
        ASSERT_TRUE(apply_setting(tenant, setting)) << setting;
        EXPECT_NE(one_line(tenant).find(left), std::string::npos) << one_line(tenant);
    }
}

TEST(RawTenants, differ_by_tenant_and_field) {
    RawTenants before = *RawTenants::read(R"({"version": 2, "tenants": {"a": {"mode": "defer"}, "b": {}, "c": {"hybrid": true}}})");
    RawTenants after = before;
    EXPECT_TRUE(difference(before, after).empty());
    EXPECT_TRUE(after.remove("b"));
    EXPECT_FALSE(after.remove("b"));
    after.put(*read_raw_tenant("c", R"({"hybrid": false, "domains": ["c.test"]})"));
    after.put(*read_raw_tenant("d", "{}"));
    std::string told;
    for (const TenantChange& change : difference(before, after)) {
        told += std::to_string(static_cast<int>(change.is)) + change.name;
        for (const FieldChange& field : change.fields)
            told += ' ' + std::string(name_of(field.field)) + (field.before ? "-" : "") + (field.after ? "+" : "");
        told += '\n';
    }
    EXPECT_EQ(told, "1c domains+ hybrid-+\n0d\n2b\n");
    EXPECT_EQ(after.find("d")->name, "d");  // places behind one that is gone are right
}

TEST(RawTenant, has_a_canonical_form) {
    const auto read = read_raw_tenant("A", R"({"tenant_ids": ["1234ABCD-18c5-45e8-88de-123456789abc", "x"], "mode": "Defer",
        "domains": ["*.B\u00fccher.Test", "b.test.", "B.TEST", "-"], "organizations": ["*.A"], "proofs": ["B + A"]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(one_line(in_canonical_form(*read)),
              R"("A":{"tenant_ids":["1234abcd-18c5-45e8-88de-123456789abc","x"],"organizations":["*.A"],)"
              R"("domains":["*.xn--bcher-kva.test","-","b.test"],"proofs":["B + A"],"mode":"Defer"})");
}

TEST(Field, has_a_name_of_its_own) {
    EXPECT_EQ(field_named("domain"), std::nullopt);
    for (std::size_t i = 0; i < field_names.size(); ++i) EXPECT_EQ(field_named(field_names[i]), static_cast<Field>(i));
}

}  // namespace
}  // namespace exota::tenant
