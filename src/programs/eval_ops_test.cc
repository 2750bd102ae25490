#include "programs/eval_ops.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/encode.h"

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
         base::base64_encode("Authentication-Results: mx.test; dkim=pass header.d=c.test\r\nFrom: jane@c.test\r\n\r\nhello\r\n")},
        {"session",
         {{"client_ip", "40.92.0.1"},
          {"client_cert", "mail.protection.outlook.com"},
          {"mail_from", "jane@c.test"},
          {"rcpts", {"a@b.test"}}}},
        {"config", {{"authorisation", {{"mode", "enforce"}}}, {"authentication_results", {{"trusted_authserv_ids", {"mx.test"}}}}}},
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

}  // namespace
}  // namespace exota::programs
