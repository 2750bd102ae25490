// Exchange's own unsigned mail, and everything that only looks like it.
#include "decision/system_mail.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

const tenant::Index& customers_with_system_mail() {
    static const tenant::Index index = index_of(R"({"version": 2, "tenants": {
        "contoso": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "domains": ["contoso.com", "*.contoso.com"],
                    "proofs": ["client-cert + dkim", "client-cert + tenant-id + system-mail"]},
        "connected": {"tenant_ids": ["f0000000-0000-4000-8000-00000000000f"], "domains": ["fabrikam.com"], "connector_clients": ["203.0.113.7"],
                      "proofs": ["client-cert + tenant-id + system-mail"]}}})");
    return index;
}

/// Unsigned, from a proven peer, with contoso's id, of the null sender.
Message unsigned_mail(std::string_view author = "From: postmaster@contoso.com", std::string_view id = contoso_id) {
    Message message = bare_mail(author).with("X-MS-Exchange-CrossTenant-Id: " + std::string(id));
    message.reverse_path = "<>";
    return message;
}

constexpr std::string_view report = "Content-Type: multipart/report; report-type=delivery-status; boundary=b";

TEST(SystemMail, WhatIsExchangesOwn) {
    const auto from_sender = [](Message message, std::string_view reverse_path) {
        message.reverse_path = reverse_path;
        return message;
    };
    const auto validating = [&](std::string_view author, std::string_view sender) {
        return from_sender(unsigned_mail("From: " + std::string(author)), sender);
    };
    struct Row {
        const char* name;
        Message message;
        Finding finding;
        Reason reason = Reason::not_proven;
    };
    using enum Finding;
    const std::string connection =
        "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + std::string(fabrikam_id) + ";Ip=[";
    Message stranger = unsigned_mail().with(report);
    stranger.client = "192.0.2.9";
    stranger.certificate = "evil.example";
    const Row rows[] = {
        {"report", unsigned_mail().with(report), holds, Reason::authorised},
        {"automatic reply", unsigned_mail("From: jane@contoso.com").with("Auto-Submitted: auto-replied"), holds, Reason::authorised},
        {"out of office", unsigned_mail("From: jane@contoso.com").with("X-Auto-Response-Suppress: All"), holds, Reason::authorised},
        {"inbox rule", unsigned_mail("From: jane@contoso.com").with("X-MS-Exchange-Inbox-Rules-Loop: jane@contoso.com"), holds,
         Reason::authorised},
        {"journal report", unsigned_mail().with("X-MS-Journal-Report: "), holds, Reason::authorised},
        {"no mark", unsigned_mail(), absent},
        {"another report", unsigned_mail().with("Content-Type: multipart/report; report-type=feedback-report"), absent},
        {"report with a sender", from_sender(unsigned_mail().with(report), "<x@contoso.com>"), absent},
        {"automatic reply with a sender", from_sender(unsigned_mail().with("Auto-Submitted: auto-replied"), "<x@contoso.com>"), absent},
        {"journal with a sender", from_sender(unsigned_mail().with("X-MS-Journal-Report: "), "<x@contoso.com>"), absent},
        {"not auto-submitted", unsigned_mail().with("Auto-Submitted: no"), absent},
        {"connector validation", validating("O365ConnectorValidation@contoso.com", "<O365ConnectorValidation@contoso.com>"), holds,
         Reason::authorised},
        {"… of another covered domain", validating("O365ConnectorValidation@eu.contoso.com", "<o365connectorvalidation@contoso.com>"),
         holds, Reason::authorised},
        {"… with another sender", validating("O365ConnectorValidation@contoso.com", "<x@contoso.com>"), absent},
        {"… with the null sender", validating("O365ConnectorValidation@contoso.com", "<>"), absent},
        {"… of a foreign sender's domain", validating("O365ConnectorValidation@contoso.com", "<O365ConnectorValidation@evil.example>"),
         absent},
        {"… only in the display name", validating("O365ConnectorValidation <x@contoso.com>", "<O365ConnectorValidation@contoso.com>"),
         absent},
        {"another tenant's id", unsigned_mail("From: postmaster@contoso.com", fabrikam_id).with(report), holds, Reason::contradiction},
        {"a stranger's", stranger, absent},
        {"through a known connector", unsigned_mail("From: x@fabrikam.com", fabrikam_id).with(report).with(connection + "203.0.113.7]"),
         holds, Reason::authorised},
        {"through another connector", unsigned_mail("From: x@fabrikam.com", fabrikam_id).with(report).with(connection + "203.0.113.8]"),
         absent},
        {"through two", unsigned_mail("From: x@fabrikam.com", fabrikam_id).with(report).with(connection + "203.0.113.7];Ip=[203.0.113.8]"),
         absent},
        {"through none", unsigned_mail("From: x@fabrikam.com", fabrikam_id).with(report), holds, Reason::authorised},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const Decision decision = judged(row.message, strict_rules(), &customers_with_system_mail());
        EXPECT_EQ(found(decision, Factor::system_mail), row.finding) << detail(decision, Factor::system_mail);
        EXPECT_EQ(decision.reason, row.reason);
    }
}

TEST(SystemMail, AConnectorIsValidatedWithOneRecipient) {
    Message message = unsigned_mail("From: O365ConnectorValidation@contoso.com");
    message.reverse_path = "<O365ConnectorValidation@contoso.com>";
    evidence::Evidence evidence = evidence_of(message);
    EXPECT_EQ(decide(evidence, &customers_with_system_mail(), strict_rules()).reason, Reason::authorised);
    evidence.envelope.recipient_count = 2;
    EXPECT_EQ(decide(evidence, &customers_with_system_mail(), strict_rules()).reason, Reason::not_proven);
}

TEST(SystemMail, IsUnavailableWhereThePeerIs) {
    Message message = unsigned_mail().with(report);
    message.certificate.reset();
    const Decision decision = judged(message, strict_rules(), &customers_with_system_mail());
    EXPECT_EQ(found(decision, Factor::system_mail), Finding::unavailable);
    EXPECT_EQ(decision.reason, Reason::unavailable);
    // Without the marks no answer about the peer could make it system mail.
    Message unmarked = unsigned_mail();
    unmarked.certificate.reset();
    EXPECT_EQ(found(judged(unmarked, strict_rules(), &customers_with_system_mail()), Factor::system_mail), Finding::absent);
    EXPECT_EQ(judged(unmarked, strict_rules(), &customers_with_system_mail()).reason, Reason::not_proven);
}

TEST(SystemMail, JournalForwardersSendNothingElse) {
    const tenant::Index index = index_of(R"({"version": 2, "tenants": {"j": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"],
        "domains": ["contoso.com"], "proofs": ["client-cert + tenant-id"], "forwarding": "journal"}}})");
    const auto reason = [&index](const Message& message) { return judged(message, strict_rules(), &index).reason; };
    const Message journal = unsigned_mail("From: ann@author.example").with("X-MS-Journal-Report: ");
    EXPECT_EQ(reason(journal), Reason::authorised);
    Message with_sender = journal;
    with_sender.reverse_path = "<ann@author.example>";
    EXPECT_EQ(reason(with_sender), Reason::forwarding_not_allowed);
    EXPECT_EQ(reason(unsigned_mail("From: ann@author.example")), Reason::forwarding_not_allowed);
    EXPECT_EQ(reason(unsigned_mail("From: ann@author.example").with(report)), Reason::forwarding_not_allowed);
    EXPECT_EQ(reason(unsigned_mail("From: x@contoso.com")), Reason::authorised);  // no forward
}

}  // namespace
}  // namespace exota::decision
