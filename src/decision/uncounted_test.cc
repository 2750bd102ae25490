// What becomes of an authorised message that nobody can count.
#include "decision/decide.h"
#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

TEST(Uncounted, is_deferred_and_softened_like_anything_else) {
    struct Case {
        tenant::Mode mode;
        Verdict verdict;
    };
    const evidence::Evidence honest = evidence_of(honest_mail());
    for (const Case& c : {Case{tenant::Mode::enforce, Verdict::tempfail}, Case{tenant::Mode::defer, Verdict::tempfail},
                          Case{tenant::Mode::monitor, Verdict::accept}}) {
        Rules rules = strict_rules();
        Decision decision = decide(honest, &all_customers(), rules);
        ASSERT_EQ(decision.reason, Reason::authorised);
        decision.mode = c.mode;
        defer_uncounted(decision, honest, rules);
        EXPECT_EQ(decision.verdict, c.verdict);
        EXPECT_EQ(decision.judged, Verdict::tempfail);
        EXPECT_EQ(decision.reason, Reason::unavailable);
        EXPECT_EQ(decision.detail, limits_unknown);
        EXPECT_EQ(decision.why, "unavailable: the limits of the tenant could not be counted, try again later (contoso.com)");
        EXPECT_FALSE(decision.proof);
        EXPECT_EQ(decision.tenant_name, "contoso");
        EXPECT_EQ(decision.reply.has_value(), c.verdict != Verdict::accept);
    }
}

}  // namespace
}  // namespace exota::decision
