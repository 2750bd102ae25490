#include "evidence/collector.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "evidence/claims.h"
#include "evidence/firewall_names.h"

namespace exota::evidence {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const MessageLimits usual;

Header gather(const Fields& fields) {
    Collector collector(usual);
    collector.mail("<j@x.example>");
    for (const auto& [name, value] : fields) collector.header_field(name, value);
    return collector.finish().header;
}

template <class T>
std::string state(const Fact<T>& fact) {
    if (const auto* conflicting = std::get_if<Conflicting>(&fact)) {
        std::string out = "conflicting";
        for (const std::string& seen : conflicting->seen) out += ' ' + seen;
        return out;
    }
    if (const auto* malformed = std::get_if<Malformed>(&fact)) return "malformed " + malformed->seen;
    if (std::holds_alternative<Unavailable>(fact)) return "unavailable";
    const T* value = value_of(fact);
    if (!value) return "absent";
    if constexpr (std::is_same_v<T, std::string>)
        return *value;
    else if constexpr (std::is_same_v<T, AttributedConnection>)
        return value->tenant_id.text() + ' ' + value->address.text();
    else
        return value->text();
}

const std::string ours = "1234abcd-18c5-45e8-88de-123456789abc";
const std::string theirs = "99999999-18c5-45e8-88de-123456789abc";

TEST(Collector, facts_of_the_header) {
    const std::string id = "X-MS-Exchange-CrossTenant-Id", org = "X-OriginatorOrg", as = "X-MS-Exchange-CrossTenant-AuthAs";
    struct Case {
        const char* name;
        Fields fields;
        std::string tenant_id, originator_org, auth_as;
    };
    const Case cases[] = {
        {"nothing", {}, "absent", "absent", "absent"},
        {"one_each", {{id, " " + ours}, {org, " Contoso.COM"}, {as, " Internal"}}, ours, "contoso.com", "Internal"},
        {"folded", {{id, "\r\n " + ours + "\r\n "}, {org, "\n\tcontoso.com"}}, ours, "contoso.com", "absent"},
        {"letter_case_of_names",
         {{"x-ms-exchange-crosstenant-ID", ours}, {"X-ORIGINATORORG ", "contoso.com"}},
         ours,
         "contoso.com",
         "absent"},
        {"equal_repeats",
         {{id, ours}, {id, "1234ABCD-18C5-45E8-88DE-123456789ABC"}, {org, "contoso.com"}, {org, "CONTOSO.com."}},
         ours,
         "contoso.com",
         "absent"},
        {"different",
         {{id, ours}, {id, theirs}, {id, ours}, {org, "a.example"}, {org, "b.example"}},
         "conflicting " + ours + ' ' + theirs,
         "conflicting a.example b.example",
         "absent"},
        {"empty_is_absent", {{id, ""}, {id, " \r\n "}, {org, " "}, {as, ""}}, "absent", "absent", "absent"},
        {"empty_beside_a_value", {{id, ""}, {id, ours}, {org, "contoso.com"}, {org, ""}}, ours, "contoso.com", "absent"},
        {"unreadable", {{id, "x" + ours}, {org, "no domain"}}, "malformed x" + ours, "malformed no domain", "absent"},
        {"unreadable_repeats", {{id, "X"}, {id, "x"}}, "malformed X", "absent", "absent"},
        {"unreadable_and_readable",
         {{id, "x"}, {id, ours}, {org, "a.example"}, {org, "?"}},
         "conflicting x " + ours,
         "conflicting a.example ?",
         "absent"},
        {"unreadable_twice", {{org, "?"}, {org, "!"}}, "absent", "conflicting ? !", "absent"},
        {"two_in_one", {{id, ours + ", " + theirs}}, "malformed " + ours + ", " + theirs, "absent", "absent"},
        {"comment_is_no_id", {{id, ours + " (x)"}}, "malformed " + ours + " (x)", "absent", "absent"},
        {"auth_as_differs_by_case", {{as, "Internal"}, {as, "internal"}}, "absent", "absent", "conflicting Internal internal"},
        {"similar_names", {{id + "s", ours}, {"X-OriginatorOrg2", "contoso.com"}}, "absent", "absent", "absent"},
    };
    for (const Case& c : cases) {
        const Header header = gather(c.fields);
        EXPECT_EQ(state(header.tenant_id), c.tenant_id) << c.name;
        EXPECT_EQ(state(header.originator_org), c.originator_org) << c.name;
        EXPECT_EQ(state(header.auth_as), c.auth_as) << c.name;
        EXPECT_EQ(header.field_count, c.fields.size()) << c.name;
    }
}

TEST(Collector, attributed_connection) {
    struct Case {
        const char* name;
        std::string value, want;
    };
    const Case cases[] = {
        {"as_seen", " TenantId=" + ours + ";Ip=[203.0.113.7];Helo=[host]", ours + " 203.0.113.7"},
        {"no_helo", "TenantId=" + ours + ";Ip=[203.0.113.7]", ours + " 203.0.113.7"},
        {"folded", "TenantId=" + ours + ";\r\n Ip=[203.0.113.7];\r\n Helo=[host]", ours + " 203.0.113.7"},
        {"letter_case", "tenantid=" + ours + ";IP=[203.0.113.7];HELO=[host]", ours + " 203.0.113.7"},
        {"ipv6", "TenantId=" + ours + ";Ip=[2001:db8::1];Helo=[host]", ours + " 2001:db8::1"},
        // The HELO is the sender's own text.
        {"helo_pretends", "TenantId=" + ours + ";Ip=[203.0.113.7];Helo=[x];TenantId=" + theirs + ";Ip=[192.0.2.1]", ours + " 203.0.113.7"},
        {"empty", " ", "absent"},
        {"no_tenant", "Ip=[203.0.113.7];Helo=[host]", "malformed Ip=[203.0.113.7];Helo=[host]"},
        {"other_order", "Helo=[x];TenantId=" + ours + ";Ip=[203.0.113.7]", "malformed Helo=[x];TenantId=" + ours + ";Ip=[203.0.113.7]"},
        {"bad_id", "TenantId=x;Ip=[203.0.113.7]", "malformed TenantId=x;Ip=[203.0.113.7]"},
        {"bad_address", "TenantId=" + ours + ";Ip=[203.0.113]", "malformed TenantId=" + ours + ";Ip=[203.0.113]"},
        {"no_bracket", "TenantId=" + ours + ";Ip=203.0.113.7", "malformed TenantId=" + ours + ";Ip=203.0.113.7"},
        {"open_bracket", "TenantId=" + ours + ";Ip=[203.0.113.7", "malformed TenantId=" + ours + ";Ip=[203.0.113.7"},
        {"text_behind", "TenantId=" + ours + ";Ip=[203.0.113.7]x", "malformed TenantId=" + ours + ";Ip=[203.0.113.7]x"},
    };
    const std::string name = "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp";
    for (const Case& c : cases) EXPECT_EQ(state(gather({{name, c.value}}).attributed_connection), c.want) << c.name;
    const std::string good = "TenantId=" + ours + ";Ip=[203.0.113.7]";
    EXPECT_EQ(state(gather({{name, good}, {name, good + ";Helo=[x]"}}).attributed_connection), ours + " 203.0.113.7");
    EXPECT_EQ(state(gather({{name, good}, {name, "TenantId=" + ours + ";Ip=[203.0.113.8]"}}).attributed_connection),
              "conflicting " + ours + " [203.0.113.7] " + ours + " [203.0.113.8]");
}

TEST(Collector, fields_keep_their_order_and_place) {
    const Header header = gather({{"Authentication-Results", " a; none"},
                                  {"Received", " by a"},
                                  {"authentication-results ", "b;\r\n none"},
                                  {"RECEIVED", " by b"},
                                  {"DKIM-Signature", " v=1"},
                                  {"From ", " \tj@x.example"},
                                  {"FROM", "k@x.example"},
                                  {"Resent-From", " r@x.example"},
                                  {"Sender", " s@x.example"},
                                  {"X-Exota-Authentication-results", "x; none"},
                                  {"ARC-Authentication-Results", "i=1; a; none"},
                                  {"Authentication-Results", "c; none"}});
    EXPECT_EQ(header.authentication_results, (std::vector<AuthresField>{{"a; none", 0, 1}, {"b;\r\n none", 1, 2}, {"c; none", 2, 3}}));
    EXPECT_EQ(header.authentication_results_count, 3U);
    EXPECT_EQ(header.received_count, 2U);
    EXPECT_EQ(header.dkim_signature_count, 1U);
    EXPECT_EQ(header.own_result_count, 1U);
    EXPECT_EQ(header.from, (std::vector<std::string>{"j@x.example", "k@x.example"}));
    EXPECT_EQ(header.from_count, 2U);
    EXPECT_EQ(header.resent_from, std::vector<std::string>{"r@x.example"});
    EXPECT_EQ(header.sender, std::vector<std::string>{"s@x.example"});
    EXPECT_EQ(header.field_count, 12U);
}

TEST(Collector, firewall_counts_by_name) {
    const Header header = gather({{"X-MS-Exchange-Organization-SCL", "1"},
                                  {"x-ms-exchange-organization-scl ", "2"},
                                  {"X-OriginatorOrg", "contoso.com"},
                                  {"X-MS-Exchange-Forest-A", "1"},
                                  {"Subject", "x"},
                                  {"X-MS-Exchange-Organization-SCL", "3"}});
    EXPECT_EQ(header.firewall,
              (std::vector<RemovableField>{{"X-MS-Exchange-Organization-SCL", 3}, {"X-OriginatorOrg", 1}, {"X-MS-Exchange-Forest-A", 1}}));
}

TEST(Collector, without_a_firewall_its_fields_are_evidence_all_the_same) {
    const MessageLimits limits;
    Collector collector(limits, {.firewall_fields = false, .signed_fields = false});
    collector.mail("");
    collector.header_field("X-OriginatorOrg", "contoso.com");
    collector.header_field("X-MS-Exchange-Forest-A", "1");
    const Header header = collector.finish().header;
    EXPECT_TRUE(header.firewall.empty());
    EXPECT_FALSE(header.firewall_incomplete);
    EXPECT_EQ(header.originator_orgs.size(), 1U);
    EXPECT_EQ(header.field_count, 2U);
}

TEST(Collector, many_names_of_the_firewall_are_counted_as_few_are) {
    const auto upper = [](std::string text) {
        std::ranges::transform(text, text.begin(), [](char c) { return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        return text;
    };
    for (const std::size_t count : {FirewallNames::few - 1, FirewallNames::few, FirewallNames::few + 1, std::size_t{600}}) {
        Fields fields;
        std::vector<RemovableField> want;
        for (std::size_t i = 0; i < count; ++i) {  // of many lengths, alike at the beginning, at the end, or at both
            const std::string number = std::to_string(i);
            want.push_back({"X-MS-Exchange-Organization-" + (i % 3 == 0   ? number + std::string(i % 17, 'z')
                                                             : i % 3 == 1 ? std::string(i % 17, 'z') + number
                                                                          : std::string(i % 5, 'z') + number + std::string(20, 'y')),
                            3});
            fields.push_back({want.back().name, "x"});
        }
        for (std::size_t round = 0; round < 2; ++round)
            for (std::size_t i = count; i-- > 0;) fields.push_back({round == 0 ? upper(want[i].name) : want[i].name, "x"});
        EXPECT_EQ(gather(fields).firewall, want) << count;
    }
}

TEST(Collector, mail_classes) {
    struct Case {
        const char* name;
        std::string reverse_path;
        Fields fields;
        MailClass want;
    };
    const std::string report = " multipart/report; report-type=delivery-status;\r\n boundary=x";
    const Case cases[] = {
        {"ordinary", "<j@x>", {{"From", "j@x"}}, MailClass::ordinary},
        {"ndr", "<>", {{"Content-Type", report}, {"Auto-Submitted", "auto-replied"}}, MailClass::non_delivery_report},
        {"ndr_quoted", "<>", {{"Content-Type", "Multipart/Report;report-type=\"Delivery-Status\""}}, MailClass::non_delivery_report},
        {"report_from_a_sender", "<j@x>", {{"Content-Type", report}}, MailClass::ordinary},
        {"read_receipt",
         "<>",
         {{"Content-Type", "multipart/report; report-type=disposition-notification"}, {"Auto-Submitted", "auto-replied"}},
         MailClass::auto_reply},
        {"out_of_office", "<>", {{"X-MS-Exchange-Inbox-Rules-Loop", "j@x"}}, MailClass::auto_reply},
        {"suppress_alone", "<j@x>", {{"X-Auto-Response-Suppress", "All"}}, MailClass::ordinary},
        {"not_automatic", "<>", {{"Auto-Submitted", "no"}}, MailClass::ordinary},
        {"forward", "<j@x>", {{"X-MS-Exchange-Inbox-Rules-Loop", "j@x"}}, MailClass::forward},
        {"resent", "<j@x>", {{"Resent-From", "j@x"}}, MailClass::forward},
        {"journal", "<>", {{"X-MS-Journal-Report", ""}, {"Sender", "m@x"}}, MailClass::journal},
        {"validation", "<j@x>", {{"From", "<o365connectorvalidation@x.example>"}}, MailClass::connector_validation},
        {"validation_in_the_name_only", "<j@x>", {{"From", "O365ConnectorValidation <j@x.example>"}}, MailClass::ordinary},
    };
    for (const Case& c : cases) {
        Collector collector(usual);
        collector.mail(c.reverse_path);
        for (const auto& [name, value] : c.fields) collector.header_field(name, value);
        EXPECT_EQ(name_of(collector.finish().header.mail_class), name_of(c.want)) << c.name;
    }
}

TEST(Collector, envelope) {
    Collector collector(usual);
    collector.mail(" <j@x.example> ");
    collector.recipient("<a@b>");
    collector.recipient("c@d");
    collector.xoorg(" Contoso.com ", Source::smtp_parameter);
    collector.xoorg("contoso.com", Source::smtp_parameter);
    collector.queue_id("4ABC");
    Evidence evidence = collector.finish();
    EXPECT_EQ(evidence.envelope.reverse_path, "j@x.example");
    EXPECT_TRUE(evidence.envelope.has_mail);
    EXPECT_EQ(evidence.envelope.recipients, (std::vector<std::string>{"a@b", "c@d"}));
    EXPECT_EQ(evidence.envelope.recipient_count, 2U);
    EXPECT_EQ(evidence.envelope.xoorg,
              (Fact<mail::Domain>(Observed<mail::Domain>{mail::Domain::parse("contoso.com").value(), Source::smtp_parameter})));
    EXPECT_EQ(evidence.envelope.queue_id, "4ABC");

    collector.mail("<>");
    collector.xoorg("a.example", Source::smtp_parameter);
    collector.xoorg("b.example", Source::smtp_parameter);
    evidence = collector.finish();
    EXPECT_EQ(evidence.envelope.reverse_path, "");
    EXPECT_TRUE(evidence.envelope.has_mail);
    EXPECT_EQ(state(evidence.envelope.xoorg), "conflicting a.example b.example");
    EXPECT_FALSE(collector.finish().envelope.has_mail);
}

// The predecessor let a second message inherit From, id and DKIM results of one that was aborted.
TEST(Collector, nothing_of_a_message_outlives_it) {
    const auto fill = [](Collector& c) {
        c.mail("<j@x>");
        c.recipient("<a@b>");
        c.xoorg("contoso.com", Source::smtp_parameter);
        c.header_field("From", "j@x");
        c.header_field("X-MS-Exchange-CrossTenant-Id", ours);
        c.header_field("Authentication-Results", "a; dkim=pass");
        c.header_field("Received", "x");
    };
    Collector fresh(usual);
    fresh.mail("<k@x>");
    const Evidence want = fresh.finish();

    Collector collector(usual);
    fill(collector);
    collector.reset_message();
    EXPECT_FALSE(collector.in_message());
    collector.mail("<k@x>");
    EXPECT_EQ(collector.finish(), want);

    fill(collector);
    collector.mail("<k@x>");  // MAIL again, without RSET
    EXPECT_EQ(collector.finish(), want);

    fill(collector);
    collector.finish();
    collector.mail("<k@x>");
    EXPECT_EQ(collector.finish(), want);

    fill(collector);
    collector.connected({});
    EXPECT_FALSE(collector.in_message());
    collector.mail("<k@x>");
    EXPECT_EQ(collector.finish(), want);
}

TEST(Collector, connection_state_outlives_messages) {
    Collector collector(usual);
    collector.connected({Observed<base::IpAddress>{base::IpAddress::parse("192.0.2.1").value(), Source::mta}, "host"}, "Postfix 3.7.11");
    collector.helo("a");
    collector.authenticated(true);
    Tls tls;
    tls.version = "TLSv1.3";
    tls.certificate_name = Observed<std::string>{"mail.example", Source::mta};
    tls.certificate_dns_names = {"mail.example"};
    collector.tls(tls);
    collector.mail("<>");
    const Evidence evidence = collector.finish();
    EXPECT_EQ(evidence.session, collector.session());
    EXPECT_EQ(evidence.session.tls, tls);
    EXPECT_TRUE(evidence.session.authenticated);
    collector.tls({});  // HELO without TLS: nothing of the old facts stays
    EXPECT_EQ(collector.session().tls, Tls{});
    collector.connected({});
    EXPECT_EQ(collector.session(), Session{});
}

TEST(Collector, limits_on_both_sides) {
    const MessageLimits tight{.field_octets = 100, .header_octets = 1000, .header_fields = 20, .kept_fields = 3};
    const auto complexity = [&](const Fields& fields) {
        Collector collector(tight);
        collector.mail("<j@x>");
        for (const auto& [name, value] : fields) collector.header_field(name, value);
        const Evidence evidence = collector.finish();
        EXPECT_EQ(evidence.header.field_count, fields.size());
        return evidence.too_complex;
    };
    const auto times = [](std::size_t n, std::string name, std::string value) { return Fields(n, {std::move(name), std::move(value)}); };
    EXPECT_EQ(complexity(times(20, "Subject", "x")), "");
    EXPECT_EQ(complexity(times(21, "Subject", "x")), "header fields above 20");
    EXPECT_EQ(complexity({{"Subject", std::string(100 - 7 - 3, 'x')}}), "");
    EXPECT_EQ(complexity({{"Subject", std::string(100 - 7 - 2, 'x')}}), "octets of a header field above 100");
    EXPECT_EQ(complexity(times(10, "Subject", std::string(90, 'x'))), "");
    EXPECT_EQ(complexity(times(11, "Subject", std::string(90, 'x'))), "header octets above 1000");
    for (const std::string name : {"From", "Resent-From", "Sender", "Authentication-Results", "X-OriginatorOrg",
                                   "X-MS-Exchange-CrossTenant-Id", "X-MS-Exchange-CrossTenant-AuthAs"}) {
        EXPECT_EQ(complexity(times(3, name, "x")), "") << name;
        EXPECT_EQ(complexity(times(4, name, "x")), "more than 3 " + name + " fields") << name;
    }
    EXPECT_EQ(complexity(times(20, "Received", "x")), "");  // only counted
    EXPECT_EQ(complexity(times(20, "X-MS-Exchange-Organization-A", "x")), "");
}

TEST(Collector, a_flood_is_counted_but_not_kept) {
    Collector collector(usual);
    collector.mail("<j@x>");
    const std::string value(1000, 'x');
    for (int i = 0; i < 5'000; ++i) {
        collector.header_field("Authentication-Results", value);
        collector.header_field("X-MS-Exchange-Organization-" + std::to_string(i), value);
        collector.header_field("X-ExOTA-Authentication-Results", value);
    }
    collector.header_field("X-MS-Exchange-Organization-1", value);
    const Evidence evidence = collector.finish();
    EXPECT_FALSE(evidence.too_complex.empty());
    EXPECT_EQ(evidence.header.field_count, 15'001U);
    EXPECT_EQ(evidence.header.authentication_results_count, 5'000U);
    EXPECT_EQ(evidence.header.own_result_count, 5'000U);
    EXPECT_LE(evidence.header.authentication_results.size(), usual.kept_fields);
    EXPECT_LE(evidence.header.firewall.size(), usual.header_fields);
    EXPECT_TRUE(evidence.header.firewall_incomplete);
    EXPECT_EQ(evidence.header.firewall.at(1).count, 2U);
}

TEST(Collector, paths_on_both_sides_of_their_limits) {
    Collector collector(usual);
    collector.mail('<' + std::string(max_path_octets, 'x') + '>');
    for (std::size_t i = 0; i <= max_recipients_kept; ++i) collector.recipient("<a@b>");
    Evidence evidence = collector.finish();
    EXPECT_EQ(evidence.too_complex, "");
    EXPECT_EQ(evidence.envelope.reverse_path.size(), max_path_octets);
    EXPECT_EQ(evidence.envelope.recipients.size(), max_recipients_kept);
    EXPECT_EQ(evidence.envelope.recipient_count, max_recipients_kept + 1);
    collector.mail('<' + std::string(max_path_octets + 1, 'x') + '>');
    collector.recipient(std::string(max_path_octets, 'x'));
    collector.recipient(std::string(max_path_octets + 1, 'x'));
    evidence = collector.finish();
    EXPECT_EQ(evidence.too_complex, "octets of the reverse-path above 1024");  // never cut: the end is the domain
    EXPECT_EQ(evidence.envelope.reverse_path, "");
    EXPECT_EQ(evidence.envelope.recipients.size(), 1U);
    EXPECT_EQ(evidence.envelope.recipient_count, 2U);
    collector.mail("<@relay.example:a@b.example>");
    EXPECT_EQ(collector.finish().envelope.reverse_path, "a@b.example");
}

TEST(Collector, differing_values_are_bounded) {
    Fields fields;
    for (int i = 0; i < 50; ++i) fields.emplace_back("X-OriginatorOrg", "a" + std::to_string(i) + ".example");
    const Header header = gather(fields);
    EXPECT_EQ(std::get<Conflicting>(header.originator_org).seen.size(), max_differing_values);
    EXPECT_EQ(header.originator_orgs.size(), 50U);
    const Header long_one = gather({{"X-MS-Exchange-CrossTenant-Id", std::string(5000, 'x')}});
    EXPECT_EQ(std::get<Malformed>(long_one.tenant_id).seen.size(), max_unreadable_octets);
}

}  // namespace
}  // namespace exota::evidence
