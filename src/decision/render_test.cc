// Decision as JSON, as text, as findings for the log.
#include "decision/render.h"

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;
namespace json = boost::json;

json::value schema() {
    std::ifstream file(std::string(EXOTA_SOURCE_DIR) + "/docs/schema/decision.schema.json");
    std::stringstream text;
    text << file.rdbuf();
    return json::parse(text.str());
}

/// As much of JSON Schema as our schema uses: type, enum, required, properties, additionalProperties, items, minItems. Returns what is
/// wrong.
std::string violates(const json::value& rule_value, const json::value& value, const std::string& path) {
    const json::object& rule = rule_value.as_object();
    const auto is_of = [&value](std::string_view type) {
        return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
               (type == "string" && value.is_string()) || (type == "boolean" && value.is_bool()) || (type == "null" && value.is_null()) ||
               (type == "integer" && (value.is_int64() || value.is_uint64()));
    };
    if (const json::value* type = rule.if_contains("type")) {
        bool fits = false;
        if (type->is_string()) fits = is_of(std::string_view(type->as_string()));
        if (type->is_array())
            for (const json::value& one : type->as_array()) fits = fits || is_of(std::string_view(one.as_string()));
        if (!fits) return path + ": wrong type";
    }
    if (const json::value* allowed = rule.if_contains("enum")) {
        bool found = false;
        for (const json::value& one : allowed->as_array()) found = found || one == value;
        if (!found) return path + ": not in enum: " + json::serialize(value);
    }
    if (value.is_object()) {
        if (const json::value* required = rule.if_contains("required"))
            for (const json::value& key : required->as_array())
                if (!value.as_object().contains(key.as_string())) return path + ": lacks " + std::string(key.as_string());
        const json::value* properties = rule.if_contains("properties");
        const json::value* additional = rule.if_contains("additionalProperties");
        for (const auto& [key, member] : value.as_object()) {
            const json::value* known = properties ? properties->as_object().if_contains(key) : nullptr;
            if (!known && additional && *additional == false) return path + ": unknown " + std::string(key);
            if (!known) continue;
            if (std::string problem = violates(*known, member, path + "." + std::string(key)); !problem.empty()) return problem;
        }
    }
    if (value.is_array()) {
        if (const json::value* least = rule.if_contains("minItems"))
            if (value.as_array().size() < static_cast<std::size_t>(least->as_int64())) return path + ": too few";
        if (const json::value* items = rule.if_contains("items"))
            for (const json::value& item : value.as_array())
                if (std::string problem = violates(*items, item, path + "[]"); !problem.empty()) return problem;
    }
    return {};
}

std::vector<std::pair<Message, Rules>> many_cases() {
    Rules monitoring = strict_rules();
    monitoring.force_monitor = true;
    Rules bypassing = strict_rules();
    bypassing.bypass_clients = prefixes({"40.107.22.5"});
    Message hostile = bare_mail("From: \"\xFF\x01\" <jane@contoso.com>").with("X-MS-Exchange-CrossTenant-AuthAs: \"},{\xC3\n \x7f\\");
    hostile.queue_id = "\"}\r\n\xFE";
    hostile.certificate = "\xFF\"\n";
    return {{honest_mail(), strict_rules()},
            {bare_mail(), strict_rules()},
            {bare_mail(), monitoring},
            {honest_mail(), bypassing},
            {Message(), strict_rules()},
            {hostile, strict_rules()},
            {hostile, monitoring},
            {bare_mail("From: a, b"), strict_rules()},
            {bare_mail("From: x@foreign.example").with("X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id)), monitoring}};
}

TEST(RenderJson, FitsItsSchema) {
    const json::value rule = schema();
    for (const auto& [message, rules] : many_cases()) {
        const evidence::Evidence evidence = evidence_of(message);
        for (const tenant::Index* tenants : {&all_customers(), static_cast<const tenant::Index*>(nullptr)}) {
            const std::string text = to_json(decide(evidence, tenants, rules), evidence);
            EXPECT_EQ(text.find('\n'), std::string::npos);
            boost::system::error_code error;
            const json::value value = json::parse(text, error);
            ASSERT_FALSE(error) << text;
            EXPECT_EQ(violates(rule, value, "$"), "") << text;
        }
    }
}

TEST(RenderJson, TheSchemaCheckFindsWhatIsWrong) {
    const json::value rule = schema();
    const evidence::Evidence evidence = evidence_of(honest_mail());
    const json::value good = json::parse(to_json(decide(evidence, &all_customers(), strict_rules()), evidence));
    ASSERT_EQ(violates(rule, good, "$"), "");
    for (const std::string_view key : {"verdict", "findings", "header_edits", "reply"}) {
        json::value bad = good;
        bad.as_object()[key] = 7;
        EXPECT_NE(violates(rule, bad, "$"), "") << key;
        bad = good;
        bad.as_object().erase(key);
        EXPECT_NE(violates(rule, bad, "$"), "") << key;
    }
    json::value more = good;
    more.as_object()["surplus"] = 1;
    EXPECT_NE(violates(rule, more, "$"), "");
}

TEST(RenderJson, SaysWhatWasDecided) {
    const auto parsed = [](const Message& message, const Rules& rules) {
        const evidence::Evidence evidence = evidence_of(message);
        return json::parse(to_json(decide(evidence, &all_customers(), rules), evidence)).as_object();
    };
    const json::object accepted = parsed(honest_mail(), strict_rules());
    EXPECT_EQ(accepted.at("verdict"), "accept");
    EXPECT_EQ(accepted.at("judged"), "accept");
    EXPECT_EQ(accepted.at("reason"), "authorised");
    EXPECT_TRUE(accepted.at("reply").is_null());
    EXPECT_EQ(accepted.at("author_domain"), "contoso.com");
    EXPECT_EQ(accepted.at("tenant"), "contoso");
    EXPECT_EQ(accepted.at("forward"), false);
    EXPECT_EQ(accepted.at("mode"), "enforce");
    EXPECT_EQ(accepted.at("proof"), "client-cert + dkim");
    EXPECT_EQ(accepted.at("findings").as_array().size(), tenant::factor_count);
    EXPECT_EQ(accepted.at("header_edits").as_array().at(0).at("op"), "add");
    EXPECT_TRUE(accepted.at("evidence").is_object());

    const json::object refused = parsed(bare_mail(), strict_rules());
    EXPECT_EQ(refused.at("reply").at("code"), 550);
    EXPECT_EQ(refused.at("reply").at("enhanced"), "5.7.20");
    EXPECT_TRUE(refused.at("proof").is_null());
    EXPECT_EQ(refused.at("proofs").as_array().at(0).at("missing").as_array().at(0), "dkim");

    Rules bypassing = strict_rules();
    bypassing.bypass_clients = prefixes({"40.107.22.5"});
    EXPECT_TRUE(parsed(honest_mail(), bypassing).at("findings").as_array().empty());
    const json::object nobody = parsed(bare_mail("From: a, b").with("X-ExOTA-Authentication-Results: x"), [] {
        Rules rules = strict_rules();
        rules.force_monitor = true;
        return rules;
    }());
    EXPECT_TRUE(nobody.at("author_domain").is_null());
    EXPECT_TRUE(nobody.at("tenant").is_null());
    EXPECT_EQ(nobody.at("header_edits").as_array().at(0).at("op"), "delete");
    EXPECT_EQ(nobody.at("header_edits").as_array().at(0).at("index"), 1);
}

TEST(RenderText, SaysItToAPersonAndStaysPrintable) {
    const evidence::Evidence evidence = evidence_of(bare_mail());
    const std::string text = to_text(decide(evidence, &all_customers(), strict_rules()), evidence);
    for (const std::string_view expected :
         {"verdict   reject", "contoso", "client-cert + dkim", "missing: dkim", "550 5.7.20", "next      "})
        EXPECT_NE(text.find(expected), std::string::npos) << text;
    for (std::size_t i = 0; i < tenant::factor_count; ++i) EXPECT_NE(text.find(tenant::factor_names[i]), std::string::npos);
    for (const auto& [message, rules] : many_cases()) {
        const evidence::Evidence seen = evidence_of(message);
        for (const char c : to_text(decide(seen, &all_customers(), rules), seen)) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
    }
}

TEST(FindingsText, IsWordsThatNobodyCanForge) {
    EXPECT_EQ(findings_text(judged(bare_mail("From: n@northwind.com"))),
              "peer=holds client-ip=holds client-cert=holds dkim=absent(no-signature) listed=holds");
    Message message = bare_mail();
    message.certificate = "x) dkim=holds\n\"";
    EXPECT_EQ(findings_text(judged(message)).find("dkim=holds"), std::string::npos) << findings_text(judged(message));
    for (const auto& [hostile, rules] : many_cases())
        for (const char c : findings_text(judged(hostile, rules))) EXPECT_TRUE(c >= 0x20 && c < 0x7f && c != '"');
    Rules bypassing = strict_rules();
    bypassing.bypass_clients = prefixes({"40.107.22.5"});
    EXPECT_EQ(findings_text(judged(honest_mail(), bypassing)), "");
}

}  // namespace
}  // namespace exota::decision
