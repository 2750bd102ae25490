// Every policy × of the domain itself or of one below × t × exception × action, as the table of docs/inbound.md says, written down here a
// second time.
#include <gtest/gtest.h>

#include "decision/author_step.h"
#include "decision/inbound_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

enum class Author : std::uint8_t { of_policy, below, not_there };  // p, sp, np
constexpr std::array authors{Author::of_policy, Author::below, Author::not_there};
constexpr std::array<std::string_view, 3> policies{"none", "quarantine", "reject"};
constexpr std::array exceptions{Exception::none, Exception::arc, Exception::forwarder, Exception::domain};

struct Judged {
    std::string_view policy;
    Author author;
    bool testing, own;
    Exception exception;
    Action on_reject, on_quarantine;
};

std::string described(const Judged& judged) {
    constexpr std::array<std::string_view, 3> tags{"p=", "sp=", "np="};
    return std::string(tags[static_cast<std::size_t>(judged.author)]) + std::string(judged.policy) + (judged.testing ? " t=y" : "") +
           (judged.own ? " own" : "") + " exception " + std::string(name_of(judged.exception)) + " on_reject " +
           std::string(name_of(judged.on_reject)) + " on_quarantine " + std::string(name_of(judged.on_quarantine));
}

Incoming message_of(const Judged& judged) {
    const std::string organization = judged.own ? "contoso.com" : "bank.example";
    const std::string author_domain = judged.author == Author::of_policy ? organization : "payroll." + organization;
    Incoming incoming = strange_mail("boss@" + author_domain);
    // The two tags that are not asked say the opposite.
    const std::string other = judged.policy == "none" ? "reject" : "none";
    const auto tag = [&](Author author) { return judged.author == author ? std::string(judged.policy) : other; };
    incoming.policy(organization, "v=DMARC1; p=" + tag(Author::of_policy) + "; sp=" + tag(Author::below) +
                                      "; np=" + tag(Author::not_there) + (judged.testing ? "; t=y" : ""));
    if (judged.author == Author::not_there) incoming.published.missing.insert(author_domain);
    if (judged.exception == Exception::forwarder) incoming.signed_by("forwarder.example");
    if (judged.exception == Exception::arc)
        incoming.message.verification.arc =
            evidence::ArcVerification{.value = evidence::ArcValue::pass,
                                      .instances = {{1, "sealer.example", "x; dmarc=pass header.from=" + author_domain}},
                                      .detail = {}};
    return incoming;
}

Rules rules_of(const Judged& judged) {
    Rules rules = inbound_rules();
    rules.inbound->on_reject = judged.on_reject;
    rules.inbound->on_quarantine = judged.on_quarantine;
    rules.inbound->trusted_forwarders.signers = {"forwarder.example"};
    rules.arc_trusted_sealers = {"sealer.example"};
    if (judged.exception == Exception::domain)
        for (const char* name : {"bank.example", "payroll.bank.example", "contoso.com", "payroll.contoso.com"})
            rules.inbound->domains[name] = Action::none;
    return rules;
}

/// By the book: the action, and composite authentication.
std::pair<Action, std::string_view> by_the_book(const Judged& judged) {
    if (judged.exception == Exception::arc) return {Action::none, "pass 130"};
    if (judged.exception == Exception::forwarder && !judged.own) return {Action::none, "pass 131"};
    if (judged.exception == Exception::domain && !judged.own) return {Action::none, "none 402"};
    // RFC 9989 section 4.7: one step milder.
    const std::string_view enforced = !judged.testing             ? judged.policy
                                      : judged.policy == "reject" ? std::string_view("quarantine")
                                                                  : std::string_view("none");
    if (judged.own) return enforced == "none" ? std::pair(Action::mark, "fail 601") : std::pair(Action::reject, "fail 010");
    if (enforced == "none") return {Action::none, "fail 001"};
    if (enforced == "quarantine") return {judged.on_quarantine, "fail 000"};
    return {judged.on_reject == Action::direct ? Action::reject : judged.on_reject, "fail 000"};
}

TEST(InboundTable, each_judgement_is_that_of_the_book) {
    std::size_t judgements = 0, refused = 0, marked = 0, held = 0, passed = 0;
    for (const std::string_view policy : policies)
        for (const Author author : authors)
            for (const bool testing : {false, true})
                for (const bool own : {false, true})
                    for (const Exception exception : exceptions)
                        for (const auto& [on_reject, on_quarantine] :
                             {std::pair(Action::direct, Action::mark), std::pair(Action::reject, Action::hold),
                              std::pair(Action::mark, Action::none), std::pair(Action::none, Action::mark)}) {
                            const Judged judged{policy, author, testing, own, exception, on_reject, on_quarantine};
                            const Decision decision = judged_inbound(message_of(judged), rules_of(judged));
                            const auto [action, compauth] = by_the_book(judged);
                            EXPECT_EQ(name_of(decision.inbound->action), name_of(action)) << described(judged);
                            EXPECT_EQ(compauth_text(decision), compauth) << described(judged);
                            EXPECT_EQ(decision.verdict, action == Action::reject ? Verdict::reject : Verdict::accept) << described(judged);
                            EXPECT_EQ(decision.reason == Reason::passed, action == Action::none) << described(judged);
                            if (own && decision.reason == Reason::passed) EXPECT_EQ(exception, Exception::arc) << described(judged);
                            ++judgements;
                            refused += action == Action::reject;
                            marked += decision.inbound->marked;
                            held += decision.quarantine;
                            passed += action == Action::none;
                        }
    EXPECT_EQ(judgements, 3U * 3 * 2 * 2 * 4 * 4);
    for (const std::size_t count : {refused, marked, held, passed}) EXPECT_GT(count, 0U);
}

}  // namespace
}  // namespace exota::decision
