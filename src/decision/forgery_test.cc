// Forgeries, each by name: a message that tries to pass as somebody else's, and its twin without the trick, which is accepted. So each
// row shows that the trick is refused because of the trick.
//
// Messages are raw header lines through the collector, as the MTA would hand them over.
#include <algorithm>
#include <functional>

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

struct Forgery {
    std::string name;
    Message honest;  // is accepted
    Message forged;  // is not
    Reason reason;   // why not
    Rules rules = strict_rules();
};

const std::string received = "Received: from outbound.protection.outlook.com by mx.example.net; Sat, 21 Nov 2026 10:00:00 +0000";
const std::string signature = signature_of("contoso.com");
const std::string contoso_field = "X-MS-Exchange-CrossTenant-Id: 1234abcd-18c5-45e8-88de-123456789abc";
const std::string relaxed_field = "X-MS-Exchange-CrossTenant-Id: aaaaaaaa-0000-4000-8000-00000000000a";

std::string authres(std::string_view rest, std::string_view id = "mx.example.net") {
    return "Authentication-Results: " + std::string(id) + "; " + std::string(rest);
}
std::string pass_of(std::string_view sdid) { return authres("dkim=pass header.d=" + std::string(sdid)); }

Message lines(std::vector<std::string> header) {
    Message message;
    message.header = std::move(header);
    return message;
}

/// What an attacker with a tenant of their own sends: Microsoft's peer and certificate, their own signature, no claim of ours.
Message of_attacker(std::string from = "From: Jane <jane@contoso.com>") {
    return lines({pass_of("evil.example"), received, signature, std::move(from)});
}

Message honest_from(std::string from) { return lines({pass_of("contoso.com"), received, signature, std::move(from)}); }

// --- Who wrote it? -----------------------------------------------------------------------------------------------------------------

std::vector<Forgery> authors() {
    const Message honest = honest_from("From: Jane <jane@contoso.com>");
    std::vector<Forgery> rows;
    const auto refused = [&](std::string name, std::vector<std::string> from_fields, Reason reason = Reason::from_ambiguous) {
        Message forged = lines({pass_of("contoso.com"), received, signature});
        for (std::string& field : from_fields) forged.header.push_back(std::move(field));
        rows.push_back({std::move(name), honest, std::move(forged), reason});
    };
    refused("second From of another domain below", {"From: jane@contoso.com", "From: ceo@bank.example"});
    refused("second From of another domain above", {"From: ceo@bank.example", "From: jane@contoso.com"});
    refused("second From in other letters", {"From: jane@contoso.com", "FROM: ceo@bank.example"});
    refused("second From with a blank before the colon", {"From: jane@contoso.com", "From : ceo@bank.example"});
    refused("two mailboxes in one field", {"From: ceo@bank.example, jane@contoso.com"});
    refused("unquoted comma in the display name", {"From: Doe, Jane <jane@contoso.com>"});
    refused("address before the angle", {"From: ceo@bank.example <jane@contoso.com>"});
    refused("two angles", {"From: <ceo@bank.example> <jane@contoso.com>"});
    refused("two at signs", {"From: ceo@bank.example@contoso.com"});
    refused("text behind the angle", {"From: Jane <jane@contoso.com> ceo@bank.example"});
    refused("open quote", {"From: \"Jane <jane@contoso.com>"});
    refused("open comment", {"From: Jane (<jane@contoso.com>"});
    refused("open angle", {"From: <jane@contoso.com"});
    refused("semicolon", {"From: jane@contoso.com;"});
    refused("group of two", {"From: Team: jane@contoso.com, ceo@bank.example;"});
    refused("address literal", {"From: jane@[192.0.2.1]"});
    refused("NUL within", {std::string("From: jane@contoso.com\0.evil.example", 37)});
    refused("bare CR within", {"From: jane@contoso.com\rFrom: ceo@bank.example"});
    refused("empty From", {"From:"});
    refused("no From but a Sender", {"Sender: jane@contoso.com"}, Reason::from_missing);
    refused("no From but a Resent-From", {"Resent-From: jane@contoso.com"}, Reason::from_missing);
    return rows;
}

// --- Which domain is it? -------------------------------------------------------------------------------------------------------------

std::vector<Forgery> domains() {
    const Message honest = honest_from("From: Jane <jane@contoso.com>");
    std::vector<Forgery> rows;
    const auto refused = [&](std::string name, std::string from, Reason reason) {
        rows.push_back({std::move(name), honest, lines({pass_of("contoso.com"), received, signature, std::move(from)}), reason});
    };
    refused("the customer's name continued", "From: jane@contoso.com.evil.example", Reason::no_policy);
    refused("the customer's name as an ending", "From: jane@evilcontoso.com", Reason::no_policy);
    refused("the customer's domain in the local part", "From: \"jane@contoso.com\"@evil.example", Reason::from_ambiguous);
    refused("the customer's address in a comment", "From: ceo@bank.example (jane@contoso.com)", Reason::no_policy);
    refused("the customer's address in the display name", "From: \"jane@contoso.com\" <ceo@bank.example>", Reason::no_policy);
    refused("the customer's address in an encoded word", "From: =?utf-8?q?jane=40contoso=2Ecom?= <ceo@bank.example>", Reason::no_policy);
    refused("homograph: Cyrillic o", "From: jane@c\xD0\xBEntoso.com", Reason::no_policy);
    refused("homograph as A-label", "From: jane@xn--cntoso-wqf.com", Reason::no_policy);
    refused("the customer in a route", "From: <@contoso.com:ceo@bank.example>", Reason::from_ambiguous);
    rows.push_back({"below a customer without a wildcard", lines({pass_of("fabrikam.com"), received, "From: f@fabrikam.com"}),
                    lines({pass_of("fabrikam.com"), received, "From: f@sub.fabrikam.com"}), Reason::no_policy});
    rows.push_back({"the name above a wildcard's label", lines({pass_of("contoso.com"), received, "From: j@eu.contoso.com"}),
                    lines({pass_of("contoso.com"), received, "From: j@com"}), Reason::no_policy});
    rows.push_back({"relaxed: a neighbour below onmicrosoft.com",
                    lines({pass_of("relaxed.onmicrosoft.com"), received, "From: r@relaxed.onmicrosoft.com"}),
                    lines({pass_of("evil.onmicrosoft.com"), received, "From: r@relaxed.onmicrosoft.com"}), Reason::not_proven});
    rows.push_back({"relaxed: another customer below onmicrosoft.com",
                    lines({pass_of("relaxed.onmicrosoft.com"), received, "From: r@relaxed.onmicrosoft.com"}),
                    lines({pass_of("contoso.onmicrosoft.com"), received, "From: r@relaxed.onmicrosoft.com"}), Reason::not_proven});
    rows.push_back({"relaxed: the shared suffix itself",
                    lines({pass_of("relaxed.onmicrosoft.com"), received, "From: r@relaxed.onmicrosoft.com"}),
                    lines({pass_of("onmicrosoft.com"), received, "From: r@relaxed.onmicrosoft.com"}), Reason::not_proven});
    rows.push_back({"relaxed: the public suffix", lines({pass_of("x.relaxed.com"), received, "From: r@relaxed.com"}),
                    lines({pass_of("com"), received, "From: r@relaxed.com"}), Reason::not_proven});
    return rows;
}

// --- What does Authentication-Results say? ----------------------------------------------------------------------------------------

std::vector<Forgery> results() {
    const std::string from = "From: Jane <jane@contoso.com>";
    const Message honest = lines({pass_of("contoso.com"), received, signature, from});
    std::vector<Forgery> rows;
    /// `field` stands where the validator's own would, above the first Received.
    const auto on_top = [&](std::string name, std::string field, Reason reason = Reason::not_proven) {
        rows.push_back({std::move(name), honest, lines({std::move(field), received, signature, from}), reason});
    };
    on_top("foreign authserv-id", authres("dkim=pass header.d=contoso.com", "evil.example"), Reason::unavailable);
    on_top("authserv-id that continues ours", authres("dkim=pass header.d=contoso.com", "mx.example.net.evil.example"),
           Reason::unavailable);
    on_top("authserv-id in a comment", authres("dkim=pass header.d=contoso.com", "(mx.example.net) evil.example"), Reason::unavailable);
    on_top("no authserv-id, as Microsoft writes it", "Authentication-Results: dkim=pass (signature was verified) header.d=contoso.com",
           Reason::unavailable);
    on_top("result in a comment", authres("none (dkim=pass header.d=contoso.com)"), Reason::unavailable);
    on_top("result in a quoted reason", authres("dkim=fail reason=\"; dkim=pass header.d=contoso.com\" header.d=evil.example"));
    on_top("result in a quoted value", authres("dkim=pass header.d=\"evil.example; dkim=pass header.d=contoso.com\""));
    on_top("domain in a comment", authres("dkim=pass (header.d=contoso.com) header.d=evil.example"));
    on_top("domain in the identity only", authres("dkim=pass header.i=@contoso.com"));
    on_top("the second header.d", authres("dkim=pass header.d=evil.example header.d=contoso.com"));
    on_top("method version", authres("dkim/2=pass header.d=contoso.com"));
    on_top("method version 1 written out", authres("dkim/1=pass header.d=contoso.com"));
    on_top("field version 2", authres("dkim=pass header.d=contoso.com", "mx.example.net 2"));
    on_top("another method's pass", authres("dkim-atps=pass header.d=contoso.com; dkim=fail header.d=contoso.com"));
    on_top("only the failed signature is the author's", authres("dkim=pass header.d=evil.example; dkim=fail header.d=contoso.com"));
    on_top("broken behind the result", authres("dkim=pass header.d=contoso.com; (("));
    std::string many;
    for (int i = 0; i < 15; ++i) many += "spf=pass smtp.mailfrom=a" + std::to_string(i) + ".example; ";
    on_top("the sixteenth result", authres(many + "dkim=pass header.d=contoso.com"));

    const std::string failed = authres("dkim=fail header.d=contoso.com");
    const auto among = [&](std::string name, std::vector<std::string> header, Reason reason = Reason::not_proven) {
        rows.push_back({std::move(name), honest, lines(std::move(header)), reason});
    };
    among("below the first Received", {received, pass_of("contoso.com"), signature, from}, Reason::unavailable);
    among("below the first Received, the validator's above", {failed, received, pass_of("contoso.com"), signature, from});
    among("below the validator's, above Received", {failed, pass_of("contoso.com"), received, signature, from});
    among("below one that does not count",
          {authres("dkim/1=fail header.d=contoso.com"), pass_of("contoso.com"), received, signature, from});
    among("below an unparseable one", {authres("dkim=fail (("), pass_of("contoso.com"), received, signature, from});
    among("own Received faked above it", {received, authres("dkim=pass header.d=contoso.com"), "Received: from evil by x", signature, from},
          Reason::unavailable);
    among("in another field", {"X-Authentication-Results: mx.example.net; dkim=pass header.d=contoso.com", received, signature, from},
          Reason::unavailable);
    among("in the Original field",
          {"Original-Authentication-Results: mx.example.net; dkim=pass header.d=contoso.com", received, signature, from},
          Reason::unavailable);
    among("in an ARC field", {"ARC-Authentication-Results: i=1; mx.example.net; dkim=pass header.d=contoso.com", received, signature, from},
          Reason::unavailable);

    Rules one_hop = strict_rules();
    one_hop.authres.own_hops = 1;
    rows.push_back({"two hops down where one is the operator's", lines({received, pass_of("contoso.com"), received, signature, from}),
                    lines({received, received, pass_of("contoso.com"), signature, from}), Reason::unavailable, one_hop});
    return rows;
}

// --- What does the peer say about the tenant? --------------------------------------------------------------------------------------

std::vector<Forgery> claims() {
    const std::string from = "From: Jane <jane@contoso.com>";
    const Message by_id = lines({received, from, contoso_field});
    Message by_xoorg = lines({received, from});
    by_xoorg.xoorg = "contoso.example";
    std::vector<Forgery> rows;
    const auto peer = [&](std::string name, std::function<void(Message&)> change, Reason reason = Reason::not_proven) {
        Message forged = by_id;
        change(forged);
        rows.push_back({std::move(name), by_id, forged, reason});
    };
    peer("no certificate and no TLS", [](Message& m) { m.certificate.reset(), m.tls_version.clear(); });
    peer("certificate of somebody else", [](Message& m) { m.certificate = "mail.evil.example"; });
    peer("certificate name continued", [](Message& m) { m.certificate = "mail.protection.outlook.com.evil.example"; });
    peer("certificate name as an ending", [](Message& m) { m.certificate = "xmail.protection.outlook.com"; });
    peer("certificate with an empty name", [](Message& m) { m.certificate = ""; });
    peer("certificate name with a NUL", [](Message& m) { m.certificate = std::string("mail.protection.outlook.com\0.evil.example", 41); });
    peer("trusted CN beside foreign SANs", [](Message& m) { m.certificate_dns_names = {"evil.example"}; });
    peer("certificate not verified by an MTA without {verify}", [](Message& m) {
        m.certificate.reset();
        m.mta = "8.17.1";
        m.hint = evidence::CertificateHint::no_verify_macro;
    });
    peer("certificate not verified, from elsewhere", [](Message& m) {
        m.certificate.reset();
        m.client = "192.0.2.9";
        m.hint = evidence::CertificateHint::not_verified;
    });
    peer("certificate missing, from Exchange Online", [](Message& m) { m.certificate.reset(); }, Reason::unavailable);
    peer("relay pool without a certificate", [](Message& m) { m.certificate.reset(), m.client = "40.95.3.4"; });

    Rules exempting = strict_rules();
    exempting.certificate_exempt = prefixes({"192.0.2.0/24"});
    Message exempt_forged = by_id;
    exempt_forged.certificate.reset();
    exempt_forged.client = "192.0.2.9";
    Message exempt_honest = exempt_forged;
    exempt_honest.header.insert(exempt_honest.header.begin(), pass_of("contoso.com"));
    rows.push_back({"claims from an exempt address", exempt_honest, exempt_forged, Reason::not_proven, exempting});
    exempt_forged.header = {received, from};
    exempt_forged.xoorg = "contoso.example";
    rows.push_back({"XOORG from an exempt address", exempt_honest, exempt_forged, Reason::not_proven, exempting});

    const auto field = [&](std::string name, std::vector<std::string> header, Reason reason = Reason::contradiction) {
        header.insert(header.begin(), {received, from});
        rows.push_back({std::move(name), by_id, lines(std::move(header)), reason});
    };
    field("another customer's id", {relaxed_field});
    field("both ids, the right one first", {contoso_field, relaxed_field});
    field("both ids, the right one last", {relaxed_field, contoso_field});
    field("both ids in other letters", {contoso_field, "x-ms-exchange-crosstenant-ID: aaaaaaaa-0000-4000-8000-00000000000a"});
    field("the consumer tenant's id", {"X-MS-Exchange-CrossTenant-Id: " + std::string(mail::consumer_tenant_id)});
    field("nobody's id", {"X-MS-Exchange-CrossTenant-Id: " + std::string(unknown_id)});
    field("the id with text behind it", {contoso_field + " x"});
    field("the id with another one behind it", {contoso_field + ", aaaaaaaa-0000-4000-8000-00000000000a"});
    field("the id without hyphens", {"X-MS-Exchange-CrossTenant-Id: 1234abcd18c545e888de123456789abc"});
    field("a good id and a malformed one", {contoso_field, "X-MS-Exchange-CrossTenant-Id: garbage"});
    field("an empty id", {"X-MS-Exchange-CrossTenant-Id:"}, Reason::not_proven);
    field("the id in a comment of the Subject", {"Subject: " + contoso_field}, Reason::not_proven);
    field("the id in a field of a similar name", {"X-MS-Exchange-CrossTenant-Idx: 1234abcd-18c5-45e8-88de-123456789abc"},
          Reason::not_proven);
    field("the right id, another customer's organisation", {contoso_field, "X-OriginatorOrg: relaxed.example"});
    field("the right id, another customer's connector", {contoso_field,
                                                         "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: "
                                                         "TenantId=aaaaaaaa-0000-4000-8000-00000000000a;Ip=[203.0.113.7];Helo=[h]"});
    field("an organisation of nobody", {"X-OriginatorOrg: evil.example"});
    field("an organisation that continues the customer's", {"X-OriginatorOrg: contoso.example.evil.example"});
    field("organisations of two", {"X-OriginatorOrg: contoso.example", "X-OriginatorOrg: evil.example"});

    const auto xoorg = [&](std::string name, std::string value, Reason reason = Reason::contradiction) {
        Message forged = by_xoorg;
        forged.xoorg = std::move(value);
        rows.push_back({std::move(name), by_xoorg, forged, reason});
    };
    xoorg("XOORG of another customer", "relaxed.example");
    xoorg("XOORG of nobody", "evil.example");
    xoorg("XOORG below a wildcard proves nothing", "anything.contoso.com", Reason::not_proven);
    xoorg("XOORG that continues the customer's", "contoso.example.evil.example");
    xoorg("no XOORG", "", Reason::not_proven);
    return rows;
}

// --- Forwards, null senders and others ------------------------------------------------------------------------------------------------

std::vector<Forgery> forwards() {
    const std::string foreign = "From: ceo@bank.example", fabrikam = "X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id);
    const Message honest = lines({pass_of("fabrikam.com"), received, signature, foreign, fabrikam});
    std::vector<Forgery> rows;
    rows.push_back({"a tenant that may not forward", honest, lines({pass_of("contoso.com"), received, signature, foreign, contoso_field}),
                    Reason::forwarding_not_allowed});
    rows.push_back({"claimed by Resent-From", honest,
                    lines({pass_of("fabrikam.com"), received, signature, foreign, "Resent-From: f@fabrikam.com"}), Reason::no_policy});
    rows.push_back({"claimed by Sender", honest, lines({pass_of("fabrikam.com"), received, signature, foreign, "Sender: f@fabrikam.com"}),
                    Reason::no_policy});
    rows.push_back({"claimed by a signature", honest, lines({pass_of("fabrikam.com"), received, signature, foreign}), Reason::no_policy});
    Message by_envelope = lines({received, foreign});
    by_envelope.reverse_path = "<f@fabrikam.com>";
    rows.push_back({"claimed by the envelope", honest, by_envelope, Reason::no_policy});
    Message unproven = honest;
    unproven.certificate = "mail.evil.example";
    rows.push_back({"claimed without proof of the peer", honest, unproven, Reason::no_policy});
    Rules believing = strict_rules();
    believing.peer_proof = PeerProof::none;
    rows.push_back({"claimed where everybody is believed", lines({received, "From: f@fabrikam.com", fabrikam}),
                    lines({received, foreign, fabrikam}), Reason::no_policy, believing});
    rows.push_back({"claimed for two customers", honest,
                    lines({pass_of("fabrikam.com"), received, signature, foreign, fabrikam, "X-OriginatorOrg: contoso.example"}),
                    Reason::contradiction});
    rows.push_back({"another customer's author, unsigned by them",
                    lines({pass_of("contoso.com"), received, signature, "From: jane@contoso.com", fabrikam}),
                    lines({pass_of("fabrikam.com"), received, signature, "From: jane@contoso.com", fabrikam}), Reason::contradiction});
    rows.push_back({"another customer's author, by one who may not forward",
                    lines({pass_of("contoso.com"), received, signature, "From: jane@contoso.com", fabrikam}),
                    lines({pass_of("contoso.com"), received, signature, "From: jane@contoso.com", relaxed_field}), Reason::contradiction});

    Rules resent = strict_rules();
    resent.resent_from = true;
    const Message resent_honest = lines({pass_of("fabrikam.com"), received, signature, foreign, "Resent-From: f@fabrikam.com"});
    rows.push_back({"Resent-From without the tenant's signature", resent_honest,
                    lines({pass_of("evil.example"), received, signature, foreign, "Resent-From: f@fabrikam.com"}), Reason::not_proven,
                    resent});
    rows.push_back(
        {"Resent-From twice, once foreign", resent_honest,
         lines({pass_of("fabrikam.com"), received, signature, foreign, "Resent-From: x@evil.example", "Resent-From: f@fabrikam.com"}),
         Reason::no_policy, resent});
    rows.push_back({"Resent-From of two mailboxes", resent_honest,
                    lines({pass_of("fabrikam.com"), received, signature, foreign, "Resent-From: f@fabrikam.com, x@evil.example"}),
                    Reason::no_policy, resent});

    Message report = lines(
        {received, "From: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.com", "Auto-Submitted: auto-replied", contoso_field});
    report.reverse_path = "<>";
    Message forged_report = report;
    forged_report.without("X-MS");
    rows.push_back({"null sender, the name of Microsoft's reports", report, forged_report, Reason::not_proven});
    Message validation = lines({received, "From: O365ConnectorValidation@contoso.com", contoso_field});
    Message forged_validation = lines({received, "From: O365ConnectorValidation@contoso.com", relaxed_field});
    rows.push_back({"connector validation of another tenant", validation, forged_validation, Reason::contradiction});
    Message journal = lines({pass_of("fabrikam.com"), received, foreign, fabrikam, "X-MS-Journal-Report:"});
    Message forged_journal = lines({pass_of("evil.example"), received, foreign,
                                    "X-MS-Journal-Report:", "Sender: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@fabrikam.com"});
    rows.push_back({"journal report of nobody", journal, forged_journal, Reason::no_policy});

    Message authenticated = of_attacker();
    authenticated.authenticated = true;
    Rules bypassing = strict_rules();
    bypassing.bypass_clients = prefixes({"192.0.2.1"});
    Message inside = of_attacker();
    inside.client = "192.0.2.1";
    rows.push_back({"authenticated, where that is no bypass", inside, authenticated, Reason::not_proven, bypassing});
    Message neighbour = of_attacker();
    neighbour.client = "192.0.2.2";
    neighbour.certificate.reset();
    rows.push_back({"the neighbour of a bypassed client", inside, neighbour, Reason::not_proven, bypassing});
    rows.push_back({"another tenant's signature (EchoSpoofing)", honest_from("From: jane@contoso.com"), of_attacker(), Reason::not_proven});
    Message spf = of_attacker();
    spf.verification.spf.emplace();
    spf.verification.spf->value = evidence::SpfValue::pass;
    spf.verification.spf->domain = domain("contoso.com");
    spf.verification.dmarc.emplace();
    spf.verification.dmarc->value = evidence::DmarcValue::pass;
    spf.verification.dmarc->aligned_spf = true;
    rows.push_back({"SPF and DMARC by SPF pass (EchoSpoofing)", honest_from("From: jane@contoso.com"), spf, Reason::not_proven});
    return rows;
}

void expect_refused(const std::vector<Forgery>& rows) {
    for (const Forgery& row : rows) {
        SCOPED_TRACE(row.name);
        const Decision twin = judged(row.honest, row.rules);
        EXPECT_EQ(twin.verdict, Verdict::accept) << twin.why;
        const Decision decision = judged(row.forged, row.rules);
        EXPECT_NE(decision.verdict, Verdict::accept) << decision.why;
        EXPECT_EQ(decision.reason, row.reason) << decision.why;
        EXPECT_TRUE(decision.reply.has_value());
        EXPECT_TRUE(decision.header_edits.empty());
    }
}

TEST(Forgery, OfAuthors) { expect_refused(authors()); }
TEST(Forgery, OfDomains) { expect_refused(domains()); }
TEST(Forgery, OfResults) { expect_refused(results()); }
TEST(Forgery, OfClaims) { expect_refused(claims()); }
TEST(Forgery, OfForwards) { expect_refused(forwards()); }

TEST(Forgery, TableIsLongAndNamesAreUnique) {
    std::vector<std::string> names;
    for (const auto& table : {authors(), domains(), results(), claims(), forwards()})
        for (const Forgery& row : table) names.push_back(row.name);
    EXPECT_GE(names.size(), 60u);
    RecordProperty("forgeries", static_cast<int>(names.size()));
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace exota::decision
