// A forger's work: messages that say that EOP found them authentic. None is believed: the author (p=reject) is judged by what we verified,
// or the message is refused before.
#include "decision/eop.h"
#include "decision/inbound_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

constexpr std::string_view pass = "dmarc=pass action=none\r\n header.from=microsoft.com;compauth=pass reason=100";

/// Honest but for what a forger changes: if all stayed as it is, it would pass.
Incoming believed_mail() { return handed_over_mail(pass); }

Incoming& replace(Incoming& incoming, std::string_view beginning, std::string_view line) {
    for (std::string& each : incoming.message.header)
        if (each.starts_with(beginning)) each = line;
    return incoming;
}
Incoming& on_top(Incoming& incoming, std::string_view line) {
    incoming.message.header.insert(incoming.message.header.begin(), std::string(line));
    return incoming;
}

constexpr std::string_view id_field = "X-MS-Exchange-CrossTenant-Id: ";
constexpr std::string_view results_field = "Authentication-Results: spf";
constexpr std::string_view report_field = "X-Forefront-Antispam-Report: ";

std::string with_report(std::string_view pairs) { return std::string(report_field) + std::string(pairs); }

struct Forgery {
    std::string_view name;
    void (*forge)(Incoming&);
};

const Forgery forgeries[] = {
    // Whose peer is it?
    {"from the internet, without TLS",
     [](Incoming& m) {
         m.message.client = "198.51.100.7";
         m.message.tls_version.clear();
         m.message.certificate.reset();
     }},
    {"from the internet, with a certificate of its own",
     [](Incoming& m) {
         m.message.client = "198.51.100.7";
         m.message.certificate = "mail.evil.example";
     }},
    {"from the internet, with TLS and no certificate",
     [](Incoming& m) {
         m.message.client = "198.51.100.7";
         m.message.certificate.reset();
     }},
    {"a certificate whose other names are trusted nowhere", [](Incoming& m) { m.message.certificate_dns_names = {"mail.evil.example"}; }},
    {"a certificate without a name", [](Incoming& m) { m.message.certificate = ""; }},
    {"without TLS from Exchange Online's address",
     [](Incoming& m) {
         m.message.tls_version.clear();
         m.message.certificate.reset();
     }},
    {"from the relay pool, without a certificate",
     [](Incoming& m) {
         m.message.client = "40.95.1.1";
         m.message.tls_version.clear();
         m.message.certificate.reset();
     }},
    // Whose tenant is it?
    {"a stranger's tenant",
     [](Incoming& m) { replace(m, id_field, "X-MS-Exchange-CrossTenant-Id: 99999999-9999-4999-8999-999999999999"); }},
    {"a stranger's tenant that names ours besides",
     [](Incoming& m) {
         replace(m, id_field, "X-MS-Exchange-CrossTenant-Id: 99999999-9999-4999-8999-999999999999");
         m.with("X-OriginatorOrg: fabrikam.example");
     }},
    {"the tenant of all consumers",
     [](Incoming& m) { replace(m, id_field, "X-MS-Exchange-CrossTenant-Id: 84df9e7f-e9f6-40af-b435-aaaaaaaaaaaa"); }},
    {"no tenant at all", [](Incoming& m) { m.message.without(id_field); }},
    {"an id that cannot be read", [](Incoming& m) { replace(m, id_field, "X-MS-Exchange-CrossTenant-Id: f0000000"); }},
    {"two ids", [](Incoming& m) { m.with("X-MS-Exchange-CrossTenant-Id: 99999999-9999-4999-8999-999999999999"); }},
    {"two ids, both of our customers", [](Incoming& m) { m.with("X-MS-Exchange-CrossTenant-Id: 1234abcd-18c5-45e8-88de-123456789abc"); }},
    {"another customer, which is not hybrid",
     [](Incoming& m) {
         replace(m, id_field, "X-MS-Exchange-CrossTenant-Id: 1234abcd-18c5-45e8-88de-123456789abc");
         m.recipients = {"bob@contoso.com"};
     }},
    {"XOORG of another customer", [](Incoming& m) { m.message.xoorg = "contoso.example"; }},
    {"X-OriginatorOrg of another customer", [](Incoming& m) { m.with("X-OriginatorOrg: contoso.example"); }},
    {"X-OriginatorOrg of a stranger and of ours",
     [](Incoming& m) { m.with("X-OriginatorOrg: evil.example").with("X-OriginatorOrg: fabrikam.example"); }},
    {"a connector of another customer",
     [](Incoming& m) {
         m.with(
             "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: "
             "TenantId=1234abcd-18c5-45e8-88de-123456789abc;Ip=[203.0.113.7];Helo=[x]");
     }},
    {"a connector of a stranger",
     [](Incoming& m) {
         m.with(
             "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: "
             "TenantId=99999999-9999-4999-8999-999999999999;Ip=[203.0.113.7];Helo=[x]");
     }},
    {"two connectors",
     [](Incoming& m) {
         for (const std::string_view id : {"f0000000-0000-4000-8000-00000000000f", "1234abcd-18c5-45e8-88de-123456789abc"})
             m.with("X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + std::string(id) +
                    ";Ip=[203.0.113.7];Helo=[x]");
     }},
    // To whom?
    {"to another customer", [](Incoming& m) { m.recipients = {"bob@contoso.com"}; }},
    {"to ours and to another customer", [](Incoming& m) { m.recipients = {"bob@fabrikam.com", "jane@contoso.com"}; }},
    {"to ours and to a stranger", [](Incoming& m) { m.recipients = {"bob@fabrikam.com", "x@elsewhere.example"}; }},
    {"to nobody", [](Incoming& m) { m.recipients.clear(); }},
    {"to an address without a domain", [](Incoming& m) { m.recipients = {"bob@fabrikam.com", "root"}; }},
    // Which way?
    {"on its way out", [](Incoming& m) { replace(m, report_field, with_report("CIP:192.0.2.42;DIR:OUT;")); }},
    {"within the tenant", [](Incoming& m) { replace(m, report_field, with_report("CIP:192.0.2.42;DIR:INT;")); }},
    {"no direction", [](Incoming& m) { replace(m, report_field, with_report("CIP:192.0.2.42;")); }},
    {"an empty direction", [](Incoming& m) { replace(m, report_field, with_report("CIP:192.0.2.42;DIR:;")); }},
    {"two directions", [](Incoming& m) { replace(m, report_field, with_report("DIR:OUT;CIP:192.0.2.42;DIR:INB;")); }},
    {"a direction within the name of the host",
     [](Incoming& m) { replace(m, report_field, with_report("CIP:192.0.2.42;DIR:OUT;H:x;DIR:INB;")); }},
    {"no report", [](Incoming& m) { m.message.without(report_field); }},
    {"a report of the way out above", [](Incoming& m) { on_top(m, with_report("CIP:192.0.2.42;DIR:OUT;")); }},
    // From where?
    {"another address in the report", [](Incoming& m) { replace(m, report_field, with_report("CIP:192.0.2.43;DIR:INB;")); }},
    {"generated inside", [](Incoming& m) { replace(m, report_field, with_report("CIP:255.255.255.255;DIR:INB;")); }},
    {"no address in the report", [](Incoming& m) { replace(m, report_field, with_report("CIP:;DIR:INB;")); }},
    {"two addresses in the report", [](Incoming& m) { replace(m, report_field, with_report("CIP:192.0.2.42;CIP:192.0.2.43;DIR:INB;")); }},
    {"no address in the results",
     [](Incoming& m) { replace(m, results_field, "Authentication-Results: spf=pass smtp.mailfrom=a.example;" + std::string(pass)); }},
    {"another address in the results", [](Incoming& m) { replace(m, results_field, eop_results(pass, "192.0.2.43")); }},
    {"two addresses in the results",
     [](Incoming& m) {
         replace(m, results_field,
                 "Authentication-Results: spf=pass (sender IP is 192.0.2.43) (sender IP is 192.0.2.42);" + std::string(pass));
     }},
    // For whom?
    {"results for another author",
     [](Incoming& m) { replace(m, results_field, eop_results("dmarc=pass header.from=mail.example;compauth=pass reason=100")); }},
    {"results for a name below the author's",
     [](Incoming& m) { replace(m, results_field, eop_results("dmarc=pass header.from=x.microsoft.com;compauth=pass reason=100")); }},
    {"results for nobody", [](Incoming& m) { replace(m, results_field, eop_results("dmarc=pass;compauth=pass reason=100")); }},
    {"results for two authors",
     [](Incoming& m) { replace(m, results_field, eop_results("dmarc=pass header.from=x.example header.from=microsoft.com")); }},
    // Which field?
    {"an unreadable field above", [](Incoming& m) { on_top(m, "Authentication-Results: dmarc=passed header.from=microsoft.com"); }},
    {"an empty field above", [](Incoming& m) { on_top(m, "Authentication-Results: "); }},
    {"a field with an open comment above", [](Incoming& m) { on_top(m, "Authentication-Results: (mx.example; dmarc=pass"); }},
    {"results of the way out only", [](Incoming& m) { replace(m, results_field, "X-MS-Exchange-" + eop_results(pass)); }},
    {"results that came with the message only",
     [](Incoming& m) {
         std::string original = eop_results(pass);
         replace(m, results_field, original.replace(0, 22, "Authentication-Results-Original"));
     }},
    {"results with an authserv-id",
     [](Incoming& m) { replace(m, results_field, "Authentication-Results: mx.microsoft.com; " + eop_results(pass).substr(24)); }},
    {"DMARC twice",
     [](Incoming& m) {
         replace(m, results_field, eop_results(std::string(pass) + ";dmarc=fail action=oreject header.from=microsoft.com"));
     }},
    {"composite authentication twice",
     [](Incoming& m) { replace(m, results_field, eop_results(std::string(pass) + ";compauth=fail reason=000")); }},
    {"a word of its own",
     [](Incoming& m) { replace(m, results_field, eop_results("dmarc=pass header.from=microsoft.com;compauth=ok reason=100")); }},
    {"a number of its own",
     [](Incoming& m) { replace(m, results_field, eop_results("dmarc=pass header.from=microsoft.com;compauth=pass reason=0100")); }},
    {"more than four kilobytes",
     [](Incoming& m) { replace(m, results_field, eop_results(std::string(pass) + ";x=y z.z=" + std::string(4096, 'a'))); }},
};

TEST(EopForgery, believed_where_nothing_is_forged) {
    const Decision decision = judged_inbound(believed_mail());
    EXPECT_TRUE(decision.inbound->handed_over);
    EXPECT_EQ(decision.reason, Reason::passed);
    EXPECT_EQ(found(decision, Factor::eop), Finding::holds);
}

TEST(EopForgery, is_never_believed) {
    EXPECT_GE(std::size(forgeries), 40U);
    for (const Forgery& forgery : forgeries) {
        Incoming incoming = believed_mail();
        forgery.forge(incoming);
        const Decision decision = judged_inbound(incoming);
        EXPECT_FALSE(decision.inbound->handed_over) << forgery.name;
        EXPECT_NE(decision.verdict, Verdict::accept) << forgery.name << ": " << name_of(decision.reason);
        if (decision.reason != Reason::unavailable)
            EXPECT_EQ(decision.reason, Reason::dmarc_failed) << forgery.name;
        else
            EXPECT_EQ(decision.reply->code, 451) << forgery.name;
    }
}

/// The factor believes none of them either; of recipients it asks nothing.
TEST(EopForgery, proves_nothing_to_a_relay_door) {
    const tenant::Index tenants = index_of(R"({"version": 2, "tenants": {
        "fabrikam": {"tenant_ids": ["f0000000-0000-4000-8000-00000000000f"], "organizations": ["fabrikam.example"],
            "domains": ["fabrikam.com"], "proofs": ["client-cert + tenant-id + eop"], "forwarding": true, "hybrid": true},
        "contoso": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "organizations": ["contoso.example"],
            "domains": ["contoso.com"], "proofs": ["client-cert + tenant-id + eop"], "forwarding": true}}})");
    const Rules rules = strict_rules();
    EXPECT_EQ(decide(evidence_of(believed_mail(), rules), &tenants, rules).reason, Reason::authorised);
    for (const Forgery& forgery : forgeries) {
        Incoming incoming = believed_mail();
        forgery.forge(incoming);
        const bool only_recipients = forgery.name.starts_with("to ");
        const Decision decision = decide(evidence_of(incoming, rules), &tenants, rules);
        EXPECT_EQ(found(decision, Factor::eop) == Finding::holds, only_recipients) << forgery.name;
        EXPECT_EQ(decision.reason == Reason::authorised, only_recipients) << forgery.name;
    }
}

/// peer_proof = "none" believes claims from anybody, and EOP's results from nobody.
TEST(EopForgery, results_need_a_proven_peer_whatever_else_is_believed) {
    Rules rules = inbound_rules();
    rules.peer_proof = PeerProof::none;
    EXPECT_FALSE(judged_inbound(believed_mail(), rules).inbound->handed_over);
}

// --- Own mailboxes --------------------------------------------------------------------------------------------------------------------

/// Fred of fabrikam writes to Bob of fabrikam, whose mailbox is on the own host: nothing is signed, DMARC is enforced.
Incoming mailbox_mail() {
    Incoming incoming;
    incoming.message.signed_as_reported = false;
    incoming.message.verification.dkim.emplace();
    incoming.spf(evidence::SpfValue::pass, "fabrikam.com");  // any tenant's mail passes so
    return incoming.with("Received: from outbound.protection.outlook.com by mx.example.net; Sat, 21 Nov 2026 10:00:00 +0000")
        .with("X-MS-Exchange-CrossTenant-Id: f0000000-0000-4000-8000-00000000000f")
        .with("X-MS-Exchange-CrossTenant-AuthAs: Internal")
        .with("X-MS-Exchange-CrossTenant-FromEntityHeader: Hosted")
        .with("X-Forefront-Antispam-Report: CIP:255.255.255.255;CTRY:;DIR:OUT;SFP:1102;")
        .with("Authentication-Results: dkim=none (message not signed)\r\n header.d=none;dmarc=none action=none header.from=fabrikam.com;")
        .with("From: Fred <fred@fabrikam.com>")
        .policy("fabrikam.com", "v=DMARC1; p=reject");
}

TEST(OwnMailbox, passes_by_its_proven_tenant) {
    const Decision decision = judged_inbound(mailbox_mail());
    EXPECT_EQ(compauth_text(decision), "pass 701");
    EXPECT_EQ(decision.reason, Reason::passed);
}

TEST(OwnMailbox, forgeries_do_not_pass) {
    const Forgery of_mailboxes[] = {
        {"AuthAs: Anonymous, with the own id: EOP passed it on from the internet",
         [](Incoming& m) { replace(m, "X-MS-Exchange-CrossTenant-AuthAs", "X-MS-Exchange-CrossTenant-AuthAs: Anonymous"); }},
        {"both AuthAs", [](Incoming& m) { m.with("X-MS-Exchange-CrossTenant-AuthAs: Anonymous"); }},
        {"no AuthAs", [](Incoming& m) { m.message.without("X-MS-Exchange-CrossTenant-AuthAs"); }},
        {"DIR:INB", [](Incoming& m) { replace(m, report_field, with_report("CIP:192.0.2.42;DIR:INB;")); }},
        {"DIR:INB above DIR:OUT", [](Incoming& m) { on_top(m, with_report("CIP:192.0.2.42;DIR:INB;")); }},
        {"an unreadable report", [](Incoming& m) { replace(m, report_field, with_report("DIR")); }},
        {"results with a sender's address",
         [](Incoming& m) { on_top(m, eop_results("dmarc=fail action=oreject header.from=fabrikam.com")); }},
        {"results with compauth",
         [](Incoming& m) { on_top(m, "Authentication-Results: dmarc=fail header.from=fabrikam.com;compauth=fail reason=601"); }},
        {"unreadable results", [](Incoming& m) { on_top(m, "Authentication-Results: dmarc=passed"); }},
        {"another tenant's id",
         [](Incoming& m) { replace(m, id_field, "X-MS-Exchange-CrossTenant-Id: 99999999-9999-4999-8999-999999999999"); }},
        {"another customer's id",
         [](Incoming& m) { replace(m, id_field, "X-MS-Exchange-CrossTenant-Id: 1234abcd-18c5-45e8-88de-123456789abc"); }},
        {"no id", [](Incoming& m) { m.message.without(id_field); }},
        {"no id and a stranger's XOORG",
         [](Incoming& m) {
             m.message.without(id_field);
             m.message.xoorg = "evil.example";
         }},
        {"the own id and a stranger's X-OriginatorOrg of a customer", [](Incoming& m) { m.with("X-OriginatorOrg: contoso.example"); }},
        {"through a connector that nobody knows",
         [](Incoming& m) {
             m.with(
                 "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: "
                 "TenantId=f0000000-0000-4000-8000-00000000000f;Ip=[198.51.100.9];Helo=[x]");
         }},
        {"from the internet",
         [](Incoming& m) {
             m.message.client = "198.51.100.7";
             m.message.tls_version.clear();
             m.message.certificate.reset();
             m.spf(evidence::SpfValue::fail, "fabrikam.com");
         }},
        {"without a certificate",
         [](Incoming& m) {
             m.message.tls_version.clear();
             m.message.certificate.reset();
         }},
    };
    for (const Forgery& forgery : of_mailboxes) {
        Incoming incoming = mailbox_mail();
        forgery.forge(incoming);
        const Decision decision = judged_inbound(incoming);
        EXPECT_NE(decision.verdict, Verdict::accept) << forgery.name << ": " << compauth_text(decision);
        EXPECT_EQ(compauth_text(decision), "fail 010") << forgery.name;
        EXPECT_EQ(decision.reason, Reason::own_domain) << forgery.name;
    }
}

TEST(OwnMailbox, is_undecided_while_the_certificate_is) {
    Incoming incoming = mailbox_mail();
    incoming.message.certificate.reset();
    const Decision decision = judged_inbound(incoming);
    EXPECT_EQ(decision.judged, Verdict::tempfail);
    EXPECT_EQ(compauth_text(decision), "none 301");
}

TEST(OwnMailbox, may_be_named_by_xoorg_where_there_is_no_id) {
    Incoming incoming = mailbox_mail();
    incoming.message.without(id_field);
    incoming.message.xoorg = "fabrikam.example";
    EXPECT_EQ(compauth_text(judged_inbound(incoming)), "pass 701");
}

TEST(OwnMailbox, of_a_relayed_tenant_with_a_known_connector) {
    // contoso's printer by its connector: Internal is not said, the connector's address is known.
    Incoming incoming = mailbox_mail();
    incoming.recipients = {"bob@contoso.com"};
    replace(incoming, "From:", "From: Printer <printer@contoso.com>");
    replace(incoming, id_field, "X-MS-Exchange-CrossTenant-Id: 1234abcd-18c5-45e8-88de-123456789abc");
    incoming.message.without("X-MS-Exchange-CrossTenant-AuthAs").without("Authentication-Results");
    incoming.with(
        "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: "
        "TenantId=1234abcd-18c5-45e8-88de-123456789abc;Ip=[203.0.113.7];Helo=[printer]");
    incoming.policy("contoso.com", "v=DMARC1; p=reject");
    EXPECT_EQ(compauth_text(judged_inbound(incoming)), "pass 701");
    incoming.with("X-MS-Exchange-CrossTenant-AuthAs: Anonymous");
    EXPECT_EQ(compauth_text(judged_inbound(incoming)), "fail 010") << "a mark of entry beats the connector";
}

}  // namespace
}  // namespace exota::decision
