// Step 3: recipients, each at RCPT, and the message for what is wrong with them.
#include <utility>

#include "decision/inbound_fixture.h"
#include "decision/judge_inbound.h"

namespace exota::decision {
namespace {

using namespace fixture;

const tenant::Index& with_recipients() {
    static const tenant::Index index = index_of(R"({"version": 2, "tenants": {
        "a": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "domains": ["known.example", "*.known.example"],
              "recipients": "authoritative"},
        "b": {"tenant_ids": ["f0000000-0000-4000-8000-00000000000f"], "domains": ["inner.example", "outer.example"],
              "recipients": {"inner.example": "internal-relay"}}}})");
    return index;
}

std::string said_of(std::string_view recipient, RecipientIs known, RecipientCounts before = {}, const Rules& rules = inbound_rules(),
                    const tenant::Index* tenants = &with_recipients(), std::string_view client = "198.51.100.7") {
    Incoming incoming = strange_mail();
    incoming.message.client = client;
    const auto refused = refuse_recipient(evidence_of(incoming.message).session, recipient, known, before, tenants, rules);
    if (!refused) return "passes";
    EXPECT_EQ(refused->reply.has_value(), refused->verdict != Verdict::accept);
    return std::string(name_of(refused->reason)) + ' ' + (refused->reply ? refused->reply->line() : "passes");
}

TEST(InboundRecipients, recipients) {
    using enum RecipientIs;
    const std::string_view unknown_reply = "recipient-unknown 550 5.1.1 Recipient address rejected: no such recipient";
    const std::string_view foreign_reply = "recipient-foreign 550 5.7.1 Recipient address rejected: not one of our domains";
    EXPECT_EQ(said_of("a@known.example", known), "passes");
    EXPECT_EQ(said_of("a@known.example", not_asked), "passes");
    EXPECT_EQ(said_of("a@Known.Example", unknown), unknown_reply);
    EXPECT_EQ(said_of("a@sub.known.example", unknown), unknown_reply);
    EXPECT_EQ(said_of("\"a@b\"@known.example", unknown), unknown_reply);
    EXPECT_EQ(said_of("a@inner.example", unknown), "passes") << "others exist elsewhere";
    EXPECT_EQ(said_of("a@outer.example", unknown), "passes");
    EXPECT_EQ(said_of("a@outer.example", unavailable), "passes") << "nobody need be asked";
    for (const std::string_view postmaster : {"postmaster", "Postmaster"}) EXPECT_EQ(said_of(postmaster, not_asked), "passes");
    for (const std::string_view foreign : {"a@elsewhere.example", "a", "", "a@", "@", "known.example", "a@b@c d"})
        EXPECT_EQ(said_of(foreign, known), foreign_reply) << foreign;
    EXPECT_TRUE(said_of("a@known.example", unavailable).starts_with("unavailable 451 4.7.1 "));
    EXPECT_TRUE(said_of("a@known.example", known, {}, inbound_rules(), nullptr).starts_with("unavailable 451 4.7.1 "));
    Rules as_eop = inbound_rules();
    as_eop.inbound->unknown_reply = "5.4.1";
    EXPECT_EQ(said_of("a@known.example", unknown, {}, as_eop), "recipient-unknown 550 5.4.1 Recipient address rejected: Access denied");
}

TEST(InboundRecipients, unknown_recipients_on_both_sides_of_the_limit) {
    using enum RecipientIs;
    const std::uint32_t most = InboundRules().max_unknown;
    EXPECT_TRUE(said_of("a@known.example", unknown, {.unknown = most - 1}).starts_with("recipient-unknown 550"));
    EXPECT_EQ(said_of("a@known.example", unknown, {.unknown = most}), "too-many-unknown 421 4.7.0 Too many unknown recipients");
    EXPECT_TRUE(said_of("a@known.example", unknown, {.unknown = most, .accepted = 1}).starts_with("recipient-unknown 550"));
    EXPECT_EQ(said_of("a@known.example", known, {.unknown = most}), "passes");
    for (const std::string_view trusted : {"40.107.22.5"})
        EXPECT_TRUE(said_of("a@known.example", unknown, {.unknown = most}, inbound_rules(), &with_recipients(), trusted)
                        .starts_with("recipient-unknown 550"))
            << "never for Exchange Online";
}

TEST(InboundRecipients, a_message_is_refused_for_its_recipients_where_each_is) {
    const auto reason_for = [](std::vector<std::string> recipients, std::vector<RecipientIs> known) {
        Incoming incoming = strange_mail().signed_by("bank.example").policy("bank.example", "v=DMARC1; p=reject");
        incoming.recipients = std::move(recipients);
        incoming.facts.recipients = std::move(known);
        return judged_inbound(incoming, inbound_rules(), &with_recipients()).reason;
    };
    using enum RecipientIs;
    EXPECT_EQ(reason_for({"a@known.example"}, {unknown}), Reason::recipient_unknown);
    EXPECT_EQ(reason_for({"a@known.example", "b@known.example"}, {unknown, known}), Reason::passed);
    EXPECT_EQ(reason_for({"a@elsewhere.example", "b@known.example"}, {not_asked, unknown}), Reason::recipient_foreign);
    EXPECT_EQ(reason_for({"a@known.example"}, {}), Reason::passed);
    EXPECT_EQ(reason_for({"a@known.example"}, {unavailable}), Reason::unavailable);
    EXPECT_EQ(reason_for({}, {}), Reason::passed);
}

TEST(InboundRecipients, a_message_is_held_for_one_where_the_mode_lets_it_through_to_be_held) {
    using enum RecipientIs;
    const struct {
        std::vector<std::string> recipients;
        std::vector<RecipientIs> known;
        Reason held_for, elsewhere;
    } cases[] = {
        {{"a@known.example", "b@known.example"}, {known, unknown}, Reason::recipient_unknown, Reason::passed},
        {{"a@known.example", "b@known.example"}, {unknown, known}, Reason::recipient_unknown, Reason::passed},
        {{"a@known.example", "b@elsewhere.example"}, {known, not_asked}, Reason::recipient_foreign, Reason::passed},
        {{"a@known.example", "b@known.example"}, {known, unavailable}, Reason::unavailable, Reason::passed},
        {{"a@known.example", "b@known.example"}, {unavailable, unknown}, Reason::recipient_unknown, Reason::unavailable},
        {{"a@elsewhere.example", "b@known.example"}, {not_asked, unknown}, Reason::recipient_foreign, Reason::recipient_foreign},
        {{"a@known.example", "b@known.example"}, {known, known}, Reason::passed, Reason::passed},
        {{}, {}, Reason::passed, Reason::passed},
    };
    for (const auto& c : cases)
        for (const tenant::Mode mode : {tenant::Mode::enforce, tenant::Mode::defer, tenant::Mode::quarantine, tenant::Mode::monitor})
            for (const bool forced : {false, true}) {
                Rules rules = inbound_rules();
                rules.inbound->mode = mode;
                rules.force_monitor = forced;
                Incoming incoming = strange_mail().signed_by("bank.example").policy("bank.example", "v=DMARC1; p=reject");
                incoming.recipients = c.recipients;
                incoming.facts.recipients = c.known;
                const Decision decision = judged_inbound(incoming, rules, &with_recipients());
                const bool holds = mode == tenant::Mode::quarantine && !forced;
                SCOPED_TRACE(::testing::Message() << tenant::name_of(mode) << forced << &c - cases);
                EXPECT_EQ(decision.reason, holds ? c.held_for : c.elsewhere);
                EXPECT_EQ(decision.quarantine, holds && c.held_for != Reason::passed);
                evidence::Evidence evidence = evidence_of(incoming, rules);
                evidence.verification = {};
                EXPECT_EQ(wanted_inbound(evidence, &with_recipients(), rules, incoming.facts).any(), decision.reason == Reason::passed);
            }
}

TEST(InboundRecipients, of_more_than_are_kept_those_that_are_kept_are_judged) {
    for (const auto& [mode, want] :
         {std::pair(tenant::Mode::quarantine, Reason::recipient_foreign), std::pair(tenant::Mode::monitor, Reason::passed)}) {
        Rules rules = inbound_rules();
        rules.inbound->mode = mode;
        Incoming incoming = strange_mail().signed_by("bank.example").policy("bank.example", "v=DMARC1; p=reject");
        incoming.recipients.assign(evidence::max_recipients_kept, "a@elsewhere.example");
        evidence::Evidence evidence = evidence_of(incoming, rules);
        ++evidence.envelope.recipient_count;
        EXPECT_EQ(judge_inbound(evidence, &with_recipients(), rules, incoming.facts).reason, want) << tenant::name_of(mode);
    }
}

TEST(InboundRecipients, are_let_through_where_the_message_can_still_tell_of_them_and_told_of) {
    for (const auto& [mode, verdict] :
         {std::pair(tenant::Mode::enforce, Verdict::reject), std::pair(tenant::Mode::defer, Verdict::tempfail),
          std::pair(tenant::Mode::quarantine, Verdict::accept), std::pair(tenant::Mode::monitor, Verdict::accept)}) {
        Rules rules = inbound_rules();
        rules.inbound->mode = mode;
        const evidence::Session session = evidence_of(strange_mail().message).session;
        const auto refused = refuse_recipient(session, "a@elsewhere.example", RecipientIs::not_asked, {}, &with_recipients(), rules);
        ASSERT_TRUE(refused) << tenant::name_of(mode);
        EXPECT_EQ(refused->verdict, verdict) << tenant::name_of(mode);
        EXPECT_EQ(refused->judged, Verdict::reject);
        EXPECT_EQ(refused->reason, Reason::recipient_foreign);
        EXPECT_EQ(said_of("a@known.example", RecipientIs::known, {}, rules), "passes");
    }
}

}  // namespace
}  // namespace exota::decision
