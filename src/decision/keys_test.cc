// What a look-up source is asked for: a row for each kind of name.
#include "decision/keys.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;
using Names = std::vector<std::string>;

tenant::Keys keys_for(const Message& message, const Rules& rules = strict_rules()) { return keys_of(evidence_of(message), rules); }

/// Of the system: an envelope and a HELO name in every message.
Message from_nobody() {
    Message message;
    message.reverse_path = "<>";
    message.header = {};
    return message;
}

TEST(Keys, of_an_honest_message) {
    const tenant::Keys keys = keys_for(honest_mail());
    EXPECT_EQ(keys.domains, (Names{"contoso.com", "com", "contoso.example"}));
    EXPECT_EQ(keys.wildcards, (Names{"com", "example"}));
    EXPECT_EQ(keys.organizations, (Names{"contoso.com", "com", "contoso.example", "example"}));
    EXPECT_EQ(keys.sdids, (Names{"contoso.com", "com"}));
    EXPECT_EQ(keys.tenant_ids, std::vector{mail::TenantId::parse(contoso_id).value()});
}

TEST(Keys, each_kind_of_name) {
    struct Case {
        std::string name;
        Message message;
        tenant::Keys want;
        bool resent_from = false;
    };
    const auto id = [](std::string_view text) { return mail::TenantId::parse(text).value(); };
    const std::string helo = "outbound.protection.outlook.com";
    const auto with_helo = [&](Names names) {
        names.push_back(helo);
        return names;
    };
    /// The bases of wildcards that cover HELO's name, and more.
    const auto bases = [](Names names) {
        for (const char* name : {"protection.outlook.com", "outlook.com", "com"})
            if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
        return names;
    };
    Message sender = from_nobody(), xoorg = from_nobody();
    sender.reverse_path = "<bounce@a.mail.contoso.com>";
    xoorg.xoorg = "Sub.Fabrikam.example";
    const Case cases[] = {
        {.name = "nothing but HELO", .message = from_nobody(), .want = {.domains = {helo}, .wildcards = bases({})}},
        {.name = "envelope sender",
         .message = sender,
         .want = {.domains = {"a.mail.contoso.com"}, .wildcards = {"mail.contoso.com", "contoso.com", "com"}}},
        {.name = "author, in every role, above public suffixes too",
         .message = from_nobody().with("From: j@b.contoso.co.uk"),
         .want = {.domains = with_helo({"b.contoso.co.uk", "contoso.co.uk", "co.uk", "uk"}),
                  .wildcards = bases({"contoso.co.uk", "co.uk", "uk"}),
                  .organizations = {"b.contoso.co.uk", "contoso.co.uk", "co.uk", "uk"},
                  .sdids = {"b.contoso.co.uk", "contoso.co.uk", "co.uk", "uk"}}},
        {.name = "below a shared suffix",
         .message = from_nobody().with("X-OriginatorOrg: x.contoso.onmicrosoft.com"),
         .want = {.domains = with_helo({"x.contoso.onmicrosoft.com"}),
                  .wildcards = bases({"contoso.onmicrosoft.com", "onmicrosoft.com"}),
                  .organizations = {"x.contoso.onmicrosoft.com", "contoso.onmicrosoft.com", "onmicrosoft.com", "com"}}},
        {.name = "two authors are none",
         .message = from_nobody().with("From: a@a.com").with("From: b@b.com"),
         .want = {.domains = {helo}, .wildcards = bases({})}},
        {.name = "XOORG",
         .message = xoorg,
         .want = {.domains = with_helo({"sub.fabrikam.example"}),
                  .wildcards = bases({"fabrikam.example", "example"}),
                  .organizations = {"sub.fabrikam.example"}}},
        {.name = "every one of differing values",
         .message = from_nobody()
                        .with("X-OriginatorOrg: a.example")
                        .with("X-OriginatorOrg: b.example")
                        .with("X-MS-Exchange-CrossTenant-Id: " + std::string(contoso_id))
                        .with("X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id)),
         .want = {.domains = with_helo({"a.example", "b.example"}),
                  .wildcards = bases({"example"}),
                  .organizations = {"a.example", "example", "b.example"},
                  .tenant_ids = {id(contoso_id), id(fabrikam_id)}}},
        {.name = "hosted's tenant id",
         .message = from_nobody().with("X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" +
                                       std::string(fabrikam_id) + ";Ip=[203.0.113.7];Helo=[h]"),
         .want = {.domains = {helo}, .wildcards = bases({}), .tenant_ids = {id(fabrikam_id)}}},
        {.name = "hosted's differing tenant ids",
         .message = from_nobody()
                        .with("X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + std::string(fabrikam_id) +
                              ";Ip=[203.0.113.7];Helo=[h]")
                        .with("X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + std::string(contoso_id) +
                              ";Ip=[203.0.113.7];Helo=[h]"),
         .want = {.domains = {helo}, .wildcards = bases({}), .tenant_ids = {id(fabrikam_id), id(contoso_id)}}},
        {.name = "signature",
         .message = from_nobody().with(signature_of("S.signer.example")),
         .want = {.domains = with_helo({"s.signer.example"}),
                  .wildcards = bases({"signer.example", "example"}),
                  .sdids = {"s.signer.example"}}},
        {.name = "Resent-From is not asked for where no rule reads it",
         .message = from_nobody().with("Resent-From: a@resent.com"),
         .want = {.domains = {helo}, .wildcards = bases({})}},
        {.name = "every Resent-From where one does",
         .message = from_nobody().with("Resent-From: a@resent.com").with("Resent-From: b@other.com"),
         .want = {.domains = with_helo({"resent.com", "other.com"}), .wildcards = bases({})},
         .resent_from = true},
    };
    for (const Case& c : cases) {
        Rules rules = strict_rules();
        rules.resent_from = c.resent_from;
        tenant::Keys keys = keys_for(c.message, rules);
        tenant::Keys want = c.want;
        for (Names* names : {&keys.domains, &want.domains, &keys.wildcards, &want.wildcards}) std::ranges::sort(*names);
        EXPECT_EQ(keys.domains, want.domains) << c.name;
        EXPECT_EQ(keys.wildcards, want.wildcards) << c.name;
        EXPECT_EQ(keys.organizations, want.organizations) << c.name;
        EXPECT_EQ(keys.sdids, want.sdids) << c.name;
        EXPECT_EQ(keys.tenant_ids, want.tenant_ids) << c.name;
    }
}

/// Forms that not every verifier reads, but ours does.
TEST(Keys, a_signing_domain_that_a_verifier_would_read_is_asked_for) {
    for (const std::string_view odd : {"n=; ", "z=\xc3\xbc; ", "i=a=3B@sub.author.example; "}) {
        const tenant::Keys keys = keys_for(from_nobody().with("DKIM-Signature: v=1; a=rsa-sha256; d=sub.author.example; s=s; h=from; " +
                                                              std::string(odd) + "bh=" + std::string(43, 'A') + "=; b=AAAA"));
        EXPECT_EQ(keys.sdids, (Names{"sub.author.example"})) << odd;
        EXPECT_TRUE(std::ranges::find(keys.domains, "sub.author.example") != keys.domains.end()) << odd;
    }
}

TEST(Keys, a_flood_of_signatures_pushes_no_claim_out) {
    Message message = from_nobody();
    for (std::size_t i = 0; i < max_sdids_asked + 5; ++i) message.with(signature_of("s" + std::to_string(i) + ".example"));
    message.with("From: j@contoso.com")
        .with("X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id))
        .with("X-OriginatorOrg: o.example");
    const tenant::Keys keys = keys_for(message);
    EXPECT_EQ(keys.sdids.size(), max_sdids_asked);  // the author's and the one above it first
    EXPECT_EQ(keys.tenant_ids.size(), 1U);
    EXPECT_EQ(keys.organizations, (Names{"contoso.com", "com", "o.example", "example"}));
}

TEST(Keys, likely_signatures_before_anybody_was_asked) {
    const struct {
        std::string_view sdid, author;
        bool likely;
    } cases[] = {
        {"contoso.com", "contoso.com", true},      {"mail.contoso.com", "contoso.com", true},
        {"contoso.com", "mail.contoso.com", true}, {"contoso.onmicrosoft.com", "contoso.com", true},
        {"onmicrosoft.com", "contoso.com", false}, {"xonmicrosoft.com", "contoso.com", false},
        {"list.example", "contoso.com", false},    {"notcontoso.com", "contoso.com", false},
        {"co.uk", "contoso.co.uk", false},         {"me.github.io", "you.github.io", false},
        {"anything.example", "", false},
    };
    for (const auto& c : cases) EXPECT_EQ(is_likely_sdid(c.sdid, c.author, strict_rules()), c.likely) << c.sdid << ' ' << c.author;
}

}  // namespace
}  // namespace exota::decision
