// An inbound door while the directory answers some questions and others not: nobody comes in, and nobody is refused for good, for want of
// an answer.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "decision/inbound_fixture.h"
#include "decision/keys.h"
#include "tenant/answers.h"

namespace exota::decision {
namespace {

using namespace fixture;
using tenant::Answer;
using tenant::KeyKind;

using Key = std::pair<KeyKind, std::string>;
using Found = tenant::Found<std::shared_ptr<const tenant::Index>>;

constexpr std::string_view fabrikam_id_text = "f0000000-0000-4000-8000-00000000000f";

/// contoso and fabrikam, which is hybrid, as a directory finds them.
struct Directory {
    Directory() {
        add({{"domains", {"contoso.com", "*.contoso.com"}}, {"tenant_ids", {contoso_id}}, {"recipients", {"authoritative"}}}, "contoso");
        add({{"domains", {"fabrikam.com"}}, {"tenant_ids", {fabrikam_id_text}}, {"hybrid", {"true"}}, {"recipients", {"authoritative"}}},
            "fabrikam");
    }
    void add(const std::vector<tenant::TextField>& fields, std::string_view name) {
        const auto read = tenant::read_found_tenant(name, fields, {});
        ASSERT_TRUE(read.tenant) << name;
        for (const auto& field : fields)
            for (const std::string_view value : field.values) {
                const bool wildcard = value.starts_with("*.");
                if (field.name == "domains")
                    owners[{wildcard ? KeyKind::wildcard : KeyKind::domain, std::string(value.substr(wildcard ? 2 : 0))}] = read.tenant;
                if (field.name == "tenant_ids") owners[{KeyKind::tenant_id, std::string(value)}] = read.tenant;
            }
    }
    Found ask(const std::vector<Key>& keys, const std::function<bool(const Key&)>& is_silent) const {
        tenant::Answers answers{base::HashKey{}};
        for (const Key& key : keys) {
            const auto owner = owners.find(key);
            answers.answered(key.first, key.second,
                             is_silent(key)          ? Answer(Answer::unknown)
                             : owner == owners.end() ? Answer(Answer::none)
                                                     : Answer(owner->second));
        }
        return answers.finish();
    }
    std::map<Key, tenant::FoundTenantRef> owners;
};

std::vector<Key> listed(const tenant::Keys& keys) {
    std::vector<Key> out;
    for (const std::string& name : keys.domains) out.emplace_back(KeyKind::domain, name);
    for (const std::string& name : keys.wildcards) out.emplace_back(KeyKind::wildcard, name);
    for (const std::string& name : keys.organizations) out.emplace_back(KeyKind::organization, name);
    for (const std::string& name : keys.sdids) out.emplace_back(KeyKind::dkim_domain, name);
    for (const mail::TenantId& id : keys.tenant_ids) out.emplace_back(KeyKind::tenant_id, std::string(id.text()));
    return out;
}

const tenant::Index* index_of(const Found& found) {
    static const tenant::Index nobody;
    return found.is(Found::unknown) ? nullptr : found.is(Found::yes) ? found->get() : &nobody;
}

struct Sample {
    std::string_view what;
    Incoming incoming;
};

std::vector<Sample> samples() {
    constexpr std::string_view reject = "v=DMARC1; p=reject";
    const auto own = [&](bool with_id) {
        Incoming incoming = strange_mail("jane@contoso.com").policy("contoso.com", reject);
        incoming.message.client = "40.92.0.10";
        incoming.message.tls_version = "TLSv1.3";
        incoming.message.certificate = Message().certificate;
        if (with_id)
            incoming.with("X-MS-Exchange-CrossTenant-Id: " + std::string(contoso_id)).with("X-MS-Exchange-CrossTenant-AuthAs: Internal");
        return incoming;
    };
    Incoming two = strange_mail().signed_by("bank.example").policy("bank.example", reject);
    two.recipients = {"john@fabrikam.com", "mary@sub.contoso.com"};
    Incoming foreign = strange_mail().signed_by("bank.example").policy("bank.example", reject);
    foreign.recipients = {"a@elsewhere.example"};
    Incoming unknown = foreign;
    unknown.recipients = {"nobody@fabrikam.com"};
    unknown.facts.recipients = {RecipientIs::unknown};
    Incoming complex = strange_mail();
    complex.message.too_complex = "header fields above 2000";
    Incoming blocked = strange_mail();
    blocked.facts.client.is = ClientStanding::Is::blocked;
    return {{"signed by its author", strange_mail().signed_by("bank.example").policy("bank.example", reject)},
            {"to two tenants", two},
            {"forged, its owner rejects", strange_mail().policy("bank.example", reject)},
            {"forged, its owner quarantines", strange_mail().policy("bank.example", "v=DMARC1; p=quarantine")},
            {"forged, its owner says nothing", strange_mail()},
            {"an own domain, forged", strange_mail("jane@contoso.com").policy("contoso.com", reject)},
            {"an own domain, signed", strange_mail("jane@contoso.com").signed_by("contoso.com").policy("contoso.com", reject)},
            {"an own domain through its tenant", own(true)},
            {"an own domain through Exchange Online, whose tenant is not named", own(false)},
            {"handed over, and EOP overrode", handed_over_mail()},
            {"handed over, and good", handed_over_mail("dmarc=pass action=none\r\n header.from=microsoft.com;compauth=pass reason=100")},
            {"to nobody of ours", foreign},
            {"to nobody at all", unknown},
            {"too complex", complex},
            {"from a blocked client", blocked}};
}

/// What hangs on no answer.
bool is_certain(Reason reason) { return reason == Reason::too_complex || reason == Reason::client_blocked; }

struct Tally {
    int accepted = 0, deferred = 0, refused = 0;
};

Tally judge_with(const Sample& sample, const Directory& directory, const std::function<bool(const Key&)>& is_silent) {
    Tally tally;
    const Rules rules = inbound_rules();
    const evidence::Evidence evidence = evidence_of(sample.incoming, rules);
    const std::vector<Key> keys = listed(keys_of_inbound(evidence, rules));
    const Found all = directory.ask(keys, [](const Key&) { return false; }), some = directory.ask(keys, is_silent);
    const Decision whole = judge_inbound(evidence, index_of(all), rules, sample.incoming.facts);
    const Decision decision = judge_inbound(evidence, index_of(some), rules, sample.incoming.facts);
    if (decision.judged == Verdict::accept) {
        EXPECT_EQ(whole.judged, Verdict::accept) << sample.what;
        EXPECT_EQ(decision.inbound->action, whole.inbound->action) << sample.what;
        ++tally.accepted;
    } else if (decision.judged == Verdict::reject) {
        EXPECT_EQ(decision.reason, whole.reason) << sample.what;
        const bool of_recipients = decision.reason == Reason::recipient_foreign || decision.reason == Reason::recipient_unknown;
        EXPECT_TRUE(is_certain(decision.reason) || of_recipients) << sample.what << ": " << decision.why;
        ++tally.refused;
    } else {
        EXPECT_EQ(decision.reason, Reason::unavailable) << sample.what;
        EXPECT_EQ(decision.reply->code, 451) << sample.what;
        ++tally.deferred;
    }
    return tally;
}

TEST(UnansweredInbound, one_silent_name_lets_nothing_in_and_refuses_nothing_for_good) {
    const Directory directory;
    Tally all;
    for (const Sample& sample : samples()) {
        const Rules rules = inbound_rules();
        for (const Key& silent : listed(keys_of_inbound(evidence_of(sample.incoming, rules), rules))) {
            SCOPED_TRACE(std::string(tenant::name_of(silent.first)) + ' ' + silent.second);
            const Tally one = judge_with(sample, directory, [&](const Key& key) { return key == silent; });
            all.accepted += one.accepted, all.deferred += one.deferred, all.refused += one.refused;
        }
    }
    EXPECT_GT(all.accepted, 5);
    EXPECT_GT(all.deferred, 50);
    EXPECT_GT(all.refused, 5);
}

TEST(UnansweredInbound, a_silent_directory_defers_all_that_hangs_on_it) {
    const Directory directory;
    for (const Sample& sample : samples()) {
        const Tally one = judge_with(sample, directory, [](const Key&) { return true; });
        EXPECT_EQ(one.accepted, 0) << sample.what;
        const bool is_certain = sample.what == "too complex" || sample.what == "from a blocked client";
        // Recipients come before the message, the client before them.
        EXPECT_EQ(one.refused, sample.what == "from a blocked client" ? 1 : 0) << sample.what << is_certain;
    }
}

TEST(UnansweredInbound, says_so_and_keeps_nothing_of_what_it_would_have_been) {
    const Directory directory;
    const Rules rules = inbound_rules();
    const Incoming incoming = strange_mail("jane@contoso.com").policy("contoso.com", "v=DMARC1; p=reject");
    const evidence::Evidence evidence = evidence_of(incoming, rules);
    const Found found =
        directory.ask(listed(keys_of_inbound(evidence, rules)), [](const Key& key) { return key == Key{KeyKind::domain, "contoso.com"}; });
    const Decision decision = judge_inbound(evidence, index_of(found), rules, {});
    EXPECT_EQ(decision.detail, tenants_unanswered);
    EXPECT_FALSE(decision.inbound->compauth);
    EXPECT_EQ(decision.inbound->action, Action::tempfail);
    EXPECT_EQ(decision.inbound->setting, "");
    EXPECT_TRUE(decision.header_edits.empty());
}

TEST(UnansweredInbound, monitor_lets_it_pass) {
    const Directory directory;
    Rules rules = inbound_rules();
    rules.inbound->mode = tenant::Mode::monitor;
    const evidence::Evidence evidence = evidence_of(strange_mail("jane@contoso.com"), rules);
    const Found found = directory.ask(listed(keys_of_inbound(evidence, rules)), [](const Key&) { return true; });
    const Decision decision = judge_inbound(evidence, index_of(found), rules, {});
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_EQ(decision.judged, Verdict::tempfail);
}

// --- At RCPT --------------------------------------------------------------------------------------------------------------------------

std::string at_rcpt(std::string_view recipient, const std::vector<Key>& silent, RecipientIs is = RecipientIs::not_asked) {
    const Directory directory;
    const Rules rules = inbound_rules();
    const Found found =
        directory.ask(listed(keys_of_recipient(recipient)), [&](const Key& key) { return std::ranges::count(silent, key) > 0; });
    const auto refused = refuse_recipient(evidence_of(strange_mail().message).session, recipient, is, {}, index_of(found), rules);
    return refused ? std::string(name_of(refused->reason)) + ' ' + std::to_string(refused->reply->code) : "passes";
}

TEST(UnansweredInbound, recipients) {
    using enum RecipientIs;
    const Key com{KeyKind::wildcard, "com"}, contoso{KeyKind::domain, "contoso.com"}, sub{KeyKind::domain, "sub.contoso.com"},
        below{KeyKind::wildcard, "contoso.com"};
    EXPECT_EQ(at_rcpt("a@contoso.com", {}), "passes");
    EXPECT_EQ(at_rcpt("a@contoso.com", {}, unknown), "recipient-unknown 550");
    EXPECT_EQ(at_rcpt("a@elsewhere.example", {}), "recipient-foreign 550");
    EXPECT_EQ(at_rcpt("a@contoso.com", {contoso}), "unavailable 451");
    EXPECT_EQ(at_rcpt("a@contoso.com", {contoso, com}), "unavailable 451");
    EXPECT_EQ(at_rcpt("a@elsewhere.example", {{KeyKind::domain, "elsewhere.example"}}), "unavailable 451");
    EXPECT_EQ(at_rcpt("a@elsewhere.example", {{KeyKind::wildcard, "example"}}), "unavailable 451");
    // What a nearer name would have to say.
    EXPECT_EQ(at_rcpt("a@sub.contoso.com", {}), "passes");
    EXPECT_EQ(at_rcpt("a@sub.contoso.com", {sub}), "unavailable 451");
    EXPECT_EQ(at_rcpt("a@sub.contoso.com", {below}, unknown), "unavailable 451");
    // And what a farther one has not.
    EXPECT_EQ(at_rcpt("a@contoso.com", {com}), "passes");
    EXPECT_EQ(at_rcpt("a@contoso.com", {com}, unknown), "recipient-unknown 550");
    EXPECT_EQ(at_rcpt("postmaster", {}), "passes");
}

TEST(UnansweredInbound, one_recipient_that_may_exist_keeps_a_message_from_being_refused_for_good) {
    const Directory directory;
    const Rules rules = inbound_rules();
    Incoming incoming = strange_mail().signed_by("bank.example");
    incoming.recipients = {"nobody@fabrikam.com", "john@contoso.com"};
    incoming.facts.recipients = {RecipientIs::unknown, RecipientIs::unavailable};
    const evidence::Evidence evidence = evidence_of(incoming, rules);
    const Found found = directory.ask(listed(keys_of_inbound(evidence, rules)), [](const Key&) { return false; });
    EXPECT_EQ(judge_inbound(evidence, index_of(found), rules, incoming.facts).reason, Reason::unavailable);
}

TEST(UnansweredInbound, of_a_directory_that_is_away_no_domain_is_foreign_for_good) {
    const Rules rules = inbound_rules();
    Incoming incoming = strange_mail();
    incoming.recipients = {"a@elsewhere.example"};
    const evidence::Evidence evidence = evidence_of(incoming, rules);
    Decision decision = judge_inbound(evidence, &all_customers(), rules, {});
    ASSERT_EQ(decision.reason, Reason::recipient_foreign);
    defer_foreign_recipients(decision, evidence, rules);
    EXPECT_EQ(decision.reason, Reason::unavailable);
    EXPECT_EQ(decision.detail, tenants_stale);
    EXPECT_EQ(decision.reply->code, 451);
    EXPECT_EQ(decision.inbound->action, Action::tempfail);
    Decision other = judged_inbound(strange_mail("jane@contoso.com"));
    const Reason before = other.reason;
    defer_foreign_recipients(other, evidence, rules);
    EXPECT_EQ(other.reason, before);
}

// --- What is asked --------------------------------------------------------------------------------------------------------------------

TEST(UnansweredInbound, a_recipient_is_asked_for_with_what_may_cover_it) {
    const tenant::Keys keys = keys_of_recipient("a@X.sub.contoso.com");
    EXPECT_EQ(keys.domains, std::vector<std::string>{"x.sub.contoso.com"});
    EXPECT_EQ(keys.wildcards, (std::vector<std::string>{"sub.contoso.com", "contoso.com", "com"}));
    EXPECT_TRUE(keys.organizations.empty() && keys.sdids.empty() && keys.tenant_ids.empty());
    for (const std::string_view nobody : {"", "postmaster", "a@", "a@b c", "@", "a@[192.0.2.1]", "contoso.com"})
        EXPECT_EQ(keys_of_recipient(nobody), tenant::Keys()) << nobody;
}

TEST(UnansweredInbound, every_recipient_of_a_message_is_asked_for_and_each_name_once) {
    const Rules rules = inbound_rules();
    Incoming incoming = strange_mail("jane@contoso.com");
    incoming.recipients = {"a@fabrikam.com", "b@fabrikam.com", "c@mail.northwind.com", "postmaster", "d@contoso.com"};
    const evidence::Evidence evidence = evidence_of(incoming, rules);
    const tenant::Keys keys = keys_of_inbound(evidence, rules), without = keys_of(evidence, rules);
    for (const char* name : {"fabrikam.com", "mail.northwind.com", "contoso.com"})
        EXPECT_EQ(std::ranges::count(keys.domains, name), 1) << name;
    for (const char* name : {"northwind.com", "com"}) EXPECT_EQ(std::ranges::count(keys.wildcards, name), 1) << name;
    EXPECT_EQ(std::ranges::count(keys.domains, "postmaster"), 0);
    for (const std::string& name : without.domains)
        EXPECT_EQ(std::ranges::count(keys.domains, name), 1) << "what a relay door asks for: " << name;
    EXPECT_EQ(keys.tenant_ids, without.tenant_ids);
    EXPECT_EQ(keys.organizations, without.organizations);
    EXPECT_EQ(keys.sdids, without.sdids);
}

}  // namespace
}  // namespace exota::decision
