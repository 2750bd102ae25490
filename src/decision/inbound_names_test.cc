#include <gtest/gtest.h>

#include "decision/inbound_facts.h"
#include "decision/inbound_rules.h"

namespace exota::decision {
namespace {

TEST(InboundNames, actions_both_ways) {
    for (std::size_t i = 0; i < action_count; ++i) EXPECT_EQ(action_named(name_of(static_cast<Action>(i))), static_cast<Action>(i));
    for (const char* name : {"", "Reject", "accept", "quarantine"}) EXPECT_FALSE(action_named(name)) << name;
}

TEST(InboundNames, uses_of_eops_results_both_ways) {
    for (const EopUse use : {EopUse::ignore, EopUse::report, EopUse::enforce}) EXPECT_EQ(eop_use_named(name_of(use)), use);
    for (const char* name : {"", "on", "Enforce"}) EXPECT_FALSE(eop_use_named(name)) << name;
}

TEST(InboundNames, of_facts) {
    EXPECT_EQ(name_of(ClientStanding::Is::passes), "passes");
    EXPECT_EQ(name_of(ClientStanding::Is::no_reverse_name), "no-reverse-name");
    EXPECT_EQ(name_of(RecipientIs::not_asked), "not-asked");
    EXPECT_EQ(name_of(RecipientIs::unavailable), "unavailable");
}

}  // namespace
}  // namespace exota::decision
