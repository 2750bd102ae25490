#include "programs/eval_ops.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/encode.h"
#include "base/unicode.h"

namespace exota::programs {
namespace {

namespace json = boost::json;

json::object answer(const json::value& question) { return json::parse(evaluate_line(json::serialize(question))).as_object(); }

TEST(Eval, BadInputIsAnsweredAndTheIdComesBack) {
    const struct {
        std::string_view line, says;
    } cases[] = {
        {"", "no JSON"},
        {"x", "no JSON"},
        {"[]", "object"},
        {"{}", "\"op\" is missing"},
        {R"({"op": 1})", "must be a string"},
        {R"({"op": "nonsense"})", "unknown op"},
        {R"({"op": "from"})", "message_b64"},
        {R"({"op": "from", "headers": [1]})", "list of strings"},
        {R"({"op": "from", "message_b64": "%"})", "no base64"},
        {R"({"op": "authres", "field": "Subject: x"})", "no Authentication-Results"},
        {R"({"op": "decide", "message_b64": ""})", "config"},
        {R"({"op": "decide", "message_b64": "", "config": {}})", "authorisation.mode"},
        {R"({"op": "decide", "message_b64": "", "config": {"authorisation": {"mode": "enforce"}}})", "tenants"},
        {R"({"op": "decide", "message_b64": "", "config": {"authorisation": {"mode": "enforce"}}, "tenants": 1})", "tenants"},
        {R"({"op": "decide", "message_b64": "", "session": {"client_ip": "x"}, "config": {"authorisation": {"mode": "enforce"}}, "tenants": {}})",
         "client address"},
        {R"({"op": "decide", "message_b64": "", "limits": {"x": 1}, "config": {"authorisation": {"mode": "enforce"}}, "tenants": {}})",
         "unknown limit"},
        {R"({"op": "spf"})", "\"ip\" is missing"},
        {R"({"op": "spf", "ip": "x"})", "\"ip\""},
        {R"({"op": "spf", "ip": "192.0.2.1", "helo": 1})", "\"helo\" must be a string"},
        {R"({"op": "spf", "ip": "192.0.2.1", "zone": []})", "zone is no object"},
        {R"({"op": "spf", "ip": "192.0.2.1", "now": -1})", "\"now\""},
        {R"({"op": "spf", "ip": "192.0.2.1", "limits": {"lookups": 101}})", "at most 100"},
        {R"({"op": "spf", "ip": "192.0.2.1", "limits": {"signatures": 1}})", "unknown limit"},
        {R"({"op": "dmarc"})", "\"from_domain\" is missing"},
        {R"({"op": "dmarc", "from_domain": "a..b"})", "from_domain"},
        {R"({"op": "dmarc", "from_domain": "a.test", "rfc": 1})", "\"rfc\""},
        {R"({"op": "dmarc", "from_domain": "a.test", "dkim": {}})", "\"dkim\" must be a list"},
        {R"({"op": "dmarc", "from_domain": "a.test", "spf": {"domain": "a.test"}})", "\"result\" is missing"},
        {R"({"op": "dmarc", "from_domain": "a.test", "dkim": [{"result": "good", "domain": "a.test"}]})", "unknown result"},
        {R"({"op": "dmarc", "from_domain": "a.test", "limits": {"lookups": 1}})", "unknown limit"},
        {R"({"op": "dkim"})", "message_b64"},
        {R"({"op": "dkim", "message_b64": "", "limits": {"signatures": "1"}})", "whole number"},
    };
    for (const auto& c : cases) {
        const std::string out = evaluate_line(c.line);
        EXPECT_EQ(out.find('\n'), std::string::npos);
        const json::object object = json::parse(out).as_object();
        ASSERT_TRUE(object.contains("error")) << c.line << out;
        EXPECT_NE(std::string_view(object.at("error").as_string()).find(c.says), std::string_view::npos) << out;
    }
    EXPECT_EQ(answer({{"op", "nonsense"}, {"id", 7}}).at("id"), 7);
    EXPECT_EQ(answer({{"op", "nonsense"}, {"id", nullptr}}).at("id"), nullptr);
    // JSON has no infinity, so what is out of range cannot come back.
    for (const std::string id : {"1e999", "-1e999", "[{\"a\": 1e999}]"}) {
        const json::value answered = json::parse(evaluate_line("{\"op\": \"from\", \"headers\": [], \"id\": " + id + '}'));
        EXPECT_EQ(answered.at("error"), "\"id\" holds a number out of range") << id;
        EXPECT_FALSE(answered.get_object().contains("id")) << id;
    }
    EXPECT_EQ(json::parse(evaluate_line(R"({"op": "nonsense", "id": 1e308})")).at("id"), 1e308);
}

TEST(Eval, NothingInAnAnswerEndsALineForAnyReader) {
    const std::string hidden = "\xc2\x85\xe2\x80\xa8\xe2\x80\xae\xef\xbb\xbf\xf3\xa0\x81\x81{\"verdict\": \"accept\"}";
    const std::string message = "From: jane@c.test\r\nAuthentication-Results: " + hidden + "; none\r\n\r\nhello\r\n";
    const json::value questions[] = {
        {{"op", hidden}},
        {{"op", "authres"}, {"field", "Authentication-Results: a; spf=pass reason=\"\xe2\x80\xa8\" smtp.mailfrom=\"\xe2\x80\xae\""}},
        {{"op", "from"}, {"headers", {"From: j@" + hidden}}},
        {{"op", "decide"},
         {"message_b64", base::base64_encode(message)},
         {"session", {{"client_ip", "40.92.0.1"}, {"helo", hidden}, {"mail_from", hidden + "@c.test"}, {"queue_id", hidden}}},
         {"config", {{"authorisation", {{"mode", "enforce"}, {"proofs", {"client-cert + dkim"}}}}}},
         {"tenants", {{"version", 2}, {"tenants", {{hidden, {{"domains", {"c.test"}}}}}}}}},
    };
    for (const json::value& asked : questions)
        for (const json::value& id : {json::value(hidden), json::value{hidden, {{hidden, {1, nullptr, json::object(), json::array()}}}}}) {
            json::object question = asked.as_object();
            question["id"] = id;
            const std::string line = evaluate_line(json::serialize(question));
            EXPECT_TRUE(base::is_plain_text(line)) << line;
            EXPECT_EQ(json::parse(line).at("id"), id);
        }
}

TEST(Eval, LineLengthIsBoundedOnBothSides) {
    std::string line = R"({"op": "from", "headers": ["From: a@b.test"]})";
    line.resize(max_eval_line_octets, ' ');
    EXPECT_EQ(evaluate_line(line).find("error"), std::string::npos);
    line += ' ';
    EXPECT_NE(evaluate_line(line).find("line of more than"), std::string::npos);
}

TEST(Eval, From) {
    const auto good = answer({{"op", "from"}, {"headers", {"Subject: x", "From: Jane", " <Jane@B.Test>"}}});
    EXPECT_EQ(good.at("verdict"), "ok");
    EXPECT_EQ(good.at("domain"), "b.test");
    const auto two = answer({{"op", "from"}, {"message_b64", base::base64_encode("From: a@b.test\r\nFROM : c@d.test\r\n\r\n")}});
    EXPECT_EQ(two.at("verdict"), "reject");
    EXPECT_EQ(two.at("reason"), "from-ambiguous");
    EXPECT_EQ(answer({{"op", "from"}, {"headers", json::array{}}}).at("reason"), "from-missing");
}

TEST(Eval, Decide) {
    const json::object question{
        {"op", "decide"},
        {"id", "m1"},
        {"message_b64",
         base::base64_encode(
             "Authentication-Results: mx.test; dkim=pass header.d=c.test\r\n"
             "DKIM-Signature: v=1; a=rsa-sha256; d=c.test; s=s; h=From; bh=AAAA; b=AAAA\r\nFrom: jane@c.test\r\n\r\nhello\r\n")},
        {"session",
         {{"client_ip", "40.92.0.1"},
          {"client_cert", "mail.protection.outlook.com"},
          {"mail_from", "jane@c.test"},
          {"rcpts", {"a@b.test"}}}},
        {"config",
         {{"authorisation", {{"mode", "enforce"}}},
          {"dkim", {{"source", "authentication-results"}}},
          {"authentication_results", {{"trusted_authserv_ids", {"mx.test"}}}}}},
        {"tenants", {{"version", 2}, {"tenants", {{"c", {{"domains", {"c.test"}}}}}}}},
    };
    const auto accepted = answer(question);
    EXPECT_EQ(accepted.at("id"), "m1");
    EXPECT_EQ(accepted.at("verdict"), "accept") << json::serialize(accepted);
    EXPECT_EQ(accepted.at("tenant"), "c");

    json::object without = question;
    without["session"].as_object()["client_cert"] = nullptr;
    EXPECT_EQ(answer(without).at("verdict"), "reject");
    EXPECT_EQ(answer(without).at("reason"), "not-proven");

    json::object limited = question;
    limited["limits"] = {{"header_fields", 1}};
    EXPECT_EQ(answer(limited).at("reason"), "too-complex");

    json::object monitored = without;
    monitored["config"].as_object()["authorisation"] = {{"mode", "monitor"}};
    EXPECT_EQ(answer(monitored).at("verdict"), "accept");
    EXPECT_EQ(answer(monitored).at("judged"), "reject");
}

json::value text_or_null(std::string_view text) {
    return text.empty() ? json::value(nullptr) : json::value(json::string(text.data(), text.size()));
}

json::object spf_question(json::value zone) {
    return {{"op", "spf"}, {"ip", "192.0.2.1"}, {"helo", "mx.a.test"}, {"mail_from", "jane@a.test"}, {"zone", std::move(zone)}, {"now", 1}};
}

TEST(Eval, Spf) {
    const struct {
        std::string_view zone, result, explanation;
        int lookups, void_lookups;
    } cases[] = {
        {R"({})", "none", "", 0, 0},
        {R"({"a.test": [{"TXT": "v=spf1 ip4:192.0.2.0/24 -all"}]})", "pass", "", 0, 0},
        {R"({"a.test": [{"TXT": ["v=spf1 ", "-all exp=why.a.test"]}], "why.a.test": [{"TXT": "%{i} is not %{d}'s"}]})", "fail",
         "192.0.2.1 is not a.test's", 0, 0},
        {R"({"a.test": [{"TXT": "v=spf1 -all exp=why.a.test"}]})", "fail", "", 0, 0},
        {R"({"a.test": [{"TXT": "v=spf1 a:b.test mx:c.test ~all"}], "b.test": [{"A": "192.0.2.9"}], "c.test": []})", "softfail", "", 2, 1},
        {R"({"a.test": [{"TXT": "v=spf1 include:b.test ?all"}], "b.test": [{"CNAME": "c.test"}], "c.test": [{"TXT": "v=spf1 +all"}]})",
         "pass", "", 1, 0},
        {R"({"a.test": ["TIMEOUT"]})", "temperror", "", 0, 0},
        {R"({"a.test": ["SERVFAIL"]})", "temperror", "", 0, 0},
        {R"({"a.test": ["BOGUS"]})", "temperror", "", 0, 0},
        {R"({"a.test": [{"TXT": "v=spf1 a ~all"}, "TIMEOUT"]})", "temperror", "", 1, 0},
        {R"({"a.test": [{"TXT": "v=spf1 nonsense"}]})", "permerror", "", 0, 0},
        {R"({"a.test": [{"CNAME": "a.test"}]})", "temperror", "", 0, 0},
    };
    for (const auto& c : cases) {
        const auto got = answer(spf_question(json::parse(c.zone)));
        EXPECT_EQ(got.at("result"), text_or_null(c.result)) << c.zone << json::serialize(got);
        EXPECT_EQ(got.at("explanation"), text_or_null(c.explanation)) << c.zone;
        EXPECT_EQ(got.at("lookups"), c.lookups) << c.zone;
        EXPECT_EQ(got.at("void_lookups"), c.void_lookups) << c.zone;
    }
}

TEST(Eval, SpfLimitsOnBothSides) {
    json::object zone;
    std::string record = "v=spf1";
    for (int i = 0; i < 10; ++i) {
        const std::string name = "h" + std::to_string(i) + ".test";
        record += " a:" + name;
        zone[name] = json::parse(R"([{"A": "198.51.100.1"}])");
    }
    zone["a.test"] = json::parse(R"([{"TXT": ")" + record + R"( -all"}])");
    json::object question = spf_question(zone);
    EXPECT_EQ(answer(question).at("result"), "fail");
    question["limits"] = {{"lookups", 9}};
    EXPECT_EQ(answer(question).at("result"), "permerror");
    zone["a.test"] = json::parse(R"([{"TXT": "v=spf1 include:a.test -all"}])");  // without end
    question = spf_question(zone);
    question["limits"] = {{"lookups", 100}};
    EXPECT_EQ(answer(question).at("result"), "permerror");
}

TEST(Eval, Dmarc) {
    const json::value zone = json::parse(R"({"_dmarc.a.test": [{"TXT": "v=DMARC1; p=reject; sp=quarantine; t=y"}], "x.a.test": [],
        "_dmarc.slow.test": ["TIMEOUT"], "_dmarc.tenant.onmicrosoft.com": [{"TXT": "v=DMARC1; p=reject"}]})");
    const struct {
        std::string_view more, result, policy, disposition, organization;
        bool spf, dkim;
    } cases[] = {
        {R"({"from_domain": "A.test", "dkim": [{"result": "pass", "domain": "x.A.test"}]})", "pass", "reject", "none", "a.test", false,
         true},
        {R"({"from_domain": "a.test", "spf": {"result": "pass", "domain": "a.test"}})", "pass", "reject", "none", "a.test", true, false},
        {R"({"from_domain": "x.a.test", "spf": {"result": "fail", "domain": "a.test"}, "rfc": "7489"})", "fail", "quarantine", "quarantine",
         "a.test", false, false},
        {R"({"from_domain": "a.test"})", "fail", "reject", "quarantine", "a.test", false, false},
        {R"({"from_domain": "a.test", "dkim": [{"result": "temperror", "domain": "a.test"}]})", "temperror", "reject", "", "a.test", false,
         false},
        {R"({"from_domain": "a.test", "dkim": [{"result": "pass", "domain": "b.test"}]})", "fail", "reject", "quarantine", "a.test", false,
         false},
        {R"({"from_domain": "x.b.test"})", "none", "", "", "x.b.test", false, false},
        {R"({"from_domain": "x.b.co.uk", "rfc": 7489})", "none", "", "", "b.co.uk", false, false},
        {R"({"from_domain": "co.uk", "rfc": 7489})", "none", "", "", "", false, false},
        {R"({"from_domain": "slow.test"})", "temperror", "", "", "", false, false},
        {R"({"from_domain": "tenant.onmicrosoft.com", "dkim": [{"result": "pass", "domain": "other.onmicrosoft.com"}]})", "fail", "reject",
         "reject", "tenant.onmicrosoft.com", false, false},
    };
    for (const auto& c : cases) {
        json::object question = json::parse(c.more).as_object();
        question["op"] = "dmarc";
        question["zone"] = zone;
        const auto got = answer(question);
        EXPECT_EQ(got.at("result"), text_or_null(c.result)) << c.more << json::serialize(got);
        EXPECT_EQ(got.at("policy"), text_or_null(c.policy)) << c.more;
        if (c.result != "temperror") EXPECT_EQ(got.at("disposition"), text_or_null(c.disposition)) << c.more;
        EXPECT_EQ(got.at("organizational_domain"), text_or_null(c.organization)) << c.more;
        EXPECT_EQ(got.at("aligned").as_object().at("spf"), c.spf) << c.more;
        EXPECT_EQ(got.at("aligned").as_object().at("dkim"), c.dkim) << c.more;
    }
}

TEST(Eval, DecideVerifiesWithTheZone) {
    const auto question = [](std::string_view source, std::string_view proof, std::string_view zone) {
        return json::object{
            {"op", "decide"},
            {"now", 1'700'000'000},
            {"message_b64", base::base64_encode("From: jane@c.test\r\n\r\nhello\r\n")},
            {"session", {{"client_ip", "40.92.0.1"}, {"client_cert", "mail.protection.outlook.com"}, {"mail_from", "jane@c.test"}}},
            {"config", {{"authorisation", {{"mode", "enforce"}, {"proofs", {proof}}}}, {"dkim", {{"source", source}}}}},
            {"tenants", {{"version", 2}, {"tenants", {{"c", {{"domains", {"c.test"}}}}}}}},
            {"zone", json::parse(zone)},
        };
    };
    constexpr std::string_view good = R"({"c.test": [{"TXT": "v=spf1 ip4:40.92.0.0/15 -all"}]})";
    constexpr std::string_view bad = R"({"c.test": [{"TXT": "v=spf1 -all"}]})";
    for (const char* source : {"authentication-results", "verify", "both"}) {
        EXPECT_EQ(answer(question(source, "client-cert + spf", good)).at("reason"), "authorised") << source;
        EXPECT_EQ(answer(question(source, "client-cert + spf", bad)).at("reason"), "not-proven") << source;
        EXPECT_EQ(answer(question(source, "client-cert + spf", R"({"c.test": ["TIMEOUT"]})")).at("verdict"), "tempfail") << source;
        EXPECT_EQ(answer(question(source, "client-cert + spf", R"({"c.test": ["BOGUS"]})")).at("verdict"), "tempfail") << source;
        EXPECT_EQ(answer(question(source, "client-cert + spf", "{}")).at("reason"), "not-proven") << source;
    }
    EXPECT_NE(std::string_view(answer(question("authentication-results", "client-cert + dmarc", good)).at("error").as_string())
                  .find("needs dkim.source"),
              std::string_view::npos);
    EXPECT_EQ(answer(question("verify", "client-cert + dmarc", good)).at("reason"), "not-proven");  // unsigned: SPF alone is not enough
    EXPECT_TRUE(answer(question("verify", "client-cert + spf", "[]")).contains("error"));
}

}  // namespace
}  // namespace exota::programs
