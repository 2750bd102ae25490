// EOP's fields and composite authentication, asked by programs; and the inbound door as `eval` plays it.
#include "programs/eval_inbound.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "programs/eval_ops.h"
#include "programs/session_facts.h"
#include "tenant/tenants_file.h"

namespace exota::programs {
namespace {

namespace json = boost::json;

/// In one form, whatever the blanks of what is given.
std::string canonical(const json::value& value) { return json::serialize(value); }
std::string canonical_text(std::string_view text) { return json::serialize(json::parse(text)); }

json::object answer(std::string_view question) { return json::parse(evaluate_line(question)).as_object(); }

TEST(EvalInbound, eops_results) {
    EXPECT_EQ(
        canonical(json::value(answer(
            R"({"op": "eop", "field": "Authentication-Results: spf=pass (sender IP is 192.0.2.42) smtp.mailfrom=mail.example; dkim=none (message not signed) header.d=none;dmarc=fail action=oreject header.from=bank.example;compauth=none reason=451"})"))),
        canonical_text(R"({"spf": {"result": "pass", "sender_ip": "192.0.2.42", "mail_from": "mail.example"},
                      "dkim": {"result": "none", "header_d": null},
                      "dmarc": {"result": "fail", "action": "oreject", "header_from": "bank.example"},
                      "compauth": {"result": "none", "reason": "451"}})"));
    const json::object whole = answer(
        R"({"op": "eop", "field": "Authentication-Results: dkim=pass header.d=a.example;dkim=pass header.d=b.example;new=x (c) y.z=1", "report": "CIP:192.0.2.1;DIR:INB;", "antispam": "BCL:3;"})");
    EXPECT_EQ(whole.at("dkim").at("header_d").as_string(), "a.example");
    ASSERT_EQ(whole.at("other").as_array().size(), 2U);
    EXPECT_EQ(canonical(whole.at("other").at(1)),
              canonical_text(R"({"method": "new", "result": "x", "comments": ["c"], "properties": [["y.z", "1"]]})"));
    EXPECT_EQ(canonical(whole.at("report")), canonical_text(R"({"CIP": "192.0.2.1", "DIR": "INB"})"));
    EXPECT_EQ(canonical(whole.at("antispam")), canonical_text(R"({"BCL": "3"})"));
    EXPECT_EQ(answer(R"({"op": "eop", "field": "X-MS-Exchange-Authentication-Results: dmarc=fail"})").at("counts").as_bool(), false);
}

TEST(EvalInbound, bad_questions) {
    const struct {
        std::string_view line, says;
    } cases[] = {
        {R"({"op": "eop"})", "\"field\" is missing"},
        {R"({"op": "eop", "field": "Subject: x"})", "none of EOP's results"},
        {R"({"op": "eop", "field": "Authentication-Results: dmarc=passed"})", "unknown result"},
        {R"({"op": "eop", "field": "Authentication-Results: dmarc=pass", "report": "x"})", "\"report\": a pair"},
        {R"({"op": "compauth"})", "\"from_domain\" is missing"},
        {R"({"op": "compauth", "from_domain": "a.test", "own": 1})", "\"own\" must be true or false"},
        {R"({"op": "compauth", "from_domain": "a.test", "exception": "x"})", "\"exception\": unknown word"},
        {R"({"op": "compauth", "from_domain": "a.test", "domains": "direct"})", "\"domains\": unknown word"},
        {R"({"op": "decide", "message_b64": "", "session": {"door": "x"}, "config": {"authorisation": {"mode": "enforce"}}, "tenants": {}})",
         "\"door\" must be relay or inbound"},
        {R"({"op": "decide", "message_b64": "", "session": {"door": "inbound"}, "config": {"authorisation": {"mode": "enforce"}}, "tenants": {}})",
         "[inbound]"},
    };
    for (const auto& c : cases) {
        const json::object object = answer(c.line);
        ASSERT_TRUE(object.contains("error")) << c.line;
        EXPECT_TRUE(std::string_view(object.at("error").as_string()).contains(c.says)) << object.at("error");
    }
}

TEST(EvalInbound, composite_authentication) {
    const auto said = [](std::string_view members) {
        const json::object object = answer(R"({"op": "compauth", "from_domain": "bank.example", )" + std::string(members) + "}");
        return std::string(object.at("result").as_string()) + ' ' + std::string(object.at("reason").as_string());
    };
    constexpr std::string_view reject =
        R"("zone": {"_dmarc.bank.example": [{"TXT": "v=DMARC1; p=reject"}], "bank.example": [{"A": "192.0.2.1"}]})";
    EXPECT_EQ(said(reject), "fail 000");
    EXPECT_EQ(said(std::string(reject) + R"(, "own": true)"), "fail 010");
    EXPECT_EQ(said(std::string(reject) + R"(, "own": true, "own_tenant": "holds")"), "pass 701");
    EXPECT_EQ(said(std::string(reject) + R"(, "dkim": [{"result": "pass", "domain": "bank.example"}])"), "pass 100");
    EXPECT_EQ(said(std::string(reject) + R"(, "spf": {"result": "pass", "domain": "bank.example"}, "exchange_online": true)"),
              "softpass 202");
    EXPECT_EQ(said(std::string(reject) + R"(, "dkim": [{"result": "temperror", "domain": "bank.example"}])"), "none 301");
    EXPECT_EQ(said(std::string(reject) + R"(, "exception": "forwarder")"), "pass 131");
    EXPECT_EQ(said(std::string(reject) + R"(, "domains": "mark")"), "fail 002");
    EXPECT_EQ(said(R"("zone": {"_dmarc.bank.example": ["TIMEOUT"]})"), "none 301");
    EXPECT_EQ(said(R"("reverse_name": true)"), "softpass 211");
    EXPECT_EQ(said(R"("dkim": [{"result": "pass", "domain": "bank.example"}])"), "pass 109");
    EXPECT_EQ(said(R"("own": true)"), "fail 601");
    EXPECT_EQ(said(R"("own": false)"), "fail 001");
}

// --- The door -------------------------------------------------------------------------------------------------------------------------

/// A door for known.example (authoritative) and other.example.
decision::Decision judged(const std::vector<std::string>& recipients, std::optional<std::vector<std::string>> known, std::string_view zone,
                          std::string_view client = "198.51.100.7") {
    gate::Snapshot snapshot;
    snapshot.rules.inbound.emplace().mode = tenant::Mode::enforce;
    tenant::LoadedTenants loaded = tenant::read_tenants(R"({"version": 2, "tenants": {"t": {
        "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "domains": ["known.example", "other.example"],
        "recipients": {"known.example": "authoritative"}}}})",
                                                        tenant::Defaults{});
    snapshot.tenants = std::make_shared<const tenant::Index>(*std::move(loaded.index));
    SessionFacts facts;
    facts.client_ip = client;
    facts.mail_from = "boss@bank.example";
    facts.recipients = recipients;
    const mail::MessageParts parts = mail::split_message("From: <boss@bank.example>\r\n\r\nbody\r\n");
    evidence::Collector collector(snapshot.limits);
    EXPECT_TRUE(begin_message(facts, collector));
    note_fields(parts.fields, collector);
    evidence::Evidence evidence = collector.finish();
    ZoneNames names(MockZone::parse(zone).value());
    return judge_at_inbound_door(evidence, parts, snapshot, {.inbound = true, .known_recipients = std::move(known)}, names,
                                 std::chrono::sys_seconds{}, 200);
}

constexpr std::string_view honest = R"({"bank.example": [{"TXT": "v=spf1 ip4:198.51.100.7 -all"}, {"A": "198.51.100.7"}],
    "_dmarc.bank.example": [{"TXT": "v=DMARC1; p=reject"}]})";

TEST(EvalInbound, recipients_that_are_known) {
    using decision::Reason;
    EXPECT_EQ(judged({"a@known.example"}, std::nullopt, honest).reason, Reason::passed);
    EXPECT_EQ(judged({"a@known.example"}, std::vector<std::string>{"a@known.example"}, honest).reason, Reason::passed);
    EXPECT_EQ(judged({"a+list@KNOWN.example"}, std::vector<std::string>{"A@known.example"}, honest).reason, Reason::passed);
    EXPECT_EQ(judged({"x@known.example"}, std::vector<std::string>{"@known.example"}, honest).reason, Reason::passed);
    EXPECT_EQ(judged({"postmaster@known.example"}, std::vector<std::string>{}, honest).reason, Reason::passed);
    EXPECT_EQ(judged({"x@other.example"}, std::vector<std::string>{}, honest).reason, Reason::passed) << "not authoritative";
    EXPECT_EQ(judged({"b@known.example"}, std::vector<std::string>{"a@known.example"}, honest).reason, Reason::recipient_unknown);
    EXPECT_EQ(judged({"b@known.example", "a@known.example"}, std::vector<std::string>{"a@known.example"}, honest).reason, Reason::passed);
    EXPECT_EQ(judged({"b@elsewhere.example"}, std::nullopt, honest).reason, Reason::recipient_foreign);
}

TEST(EvalInbound, everything_is_looked_up) {
    EXPECT_EQ(judged({"a@known.example"}, std::nullopt, honest, "203.0.113.9").reason, decision::Reason::dmarc_failed);
    EXPECT_EQ(judged({"a@known.example"}, std::nullopt, R"({"_dmarc.bank.example": ["TIMEOUT"]})").reason, decision::Reason::unavailable);
    const decision::Decision by_name = judged({"a@known.example"}, std::nullopt,
                                              R"({"7.100.51.198.in-addr.arpa": [{"PTR": "mail.bank.example"}],
                                                  "mail.bank.example": [{"A": "198.51.100.7"}]})");
    EXPECT_EQ(by_name.inbound->compauth->reason, 211);
}

}  // namespace
}  // namespace exota::programs
