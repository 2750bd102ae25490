#include "config/public_suffixes.h"

#include <gtest/gtest.h>

namespace exota::config {
namespace {

TEST(PublicSuffixesOfTheSystem, are_read_anew_or_once) {
    const auto first = latest_public_suffixes(), second = latest_public_suffixes();
    EXPECT_NE(first, second);
    for (const auto& list : {first, second, process_public_suffixes()}) {
        ASSERT_NE(list, nullptr);
        EXPECT_EQ(list->registrable_domain("a.b.co.uk"), "b.co.uk");
    }
    EXPECT_EQ(process_public_suffixes(), process_public_suffixes());
}

TEST(PublicSuffixesOfTheSystem, tell_a_public_suffix) {
    EXPECT_TRUE(is_public_suffix("com"));
    EXPECT_TRUE(is_public_suffix("co.uk"));
    EXPECT_FALSE(is_public_suffix("contoso.com"));
}

}  // namespace
}  // namespace exota::config
