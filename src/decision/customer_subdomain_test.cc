// Forwards in the name of another customer: an author domain that nobody listed, but that belongs to somebody.
#include "decision/select_tenant.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

// fabrikam may forward. contoso lists its domain, northwind a subdomain of its own, wild only a wildcard.
const tenant::Index& customers_of_forwarder() {
    static const tenant::Index index = index_of(R"({"version": 2, "tenants": {
        "fabrikam": {"tenant_ids": ["f0000000-0000-4000-8000-00000000000f"], "domains": ["fabrikam.com", "fabrikam.onmicrosoft.com"],
                     "proofs": ["client-cert + dkim", "client-cert + tenant-id"], "forwarding": true},
        "contoso": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "domains": ["contoso.com", "contoso.onmicrosoft.com"],
                    "proofs": ["client-cert + dkim"]},
        "northwind": {"domains": ["mail.northwind.co.uk"], "proofs": ["client-cert + dkim"]},
        "wild": {"domains": ["*.wild.example"], "proofs": ["client-cert + dkim"]}}})");
    return index;
}

Message forward_of(std::string_view author) {
    return bare_mail("From: " + std::string(author)).with("X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id));
}

TEST(CustomerSubdomain, WhoseAuthorIsNotForeign) {
    struct Row {
        const char *name, *author;
        bool customer;
    };
    const Row rows[] = {
        {"foreign", "ann@author.example", false},
        {"below a literal domain", "ceo@payroll.contoso.com", true},
        {"deep below it", "ceo@a.b.contoso.com", true},
        {"the organisation above a literal domain", "ceo@northwind.co.uk", true},
        {"beside a literal domain", "ceo@pay.northwind.co.uk", true},
        {"a neighbour below the public suffix", "ceo@southwind.co.uk", false},
        {"the public suffix itself", "ceo@co.uk", false},
        {"the base of a wildcard", "ceo@wild.example", true},
        {"below a literal domain under a shared suffix", "ceo@x.contoso.onmicrosoft.com", true},
        {"a neighbour below the shared suffix", "ceo@evil.onmicrosoft.com", false},
        {"the shared suffix itself", "ceo@onmicrosoft.com", false},
        {"looks alike", "ceo@xcontoso.com", false},
        {"continues a domain", "ceo@contoso.com.evil.example", false},
        {"the forwarder's own", "ceo@sub.fabrikam.com", false},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const Decision decision = judged(forward_of(row.author), strict_rules(), &customers_of_forwarder());
        EXPECT_EQ(decision.reason, row.customer ? Reason::forwarding_not_allowed : Reason::authorised);
        EXPECT_EQ(decision.detail, row.customer ? customer_subdomain : "");
        EXPECT_EQ(decision.tenant_name, "fabrikam");
        EXPECT_TRUE(decision.forward);
        // With the author's own signature, or a trusted seal, it may be passed on.
        Message with_signature = forward_of(row.author);
        const std::string domain(std::string_view(row.author).substr(std::string_view(row.author).find('@') + 1));
        with_signature.header.insert(with_signature.header.begin(), "Authentication-Results: mx.example.net; dkim=pass header.d=" + domain);
        EXPECT_EQ(judged(with_signature, strict_rules(), &customers_of_forwarder()).reason, Reason::authorised);
        with_signature.header.front() = "Authentication-Results: mx.example.net; dkim=temperror header.d=" + domain;
        EXPECT_EQ(judged(with_signature, strict_rules(), &customers_of_forwarder()).reason,
                  row.customer ? Reason::unavailable : Reason::authorised);
        with_signature.header.front() = "Authentication-Results: mx.example.net; dkim=pass header.d=fabrikam.com";
        EXPECT_EQ(judged(with_signature, strict_rules(), &customers_of_forwarder()).reason,
                  row.customer ? Reason::forwarding_not_allowed : Reason::authorised);
    }
}

// Either of the author's words will do: where one holds, the other is not looked up.
TEST(CustomerSubdomain, NobodyIsAskedForASecondWordOfTheAuthor) {
    Rules rules = strict_rules();
    rules.dkim_source = DkimSource::both;
    rules.arc_trusted_sealers = {"lists.example"};
    Message message = forward_of("ceo@payroll.contoso.com").with(signature_of("payroll.contoso.com"));
    const auto asked = [&] { return wanted(evidence_of(message), &customers_of_forwarder(), rules); };
    EXPECT_TRUE(asked().dkim && asked().arc);
    message.header.insert(message.header.begin(), "Authentication-Results: mx.example.net; dkim=pass header.d=payroll.contoso.com");
    EXPECT_FALSE(asked().any());
    message.header.erase(message.header.begin());
    rules.arc_trusted_sealers.clear();
    message.without("DKIM-Signature");
    EXPECT_FALSE(asked().any()) << "nothing could help";
}

TEST(CustomerSubdomain, TheReplyNamesTheRemedyToTheOperator) {
    const Decision decision = judged(forward_of("ceo@payroll.contoso.com"), strict_rules(), &customers_of_forwarder());
    EXPECT_EQ(decision.reply->code, 550);
    EXPECT_NE(decision.why.find("customer-subdomain"), std::string::npos) << decision.why;
}

}  // namespace
}  // namespace exota::decision
