#include "mail/single_field.h"

#include <gtest/gtest.h>

#include <vector>

namespace exota::mail {
namespace {

TEST(SingleField, which_repetitions_leave_something_unsigned) {
    struct Case {
        const char* name;
        std::vector<std::uint32_t> values;  // from the top
        std::size_t covered;
        bool want;
    };
    const Case cases[] = {
        {"none", {}, 0, false},
        {"one_unsigned", {0}, 0, false},
        {"equal_unsigned", {0, 0}, 0, false},
        {"equal_signed_once", {0, 0}, 1, false},
        {"two_unsigned", {0, 1}, 0, true},
        {"upper_unsigned", {0, 1}, 1, true},
        {"both_signed", {0, 1}, 2, false},
        {"oversigned", {0, 1}, 3, false},
        {"upper_repeats_the_signed_one", {1, 0, 1}, 2, false},
        {"as_many_values_as_names_but_the_top_one_is_not_signed", {0, 1, 1}, 2, true},
        {"middle_unsigned", {1, 0, 1}, 1, true},
    };
    for (const Case& c : cases) EXPECT_EQ(leaves_a_value_unsigned(c.values, c.covered), c.want) << c.name;
}

}  // namespace
}  // namespace exota::mail
