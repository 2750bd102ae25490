#include "base/counted.h"

#include <gtest/gtest.h>

namespace exota::base {
namespace {

TEST(Counted, SaysOneThingOfOneThing) {
    EXPECT_EQ(counted(0, "tenant"), "0 tenants");
    EXPECT_EQ(counted(1, "tenant"), "1 tenant");
    EXPECT_EQ(counted(2, "tenant"), "2 tenants");
}

}  // namespace
}  // namespace exota::base
