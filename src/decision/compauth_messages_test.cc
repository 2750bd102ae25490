// At least five whole messages for each row of the table of composite authentication (docs/inbound.md), which a test counts. What the table
// makes of answers is compauth_test.cc's; here each answer comes from a message.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

#include "decision/inbound_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;
using enum evidence::SpfValue;
using Value = evidence::DkimResult::Value;

constexpr std::size_t rows = 13, messages_a_row = 5;
constexpr std::string_view rejects = "v=DMARC1; p=reject", quarantines = "v=DMARC1; p=quarantine", lenient = "v=DMARC1; p=none";

struct Example {
    int row;
    std::string_view what, compauth;
    Incoming incoming;
    std::function<void(Rules&)> change = [](Rules&) {};
};

Incoming bank(std::string_view record = {}) {
    Incoming incoming = strange_mail();
    if (!record.empty()) incoming.policy("bank.example", record);
    return incoming;
}
/// In the name of an own domain.
Incoming own(std::string_view record = {}) {
    Incoming incoming = strange_mail("ceo@contoso.com");
    if (!record.empty()) incoming.policy("contoso.com", record);
    return incoming;
}
Incoming from(std::string_view client, Incoming incoming) {
    incoming.message.client = client;
    return incoming;
}
constexpr std::string_view exchange = "40.107.22.5";
Incoming dead(std::string_view name, Incoming incoming) {
    incoming.published.dead.emplace(name);
    return incoming;
}
Incoming named(std::string_view reverse_name, Incoming incoming) {
    incoming.message.verification.iprev = evidence::IprevVerification{evidence::IprevValue::pass, {domain(reverse_name)}};
    return incoming;
}
Incoming sealed(std::string_view author_domain, Incoming incoming) {
    incoming.message.verification.arc =
        evidence::ArcVerification{.value = evidence::ArcValue::pass,
                                  .instances = {{1, "list.example", "list.example; dmarc=pass header.from=" + std::string(author_domain)}},
                                  .detail = {}};
    return incoming;
}
void trust_list(Rules& rules) { rules.arc_trusted_sealers = {"list.example"}; }
/// Written in a mailbox of fabrikam, and hosted there.
Incoming mailbox(std::string_view author = "fred@fabrikam.com") {
    Incoming incoming;
    incoming.message.signed_as_reported = false;
    incoming.message.verification.dkim.emplace();
    return incoming.with("Received: from outbound.protection.outlook.com by mx.example.net; Sat, 21 Nov 2026 10:00:00 +0000")
        .with("X-MS-Exchange-CrossTenant-Id: f0000000-0000-4000-8000-00000000000f")
        .with("X-MS-Exchange-CrossTenant-AuthAs: Internal")
        .with("X-MS-Exchange-CrossTenant-FromEntityHeader: Hosted")
        .with("From: Fred <" + std::string(author) + ">")
        .policy("fabrikam.com", rejects);
}
Incoming passed_on(std::string_view results, std::string_view author = "boss@bank.example") { return handed_over_mail(results, author); }
auto domain_is(std::string name, Action action) {
    return [name = std::move(name), action](Rules& rules) { rules.inbound->domains[name] = action; };
}

std::vector<Example> examples() {
    const auto forwarder = [](Rules& rules) { rules.inbound->trusted_forwarders.signers = {"forwarder.example"}; };
    const auto forwarding_host = [](Rules& rules) { rules.inbound->trusted_forwarders.clients = prefixes({"198.51.100.7/32"}); };
    return {
        {1, "that message of 2024", "none 451", handed_over_mail()},
        {1, "EOP found it good", "pass 100", passed_on("dmarc=pass action=none header.from=bank.example;compauth=pass reason=100")},
        {1, "EOP trusted a seal", "pass 130", passed_on("dmarc=fail action=oreject header.from=bank.example;compauth=pass reason=130")},
        {1, "EOP quarantined", "fail 000", passed_on("dmarc=fail action=quarantine header.from=bank.example;compauth=fail reason=000")},
        {1, "EOP knows an own domain", "fail 601",
         passed_on("dmarc=none action=none header.from=fabrikam.com;compauth=fail reason=601", "ceo@fabrikam.com")},

        {2, "a mailbox", "pass 701", mailbox()},
        {2, "its owner publishes nothing", "pass 701", mailbox().but([](Incoming& m) { m.published = {}; })},
        {2, "DNS is dead", "pass 701", dead("fabrikam.com", mailbox())},
        {2, "signed besides", "pass 701", mailbox().signed_by("fabrikam.com")},
        {2, "the operator forbids the domain to others", "pass 701", mailbox(), domain_is("fabrikam.com", Action::reject)},

        {3, "aligned signature", "pass 100", bank(rejects).signed_by("bank.example")},
        {3, "aligned SPF", "pass 100", bank(rejects).spf(pass, "bank.example")},
        {3, "signature of a domain below, p=none", "pass 100", bank(lenient).signed_by("mail.bank.example")},
        {3, "an own domain, signed", "pass 100", own(rejects).signed_by("contoso.com")},
        {3, "through Exchange Online, signed", "pass 100",
         from(exchange, bank(quarantines).spf(pass, "bank.example").signed_by("bank.example"))},
        {3, "forbidden by the operator but proven", "pass 100", bank(rejects).signed_by("bank.example"),
         domain_is("bank.example", Action::reject)},

        {4, "SPF through Exchange Online, p=reject", "softpass 202", from(exchange, bank(rejects).spf(pass, "bank.example"))},
        {4, "p=quarantine", "softpass 202", from(exchange, bank(quarantines).spf(pass, "bank.example"))},
        {4, "p=none", "softpass 202", from(exchange, bank(lenient).spf(pass, "bank.example"))},
        {4, "from the relay pool", "softpass 202", from("40.95.1.1", bank(rejects).spf(pass, "bank.example"))},
        {4, "by IPv6, with a stranger's signature", "softpass 202",
         from("2a01:111:f400::5", bank(rejects).spf(pass, "bank.example").signed_by("sender.example"))},

        {5, "no policy could be asked for", "none 301", dead("bank.example", bank())},
        {5, "an own domain's", "none 301", dead("contoso.com", own())},
        {5, "the key of an aligned signature", "none 301", bank(rejects).signed_by("bank.example", Value::temperror)},
        {5, "aligned SPF", "none 301", bank(rejects).spf(temperror, "bank.example")},
        {5, "with a trusted forwarder's signature", "none 301", dead("bank.example", bank().signed_by("forwarder.example")), forwarder},

        {6, "a trusted seal", "pass 130", sealed("bank.example", bank(rejects)), trust_list},
        {6, "a trusted seal on an own domain", "pass 130", sealed("contoso.com", own(rejects)), trust_list},
        {6, "a trusted forwarder's signature", "pass 131", bank(rejects).signed_by("forwarder.example"), forwarder},
        {6, "a trusted forwarder's address", "pass 131", bank(quarantines), forwarding_host},
        {6, "the operator excepts the domain", "none 402", bank(rejects), domain_is("bank.example", Action::none)},

        {7, "the operator says reject", "fail 002", bank(lenient), domain_is("bank.example", Action::reject)},
        {7, "mark", "fail 002", bank(rejects), domain_is("bank.example", Action::mark)},
        {7, "no policy, aligned signature", "fail 002", bank().signed_by("bank.example"), domain_is("bank.example", Action::reject)},
        {7, "of names below", "fail 002", strange_mail("boss@pay.bank.example"), domain_is("*.bank.example", Action::mark)},
        {7, "an own domain", "fail 002", own(rejects), domain_is("contoso.com", Action::reject)},

        {8, "p=reject", "fail 000", bank(rejects)},
        {8, "p=quarantine", "fail 000", bank(quarantines)},
        {8, "t=y makes reject quarantine", "fail 000", bank("v=DMARC1; p=reject; t=y")},
        {8, "an own domain", "fail 010", own(rejects)},
        {8, "an own domain, SPF through Exchange Online", "fail 010", from(exchange, own(rejects).spf(pass, "contoso.com"))},
        {8, "somebody else's signature", "fail 000", bank(rejects).signed_by("sender.example")},

        {9, "no policy, signature", "pass 109", bank().signed_by("bank.example")},
        {9, "signature of a domain below", "pass 109", bank().signed_by("mail.bank.example")},
        {9, "SPF", "pass 109", bank().spf(pass, "bank.example")},
        {9, "SPF of a domain below", "pass 109", bank().spf(pass, "bounce.bank.example")},
        {9, "through Exchange Online, signed", "pass 109", from(exchange, bank().signed_by("bank.example"))},

        {10, "own, p=none", "fail 601", own(lenient)},
        {10, "own, no policy", "fail 601", own()},
        {10, "own, no policy, signed", "fail 601", own().signed_by("contoso.com")},
        {10, "own, t=y makes quarantine none", "fail 601", own("v=DMARC1; p=quarantine; t=y")},
        {10, "own, SPF through Exchange Online", "fail 601", from(exchange, own(lenient).spf(pass, "contoso.com"))},
        {10, "own, by the client's name", "fail 601", named("mail.contoso.com", own(lenient))},

        {11, "the client's name, no policy", "softpass 211", named("mail.bank.example", bank())},
        {11, "p=none", "softpass 211", named("mail.bank.example", bank(lenient))},
        {11, "the domain itself", "softpass 211", named("bank.example", bank())},
        {11, "of a domain below", "softpass 211", named("out.bank.example", strange_mail("boss@pay.bank.example"))},
        {11, "with a stranger's signature", "softpass 211", named("mail.bank.example", bank(lenient).signed_by("sender.example"))},

        {12, "p=none", "fail 001", bank(lenient)},
        {12, "sp=none below p=reject", "fail 001",
         strange_mail("boss@pay.bank.example").policy("bank.example", "v=DMARC1; p=reject; sp=none")},
        {12, "t=y makes quarantine none", "fail 001", bank("v=DMARC1; p=quarantine; t=y")},
        {12, "with a stranger's signature and name", "fail 001", named("mail.sender.example", bank(lenient).signed_by("sender.example"))},
        {12, "through Exchange Online", "fail 001", from(exchange, bank(lenient))},

        {13, "nothing at all", "fail 001", bank()},
        {13, "a stranger's signature", "fail 001", bank().signed_by("sender.example")},
        {13, "a stranger's SPF", "fail 001", bank().spf(pass, "sender.example")},
        {13, "a stranger's name", "fail 001", named("mail.sender.example", bank())},
        {13, "SPF through Exchange Online", "fail 001", from(exchange, bank().spf(pass, "bank.example"))},
        {13, "a signature that fails", "fail 001", bank().signed_by("bank.example", Value::fail)},
    };
}

TEST(CompauthMessages, each_is_of_its_row_and_each_row_has_five) {
    std::array<std::size_t, rows + 1> seen{};
    for (const Example& example : examples()) {
        Rules rules = inbound_rules();
        example.change(rules);
        const Decision decision = judged_inbound(example.incoming, rules);
        ASSERT_TRUE(decision.inbound && decision.inbound->compauth) << example.what;
        EXPECT_EQ(compauth_text(decision), example.compauth) << "row " << example.row << ", " << example.what;
        EXPECT_EQ(decision.inbound->compauth->row, example.row) << example.what;
        EXPECT_EQ(decision.inbound->handed_over, example.row == 1) << example.what;
        ++seen.at(static_cast<std::size_t>(decision.inbound->compauth->row));
    }
    EXPECT_EQ(seen[0], 0U);
    for (std::size_t row = 1; row <= rows; ++row) EXPECT_GE(seen[row], messages_a_row) << "row " << row;
}

}  // namespace
}  // namespace exota::decision
