#include "gate/gateway_session.h"

#include <gtest/gtest.h>

#include <set>

namespace exota::gate {
namespace {

TEST(GatewaySession, each_failure_of_a_backend_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < backend_failure_count; ++i) names.insert(name_of(static_cast<BackendFailure>(i)));
    EXPECT_EQ(names.size(), backend_failure_count);
    EXPECT_TRUE(names.contains("xclient-missing"));
    EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace exota::gate
