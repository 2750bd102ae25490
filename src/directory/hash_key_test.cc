#include "directory/hash_key.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

TEST(RandomHashKey, is_another_each_time) {
    const auto one = random_hash_key(), two = random_hash_key();
    ASSERT_TRUE(one && two);
    EXPECT_FALSE(*one == *two);
    EXPECT_FALSE(*one == base::HashKey());
    EXPECT_NE(base::hash_of("example.com", *one), base::hash_of("example.com", *two));
}

}  // namespace
}  // namespace exota::directory
