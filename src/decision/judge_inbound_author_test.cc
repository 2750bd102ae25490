// Step 6, message by message: what proves an author, which exceptions there are, what `direct` makes of mail that came by an indirect way,
// and what becomes of a message while DNS does not answer.
#include "decision/author_step.h"
#include "decision/inbound_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;
using enum evidence::SpfValue;
using Value = evidence::DkimResult::Value;

constexpr std::string_view reject_record = "v=DMARC1; p=reject", none_record = "v=DMARC1; p=none";

Incoming enforced_mail() { return strange_mail().policy("bank.example", reject_record); }

std::string said_of(const Incoming& incoming, const Rules& rules = inbound_rules()) {
    const Decision decision = judged_inbound(incoming, rules);
    std::string out = compauth_text(decision);
    return out.append(", ").append(name_of(decision.inbound->action)).append(", ").append(name_of(decision.reason));
}

TEST(JudgeInboundAuthor, what_proves_an_author) {
    EXPECT_EQ(said_of(enforced_mail()), "fail 000, reject, dmarc-failed");
    EXPECT_EQ(said_of(enforced_mail().signed_by("bank.example")), "pass 100, none, passed");
    EXPECT_EQ(said_of(enforced_mail().signed_by("mail.bank.example")), "pass 100, none, passed");
    EXPECT_EQ(said_of(enforced_mail().signed_by("sender.example")), "fail 000, reject, dmarc-failed");
    EXPECT_EQ(said_of(enforced_mail().signed_by("bank.example", Value::fail)), "fail 000, reject, dmarc-failed");
    EXPECT_EQ(said_of(enforced_mail().spf(pass, "bank.example")), "pass 100, none, passed");
    EXPECT_EQ(said_of(enforced_mail().spf(softfail, "bank.example")), "fail 000, reject, dmarc-failed");
    EXPECT_EQ(said_of(strange_mail().signed_by("bank.example")), "pass 109, none, passed");
    EXPECT_EQ(said_of(strange_mail().spf(pass, "x.bank.example")), "pass 109, none, passed");
    EXPECT_EQ(said_of(strange_mail()), "fail 001, none, passed");
    EXPECT_EQ(said_of(strange_mail().policy("bank.example", none_record)), "fail 001, none, passed");
    Incoming uncounted = enforced_mail().signed_by("bank.example");
    uncounted.message.verification.dkim->back().counts = false;
    EXPECT_EQ(said_of(uncounted), "fail 000, reject, dmarc-failed") << "a signature that leaves something unsigned";
}

TEST(JudgeInboundAuthor, spf_through_exchange_online_proves_nothing) {
    const auto through = [](Incoming incoming, std::string_view client) {
        incoming.message.client = client;
        return incoming;
    };
    for (const std::string_view client : {"40.107.22.5", "40.95.1.1", "2a01:111:f400::5"}) {
        EXPECT_EQ(said_of(through(enforced_mail().spf(pass, "bank.example"), client)), "softpass 202, none, passed") << client;
        EXPECT_EQ(said_of(through(strange_mail().spf(pass, "bank.example"), client)), "fail 001, none, passed") << client;
        // An own domain does not pass at all by what any tenant can do.
        Incoming own = strange_mail("ceo@contoso.com").policy("contoso.com", reject_record).spf(pass, "contoso.com");
        EXPECT_EQ(said_of(through(own, client)), "fail 010, reject, own-domain") << client;
        own.policy("contoso.com", none_record);
        EXPECT_EQ(said_of(through(own, client)), "fail 601, mark, own-domain") << client;
        EXPECT_EQ(said_of(through(own.signed_by("contoso.com"), client)), "pass 100, none, passed") << client;
    }
    Rules rules = inbound_rules();
    rules.inbound->spf_through_exchange = Action::mark;
    EXPECT_EQ(said_of(through(enforced_mail().spf(pass, "bank.example"), "40.107.22.5"), rules), "softpass 202, mark, dmarc-failed");
}

TEST(JudgeInboundAuthor, own_domains) {
    const auto own = [](std::string_view record) {
        Incoming incoming = strange_mail("ceo@contoso.com");
        if (!record.empty()) incoming.policy("contoso.com", record);
        return incoming;
    };
    EXPECT_EQ(said_of(own(reject_record)), "fail 010, reject, own-domain");
    EXPECT_EQ(said_of(own("v=DMARC1; p=quarantine")), "fail 010, reject, own-domain");
    EXPECT_EQ(said_of(own("v=DMARC1; p=quarantine; t=y")), "fail 601, mark, own-domain");
    EXPECT_EQ(said_of(own(none_record)), "fail 601, mark, own-domain");
    EXPECT_EQ(said_of(own("")), "fail 601, mark, own-domain");
    EXPECT_EQ(said_of(own(reject_record).signed_by("contoso.com")), "pass 100, none, passed");
    EXPECT_EQ(said_of(own(reject_record).spf(pass, "contoso.com")), "pass 100, none, passed") << "its own host, listed by its owner";
    for (const std::string_view mark : {"List-Id: <l.list.example>", "X-Forwarded-To: x", "Resent-From: a@list.example"})
        EXPECT_EQ(said_of(own(reject_record).with(mark).signed_by("list.example").spf(pass, "list.example")),
                  "fail 010, reject, own-domain")
            << "never direct: " << mark;
    Rules rules = inbound_rules();
    rules.inbound->own_domain = Action::hold;
    rules.inbound->own_domain_unenforced = Action::reject;
    EXPECT_EQ(said_of(own(reject_record), rules), "fail 010, hold, own-domain");
    EXPECT_EQ(said_of(own(none_record), rules), "fail 601, reject, own-domain");
    // Every exception but arc leaves own domains alone.
    rules = inbound_rules();
    rules.inbound->trusted_forwarders = {.clients = prefixes({"198.51.100.0/24"}), .signers = {"list.example"}};
    rules.inbound->domains["contoso.com"] = Action::none;
    EXPECT_EQ(said_of(own(reject_record).signed_by("list.example"), rules), "fail 010, reject, own-domain");
    Incoming by_name = own(none_record);
    by_name.message.verification.iprev = evidence::IprevVerification{evidence::IprevValue::pass, {domain("mail.contoso.com")}};
    EXPECT_EQ(said_of(by_name), "fail 601, mark, own-domain");
}

TEST(JudgeInboundAuthor, trusted_seals) {
    Rules rules = inbound_rules();
    rules.arc_trusted_sealers = {"list.example"};
    const auto sealed = [](Incoming incoming, evidence::ArcValue value, std::string_view sealer) {
        incoming.message.verification.arc = evidence::ArcVerification{
            .value = value,
            .instances = {{1, std::string(sealer),
                           "list.example; dmarc=pass header.from=" +
                               std::string(value_of(evidence_of(incoming.message).header.author)->domain.text())}},
            .detail = {}};
        return incoming;
    };
    using evidence::ArcValue;
    EXPECT_EQ(said_of(sealed(enforced_mail(), ArcValue::pass, "list.example"), rules), "pass 130, none, passed");
    EXPECT_EQ(said_of(sealed(enforced_mail(), ArcValue::pass, "evil.example"), rules), "fail 000, reject, dmarc-failed");
    EXPECT_EQ(said_of(sealed(enforced_mail(), ArcValue::fail, "list.example"), rules), "fail 000, reject, dmarc-failed");
    const Incoming own = strange_mail("ceo@contoso.com").policy("contoso.com", reject_record);
    EXPECT_EQ(said_of(sealed(own, ArcValue::pass, "list.example"), rules), "pass 130, none, passed")
        << "lists give people their own mail back";
    // While the seal cannot be checked nothing is refused for want of it, and nothing passes by it.
    EXPECT_EQ(said_of(sealed(enforced_mail(), ArcValue::temperror, "list.example"), rules), "none 301, tempfail, unavailable");
    EXPECT_EQ(said_of(sealed(own, ArcValue::temperror, "list.example"), rules), "none 301, tempfail, unavailable");
    EXPECT_EQ(said_of(sealed(own, ArcValue::temperror, "evil.example"), rules), "fail 010, reject, own-domain")
        << "a forger's seal with a dead key keeps nobody waiting";
    EXPECT_EQ(said_of(sealed(strange_mail().policy("bank.example", none_record), ArcValue::temperror, "list.example"), rules),
              "fail 001, none, passed")
        << "p=none changes nothing";
}

TEST(JudgeInboundAuthor, trusted_forwarders_by_address_and_by_signature) {
    Rules rules = inbound_rules();
    rules.inbound->trusted_forwarders.clients = prefixes({"198.51.100.7/32"});
    EXPECT_EQ(said_of(enforced_mail(), rules), "pass 131, none, passed");
    rules.inbound->trusted_forwarders.clients = prefixes({"198.51.100.8/32"});
    EXPECT_EQ(said_of(enforced_mail(), rules), "fail 000, reject, dmarc-failed");
    rules.inbound->trusted_forwarders.signers = {"list.example"};
    EXPECT_EQ(said_of(enforced_mail().signed_by("list.example"), rules), "pass 131, none, passed");
    EXPECT_EQ(said_of(enforced_mail().signed_by("x.list.example"), rules), "fail 000, reject, dmarc-failed") << "literally";
    EXPECT_EQ(said_of(enforced_mail().signed_by("list.example", Value::fail), rules), "fail 000, reject, dmarc-failed");
    EXPECT_EQ(said_of(enforced_mail().signed_by("other.example", Value::temperror), rules), "fail 000, reject, dmarc-failed");
    EXPECT_EQ(said_of(enforced_mail().signed_by("list.example", Value::temperror), rules), "none 301, tempfail, unavailable");
    Incoming uncounted = enforced_mail().signed_by("list.example");
    uncounted.message.verification.dkim->back().counts = false;
    EXPECT_EQ(said_of(uncounted, rules), "fail 000, reject, dmarc-failed");
}

TEST(JudgeInboundAuthor, what_the_operator_says_of_a_domain) {
    Rules rules = inbound_rules();
    auto& domains = rules.inbound->domains;
    domains["bank.example"] = Action::none;
    EXPECT_EQ(said_of(enforced_mail(), rules), "none 402, none, passed");
    domains["bank.example"] = Action::reject;
    EXPECT_EQ(said_of(strange_mail(), rules), "fail 002, reject, dmarc-failed");
    EXPECT_EQ(said_of(strange_mail().policy("bank.example", reject_record).signed_by("bank.example"), rules), "pass 100, none, passed");
    domains["bank.example"] = Action::mark;
    EXPECT_EQ(said_of(enforced_mail(), rules), "fail 002, mark, dmarc-failed");
    domains = {{"*.bank.example", Action::reject}, {"*.example", Action::mark}, {"shop.bank.example", Action::none}};
    EXPECT_EQ(domain_rule(*rules.inbound, "bank.example"), Action::mark);
    EXPECT_EQ(domain_rule(*rules.inbound, "a.b.bank.example"), Action::reject);
    EXPECT_EQ(domain_rule(*rules.inbound, "shop.bank.example"), Action::none);
    EXPECT_EQ(domain_rule(*rules.inbound, "example"), std::nullopt);
    EXPECT_EQ(domain_rule(*rules.inbound, "bank.test"), std::nullopt);
    EXPECT_EQ(domain_rule(InboundRules(), "bank.example"), std::nullopt);
}

TEST(JudgeInboundAuthor, direct_spares_what_came_by_an_indirect_way_and_whose_sender_is_proven) {
    struct Row {
        std::string_view mark;  // a header field, or an envelope sender in angle brackets
        bool indirect;
    };
    const Row rows[] = {
        {"List-Id: <l.list.example>", true},
        {"List-Post: <mailto:l@list.example>", true},
        {"X-BeenThere: l@list.example", true},
        {"Resent-From: l@list.example", true},
        {"X-Forwarded-To: bob@fabrikam.com", true},
        {"ARC-Seal: i=1; a=rsa-sha256; d=list.example; s=x; cv=none; b=A", true},
        {"ARC-Seal: i=1; a=rsa-sha256; d=microsoft.com; s=x; cv=none; b=A", false},
        {"List-Unsubscribe: <https://l.example/>", false},
        {"<SRS0=HHH=TT=bank.example=boss@list.example>", true},
        {"<SRS1=HHH=f.example==HHH=TT=bank.example=boss@list.example>", true},
        {"<srs0+HHH=TT=bank.example=boss@list.example>", true},
        {"<prvs=0123456789=boss@list.example>", true},
        {"<SRS0@list.example>", false},
        {"<srs02=x@list.example>", false},
        {"<boss@list.example>", false},
    };
    for (const Row& row : rows) {
        const auto marked = [&row](Incoming incoming) {
            if (row.mark.starts_with('<'))
                incoming.message.reverse_path = row.mark;
            else
                incoming.with(row.mark);
            return incoming;
        };
        const std::string_view spared = row.indirect ? "fail 000, mark, dmarc-failed" : "fail 000, reject, dmarc-failed";
        EXPECT_EQ(said_of(marked(enforced_mail())), "fail 000, reject, dmarc-failed") << "no proof of the sender: " << row.mark;
        EXPECT_EQ(said_of(marked(enforced_mail().signed_by("list.example"))), spared) << row.mark;
        EXPECT_EQ(said_of(marked(enforced_mail().spf(pass, "list.example"))), spared) << row.mark;
        EXPECT_EQ(said_of(marked(enforced_mail().spf(neutral, "list.example"))), "fail 000, reject, dmarc-failed") << row.mark;
        Incoming through_exchange = marked(enforced_mail().spf(pass, "evil.example"));
        through_exchange.message.client = "40.107.22.5";
        EXPECT_EQ(said_of(through_exchange), "fail 000, reject, dmarc-failed") << "SPF there proves no sender: " << row.mark;
        const std::string_view open = row.indirect ? "none 301, tempfail, unavailable" : "fail 000, reject, dmarc-failed";
        EXPECT_EQ(said_of(marked(enforced_mail().signed_by("list.example", Value::temperror))), open) << row.mark;
        EXPECT_EQ(said_of(marked(enforced_mail().spf(temperror, "list.example"))), open) << row.mark;
        Rules rejecting = inbound_rules();
        rejecting.inbound->on_reject = Action::reject;
        EXPECT_EQ(said_of(marked(enforced_mail().signed_by("list.example")), rejecting), "fail 000, reject, dmarc-failed")
            << "who decides to reject rejects: " << row.mark;
    }
}

TEST(JudgeInboundAuthor, while_dns_does_not_answer) {
    const auto dead = [](Incoming incoming, std::string_view name) {
        incoming.published.dead.insert(std::string(name));
        return incoming;
    };
    const std::string_view put_off = "none 301, tempfail, unavailable";
    EXPECT_EQ(said_of(dead(strange_mail(), "bank.example")), put_off) << "the policy";
    EXPECT_EQ(said_of(enforced_mail().signed_by("bank.example", Value::temperror)), put_off) << "an aligned signature";
    EXPECT_EQ(said_of(strange_mail().signed_by("bank.example", Value::temperror)), put_off) << "the same without a record";
    EXPECT_EQ(said_of(enforced_mail().spf(temperror, "bank.example")), put_off) << "aligned SPF";
    EXPECT_EQ(said_of(enforced_mail().signed_by("other.example", Value::temperror)), "fail 000, reject, dmarc-failed")
        << "another's signature could not have passed";
    EXPECT_EQ(said_of(enforced_mail().spf(temperror, "other.example")), "fail 000, reject, dmarc-failed");
    EXPECT_EQ(said_of(enforced_mail().signed_by("bank.example").spf(temperror, "bank.example")), "pass 100, none, passed");
    EXPECT_EQ(said_of(enforced_mail().spf(pass, "bank.example").signed_by("bank.example", Value::temperror)), "pass 100, none, passed");
    Incoming own = strange_mail("ceo@contoso.com").policy("contoso.com", reject_record);
    own.message.client = "40.107.22.5";
    EXPECT_EQ(said_of(own.spf(pass, "contoso.com").signed_by("contoso.com", Value::temperror)), put_off);
    // Without a record SPF through Exchange Online settles nothing either; SPF of a host of the author's own does.
    Incoming unpublished = strange_mail().spf(pass, "bank.example").signed_by("mail.bank.example", Value::temperror);
    EXPECT_EQ(said_of(unpublished), "pass 109, none, passed");
    unpublished.message.client = "40.107.22.5";
    EXPECT_EQ(said_of(unpublished), put_off);
    Rules forbidden = inbound_rules();
    forbidden.inbound->domains["bank.example"] = Action::reject;
    EXPECT_EQ(said_of(unpublished, forbidden), put_off) << "put off, although row 7 asks for no signature";
    // Others may be let pass or marked meanwhile; own domains never.
    for (const Action action : {Action::mark, Action::none}) {
        Rules rules = inbound_rules();
        rules.inbound->unresolved = action;
        EXPECT_EQ(said_of(dead(strange_mail(), "bank.example"), rules),
                  action == Action::mark ? "none 301, mark, unavailable" : "none 301, none, passed");
        EXPECT_EQ(said_of(own, rules), put_off);
    }
}

TEST(JudgeInboundAuthor, a_reverse_name_in_the_authors_organisation) {
    const auto named = [](Incoming incoming, evidence::IprevValue value, std::string_view name) {
        incoming.message.verification.iprev = evidence::IprevVerification{value, {}};
        if (!name.empty()) incoming.message.verification.iprev->names.push_back(domain(name));
        return incoming;
    };
    using evidence::IprevValue;
    EXPECT_EQ(said_of(named(strange_mail(), IprevValue::pass, "mail.bank.example")), "softpass 211, none, passed");
    EXPECT_EQ(said_of(named(strange_mail().policy("bank.example", none_record), IprevValue::pass, "bank.example")),
              "softpass 211, none, passed");
    EXPECT_EQ(said_of(named(strange_mail(), IprevValue::pass, "mail.other.example")), "fail 001, none, passed");
    EXPECT_EQ(said_of(named(strange_mail(), IprevValue::fail, "")), "fail 001, none, passed");
    EXPECT_EQ(said_of(named(enforced_mail(), IprevValue::pass, "bank.example")), "fail 000, reject, dmarc-failed");
    EXPECT_EQ(said_of(named(enforced_mail(), IprevValue::temperror, "")), "fail 000, reject, dmarc-failed") << "it could not help";
    Rules rules = inbound_rules();
    rules.inbound->implicit_fail = Action::reject;
    EXPECT_EQ(said_of(strange_mail(), rules), "fail 001, reject, dmarc-failed");
    EXPECT_EQ(said_of(named(strange_mail(), IprevValue::temperror, ""), rules), "none 301, tempfail, unavailable");
    EXPECT_EQ(said_of(strange_mail().policy("bank.example", none_record), rules), "fail 001, none, passed") << "p=none is always none";
}

TEST(JudgeInboundAuthor, answers_that_may_still_come) {
    EXPECT_FALSE(judged_inbound(enforced_mail().signed_by("bank.example")).may_change);
    EXPECT_FALSE(judged_inbound(enforced_mail().spf(pass, "bank.example")).may_change);
    EXPECT_TRUE(judged_inbound(enforced_mail()).may_change);
    EXPECT_TRUE(judged_inbound(strange_mail()).may_change);
}

}  // namespace
}  // namespace exota::decision
