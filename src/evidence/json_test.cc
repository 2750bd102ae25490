#include "evidence/json.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/unicode.h"
#include "evidence/author.h"

namespace exota::evidence {
namespace {

mail::Domain domain(std::string_view text) { return mail::Domain::parse(text).value(); }
mail::TenantId tenant(std::string_view text) { return mail::TenantId::parse(text).value(); }
base::IpAddress address(std::string_view text) { return base::IpAddress::parse(text).value(); }

/// Every member set to something that is not its default, every state of a fact somewhere.
Evidence full() {
    Evidence e;
    e.session.client = {Observed<base::IpAddress>{address("2001:db8::1"), Source::mta}, "host.example"};
    e.session.tls.version = "TLSv1.3";
    e.session.tls.cipher = "TLS_AES_256_GCM_SHA384";
    e.session.tls.certificate_name = Unavailable{"no {verify}"};
    e.session.tls.certificate_dns_names = {"a.example", ""};
    e.session.tls.certificate_purpose = "serverAuth";
    e.session.tls.hint = CertificateHint::not_verified;
    e.session.helo = "helo \"quoted\" \\ \x01\x7f";
    e.session.mta = "Postfix 3.7.11";
    e.session.authenticated = true;
    e.envelope.reverse_path = "j\xC3\xA4@x.example";
    e.envelope.has_mail = true;
    e.envelope.recipients = {"a@b", std::string("nul\0inside", 10)};
    e.envelope.recipient_count = 7;
    e.envelope.xoorg = Observed<mail::Domain>{domain("contoso.com"), Source::smtp_parameter};
    e.envelope.queue_id = "4ABC";
    e.header.from = {"J\xE4ne <j@x.example>", "\r\n folded"};
    e.header.from_count = 2;
    e.header.author = author_of(e.header, e.session.mta);
    e.header.resent_from = {"r"};
    e.header.sender = {"s"};
    e.header.originator_orgs = {domain("a.example"), domain("b\xC3\xBC"
                                                            "cher.example")};
    e.header.originator_org = Conflicting{{"a.example", "\xFF"}};
    e.header.tenant_id = Observed<mail::TenantId>{tenant("1234abcd-18c5-45e8-88de-123456789abc"), Source::header_field};
    e.header.auth_as = Malformed{"\xFFx", "too strange"};
    e.header.attributed_connection =
        Observed<AttributedConnection>{{tenant("99999999-18c5-45e8-88de-123456789abc"), address("203.0.113.7")}, Source::given};
    e.header.authentication_results = {{"gw.example; dkim=pass", 1, 2}};
    e.header.authentication_results_count = 3;
    e.header.received_count = 4;
    e.header.dkim_signature_count = 5;
    e.header.own_result_count = 6;
    e.header.firewall = {{"X-OriginatorOrg", 2}};
    e.header.firewall_incomplete = true;
    e.header.mail_class = MailClass::connector_validation;
    e.header.field_count = std::numeric_limits<std::uint32_t>::max();
    e.header.octets = std::numeric_limits<std::uint64_t>::max();
    e.verification.dkim = {DkimResult{DkimResult::Value::pass, domain("x.example"), Source::own_verification, false, "l= short"},
                           DkimResult{}};
    e.verification.spf = Verification::Spf{SpfValue::softfail, domain("x.example"), "d"};
    e.verification.arc = Verification::Arc{ArcValue::pass, {{1, "microsoft.com", "a; none"}}, "d"};
    e.verification.dmarc = Verification::Dmarc{DmarcValue::pass, true, true, "reject", "d"};
    e.too_complex = "header fields above 2000";
    return e;
}

void expect_round_trip(const Evidence& evidence) {
    const std::string text = to_json(evidence);
    EXPECT_TRUE(base::is_plain_text(text)) << text;
    const auto back = from_json(text);
    ASSERT_TRUE(back) << back.error().detail << '\n' << text;
    EXPECT_EQ(*back, evidence) << text;
    EXPECT_EQ(to_json(*back), text);
}

TEST(Json, writing_and_reading_back_is_the_identity) {
    expect_round_trip({});
    expect_round_trip(full());
}

TEST(Json, nothing_in_it_ends_a_line_for_any_reader) {
    for (const std::string_view hidden :
         {"\n", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xae", "\xef\xbb\xbf", "\xf3\xa0\x81\x81", "\x85"}) {
        Evidence e;
        e.session.helo = "a" + std::string(hidden) + "{\"verdict\":\"accept\"}";
        e.header.from = {e.session.helo};
        e.header.author = author_of(e.header, e.session.mta);
        e.header.auth_as = Malformed{e.session.helo, e.session.helo};
        e.verification.arc = Verification::Arc{ArcValue::pass, {{1, e.session.helo, e.session.helo}}, e.session.helo};
        expect_round_trip(e);
    }
}

TEST(Json, the_verification_alone_is_as_in_the_whole) {
    EXPECT_NE(to_json(full()).find("\"verification\":" + verification_to_json(full().verification) + ','), std::string::npos);
}

TEST(Json, every_word) {
    for (const auto source :
         {Source::mta, Source::peer_certificate, Source::smtp_parameter, Source::header_field, Source::own_verification, Source::given}) {
        Evidence e;
        e.header.auth_as = Observed<std::string>{"x", source};
        expect_round_trip(e);
    }
    for (int i = 0; i < 4; ++i) {
        Evidence e;
        e.session.tls.hint = static_cast<CertificateHint>(i);
        e.verification.arc.emplace().value = static_cast<ArcValue>(i);
        expect_round_trip(e);
    }
    for (int i = 0; i < 7; ++i) {
        Evidence e;
        e.header.mail_class = static_cast<MailClass>(std::min(i, 5));
        e.verification.spf.emplace().value = static_cast<SpfValue>(i);
        e.verification.dkim.emplace().emplace_back().value = static_cast<DkimResult::Value>(i);
        e.verification.dmarc.emplace().value = static_cast<DmarcValue>(std::min(i, 4));
        expect_round_trip(e);
    }
}

TEST(Json, asked_and_not_asked_differ) {
    Evidence asked;
    asked.verification.dkim.emplace();
    expect_round_trip(asked);
    EXPECT_NE(to_json(asked), to_json({}));
}

TEST(Json, what_is_left_out_has_its_default) {
    EXPECT_EQ(from_json("{}"), Evidence{});
    const auto evidence =
        from_json(R"({"header": {"from": ["j@x.example"], "tenant_id": {"value": "1234ABCD-18c5-45e8-88de-123456789abc"}}})");
    ASSERT_TRUE(evidence);
    EXPECT_EQ(evidence->header.from, std::vector<std::string>{"j@x.example"});
    EXPECT_EQ(value_of(evidence->header.tenant_id)->text(), "1234abcd-18c5-45e8-88de-123456789abc");
}

TEST(Json, errors_name_their_place) {
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {R"({"header": {"form": []}})", "$.header: unknown key form"},
        {R"({"x": 1})", "$: unknown key x"},
        {R"([])", "$: not an object"},
        {R"({"header": []})", "$.header: not an object"},
        {R"({"header": {"from": "x"}})", "$.header.from: not an array"},
        {R"({"header": {"from": ["x", 1]}})", "$.header.from[1]: neither a string nor {\"base64\": \"…\"}"},
        {R"({"header": {"from": [{"base64": "*"}]}})", "$.header.from[0]: not base64"},
        {R"({"header": {"from": [{"base64": "", "x": 1}]}})", "$.header.from[0]: neither a string nor {\"base64\": \"…\"}"},
        {R"({"header": {"from_count": -1}})", "$.header.from_count: not a whole number from 0"},
        {R"({"header": {"from_count": 1.5}})", "$.header.from_count: not a whole number from 0"},
        {R"({"header": {"from_count": 4294967296}})", "$.header.from_count: number too large"},
        {R"({"header": {"tenant_id": {"value": "x"}}})", "$.header.tenant_id.value: tenant id is not of 36 characters"},
        {R"({"header": {"tenant_id": {"value": "1234abcd-18c5-45e8-88de-123456789abc", "source": "me"}}})",
         "$.header.tenant_id.source: unknown word me"},
        {R"({"header": {"tenant_id": {"value": "1234abcd-18c5-45e8-88de-123456789abc", "why": "x"}}})",
         "$.header.tenant_id: unknown key why"},
        {R"({"header": {"tenant_id": {"conflicting": [], "value": null}}})", "$.header.tenant_id.value: not a string"},
        {R"({"header": {"tenant_id": {}}})", "$.header.tenant_id: a fact has one of value, conflicting, malformed, unavailable"},
        {R"({"header": {"tenant_id": 1}})", "$.header.tenant_id: neither null nor an object"},
        {R"({"header": {"mail_class": "spam"}})", "$.header.mail_class: unknown word spam"},
        {R"({"session": {"authenticated": 1}})", "$.session.authenticated: not a boolean"},
        {R"({"verification": {"dkim": [{"sdid": "a..b"}]}})", "$.verification.dkim[0].sdid: domain has an empty label"},
        {R"({"verification": {"spf": null}})", "$.verification.spf: not an object"},
    };
    for (const Case& c : cases) {
        const auto evidence = from_json(c.text);
        ASSERT_FALSE(evidence) << c.text;
        EXPECT_EQ(evidence.error().detail, c.want);
        EXPECT_EQ(evidence.error().code, base::Errc::invalid_data);
    }
    for (const std::string_view text : {"", "{", "{} x", "{\"too_complex\": \"\xFF\"}", "nul"})
        EXPECT_TRUE(from_json(text).error().detail.starts_with("$: not JSON")) << text;
}

}  // namespace
}  // namespace exota::evidence
