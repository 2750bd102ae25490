#include "app/transaction_ids.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace exota::app {
namespace {

TEST(TransactionIds, AreLettersAndDigitsAndNeverTwice) {
    TransactionIds one, other;
    std::set<std::string> seen;
    for (int i = 0; i < 2000; ++i)
        for (TransactionIds* ids : {&one, &other}) {
            const std::string id = ids->next();
            EXPECT_EQ(id.size(), 16U);
            EXPECT_TRUE(std::ranges::all_of(id, base::is_alnum)) << id;
            EXPECT_TRUE(seen.insert(id).second) << id;
        }
}

}  // namespace
}  // namespace exota::app
