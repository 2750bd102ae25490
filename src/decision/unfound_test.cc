// What becomes of a message whose tenant is found nowhere while the source of the tenants is stale.
#include "decision/decide.h"
#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

TEST(Unfound, is_deferred_and_softened_like_anything_else) {
    for (const auto& [mode, verdict] : {std::pair{tenant::Mode::enforce, Verdict::tempfail}, {tenant::Mode::monitor, Verdict::accept}}) {
        const evidence::Evidence nobody = evidence_of(honest_mail().without("From").with("From: j@nobody.example"));
        Rules rules = strict_rules();
        rules.mode = mode;
        const tenant::Index no_tenants;
        Decision decision = decide(nobody, &no_tenants, rules);
        ASSERT_EQ(decision.reason, Reason::no_policy);
        defer_unfound(decision, nobody, rules);
        EXPECT_EQ(decision.verdict, verdict);
        EXPECT_EQ(decision.judged, Verdict::tempfail);
        EXPECT_EQ(decision.reason, Reason::unavailable);
        EXPECT_EQ(decision.detail, tenants_stale);
        EXPECT_EQ(decision.why,
                  "unavailable: no tenant is known, and new ones cannot be looked up at the moment, try again later (nobody.example)");
    }
}

TEST(Unfound, leaves_any_other_decision_alone) {
    const evidence::Evidence honest = evidence_of(honest_mail());
    const Rules rules = strict_rules();
    Decision decision = decide(honest, &all_customers(), rules);
    ASSERT_EQ(decision.reason, Reason::authorised);
    const std::string why = decision.why;
    defer_unfound(decision, honest, rules);
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_EQ(decision.detail, "");
    EXPECT_EQ(decision.why, why);
}

}  // namespace
}  // namespace exota::decision
