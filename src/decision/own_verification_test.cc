// What ARC's and DMARC's words are worth here: a row for each.
#include "decision/own_verification.h"

#include <gtest/gtest.h>

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using authn::ArcResult;
using authn::DmarcValue;
using authn::IdentifierResult;
using evidence::ArcValue;
using Dkim = evidence::DkimResult;

TEST(OwnVerification, a_chain_counts_only_if_its_newest_signature_leaves_no_room) {
    struct Case {
        std::string_view name;
        ArcResult value;
        bool counts, pending;
        ArcValue want;
    };
    for (const Case& c :
         {Case{"covers all", ArcResult::pass, true, false, ArcValue::pass},
          Case{"leaves room", ArcResult::pass, false, false, ArcValue::fail}, Case{"broken", ArcResult::fail, false, false, ArcValue::fail},
          Case{"none", ArcResult::none, false, false, ArcValue::none},
          Case{"no answer", ArcResult::temperror, false, false, ArcValue::temperror},
          Case{"waits", ArcResult::none, false, true, ArcValue::temperror}}) {
        authn::ArcOutcome outcome;
        outcome.value = c.value;
        outcome.counts = c.counts;
        outcome.pending = c.pending;
        outcome.reason = "as it was";
        outcome.instances.emplace_back();
        outcome.instances.back().instance = 1;
        outcome.instances.back().sealer = "sealer.example";
        outcome.instances.back().authentication_results = "mx.sealer.example; dkim=pass";
        const evidence::ArcVerification arc = meaning_of(outcome);
        EXPECT_EQ(arc.value, c.want) << c.name;
        EXPECT_EQ(arc.detail == "as it was", c.value != ArcResult::pass || c.counts) << c.name;
        ASSERT_EQ(arc.instances.size(), 1U);
        EXPECT_EQ(arc.instances[0].instance, 1U);
        EXPECT_EQ(arc.instances[0].sealer, "sealer.example");
        EXPECT_EQ(arc.instances[0].authentication_results, "mx.sealer.example; dkim=pass");
    }
}

TEST(OwnVerification, dmarc_is_asked_with_what_may_authorise) {
    const mail::Domain author = fixture::domain("contoso.com");
    struct Case {
        std::string_view name;
        Dkim::Value value;
        bool counts;
        std::string_view sdid;  // empty: nobody's
        std::string domain;
        IdentifierResult want;
    };
    for (const Case& c : {Case{"passes", Dkim::Value::pass, true, "a.example", "a.example", IdentifierResult::pass},
                          Case{"passes, but must not count", Dkim::Value::pass, false, "a.example", "a.example", IdentifierResult::other},
                          Case{"passes for nobody", Dkim::Value::pass, true, "", "contoso.com", IdentifierResult::other},
                          Case{"fails", Dkim::Value::fail, true, "a.example", "a.example", IdentifierResult::other},
                          Case{"not known", Dkim::Value::temperror, true, "a.example", "a.example", IdentifierResult::temperror},
                          Case{"not known whose", Dkim::Value::temperror, false, "", "contoso.com", IdentifierResult::temperror}}) {
        evidence::Verification verified;
        Dkim result = fixture::dkim_result(c.sdid, c.value);
        result.counts = c.counts;
        verified.dkim.emplace().push_back(result);
        const authn::DmarcQuery query = dmarc_query(author, verified, {});
        EXPECT_EQ(query.author_domain, "contoso.com");
        EXPECT_TRUE(query.spf.domain.empty());
        ASSERT_EQ(query.dkim.size(), 1U) << c.name;
        EXPECT_EQ(query.dkim[0].domain, c.domain) << c.name;
        EXPECT_EQ(query.dkim[0].result, c.want) << c.name;
    }
    using evidence::SpfValue;
    for (const auto& [value, want] :
         {std::pair(SpfValue::pass, IdentifierResult::pass), std::pair(SpfValue::temperror, IdentifierResult::temperror),
          std::pair(SpfValue::softfail, IdentifierResult::other), std::pair(SpfValue::none, IdentifierResult::other)}) {
        evidence::Verification verified;
        verified.spf.emplace().value = value;
        EXPECT_TRUE(dmarc_query(author, verified, {}).spf.domain.empty()) << "of no domain";
        verified.spf->domain = fixture::domain("b.example");
        const authn::DmarcQuery query = dmarc_query(author, verified, {});
        EXPECT_EQ(query.spf.domain, "b.example");
        EXPECT_EQ(query.spf.result, want);
        EXPECT_TRUE(query.dkim.empty());
    }
}

TEST(OwnVerification, a_pass_by_spf_is_open_while_a_signature_could_not_be_checked) {
    struct Case {
        std::string_view name;
        DmarcValue value;
        bool pending, doubtful, body_came;
        evidence::DmarcValue want;
        std::string_view detail;
    };
    using Is = evidence::DmarcValue;
    constexpr std::string_view by_spf = "passes by SPF, and an aligned signature could not be checked";
    for (const Case& c : {Case{"pass", DmarcValue::pass, false, false, true, Is::pass, "d"},
                          Case{"pass, doubtful", DmarcValue::pass, false, true, true, Is::temperror, by_spf},
                          Case{"pass, doubtful for want of a body", DmarcValue::pass, false, true, false, Is::temperror,
                               evidence::connection_without_bodies},
                          Case{"no record", DmarcValue::none, false, false, true, Is::none, "d"},
                          Case{"no record, doubtful", DmarcValue::none, false, true, true, Is::temperror,
                               "no DMARC record, and an aligned signature could not be checked"},
                          Case{"fail", DmarcValue::fail, false, false, true, Is::fail, "d"},
                          Case{"fail without a body", DmarcValue::fail, false, false, false, Is::fail, "d"},
                          Case{"temperror", DmarcValue::temperror, false, false, true, Is::temperror, "d"},
                          Case{"temperror for want of a body", DmarcValue::temperror, false, false, false, Is::temperror,
                               evidence::connection_without_bodies},
                          Case{"waits", DmarcValue::pass, true, false, false, Is::temperror, "d"}}) {
        authn::DmarcResult result;
        result.value = c.value;
        result.pending = c.pending;
        result.doubtful_dkim = c.doubtful;
        result.aligned_spf = true;
        result.detail = "d";
        const evidence::DmarcVerification dmarc = meaning_of(result, {.body_came = c.body_came});
        EXPECT_EQ(dmarc.value, c.want) << c.name;
        EXPECT_EQ(dmarc.detail, c.detail) << c.name;
        EXPECT_TRUE(dmarc.aligned_spf);
        EXPECT_FALSE(dmarc.aligned_dkim);
    }
}

TEST(OwnVerification, with_something_open_only_a_pass_is_certain) {
    for (const auto& [value, pending, more_pending, want] :
         {std::tuple(DmarcValue::pass, false, false, true), std::tuple(DmarcValue::pass, false, true, true),
          std::tuple(DmarcValue::pass, true, true, false), std::tuple(DmarcValue::fail, false, false, true),
          std::tuple(DmarcValue::fail, false, true, false), std::tuple(DmarcValue::temperror, false, true, false)}) {
        authn::DmarcResult result;
        result.value = value;
        result.pending = pending;
        EXPECT_EQ(is_certain(result, more_pending), want);
    }
}

}  // namespace
}  // namespace exota::decision
