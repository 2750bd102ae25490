#include "tenant/found.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace exota::tenant {
namespace {

TEST(Found, has_three_answers) {
    const Found<std::string> there("contoso"), absent(Found<std::string>::none), not_asked(Found<std::string>::unknown);
    EXPECT_TRUE(there.is(there.yes) && absent.is(absent.none) && not_asked.is(not_asked.unknown));
    EXPECT_EQ(*there, "contoso");
    EXPECT_EQ(there->size(), 7U);
    EXPECT_EQ(there, Found<std::string>("contoso"));
    EXPECT_NE(there, Found<std::string>(""));
    EXPECT_NE(Found<std::string>(""), absent) << "an empty value is one";
    EXPECT_NE(absent, not_asked);
}

TEST(Found, gives_its_value_away) {
    Found<std::unique_ptr<int>> there(std::make_unique<int>(3));
    EXPECT_EQ(*(*std::move(there)), 3);
}

}  // namespace
}  // namespace exota::tenant
