#include "mail/unfold.h"

#include <gtest/gtest.h>

namespace exota::mail {
namespace {

TEST(Unfold, line_ends_that_fold_are_taken_out) {
    struct Case {
        std::string_view value, want;
    };
    const Case cases[] = {
        {"", ""},
        {"a b", "a b"},
        {"a\r\n b", "a b"},
        {"a\n\tb", "a\tb"},
        {"\r\n a", " a"},
        {"\n a\r\n  b\n c", " a  b c"},
        {"a\r\nb", "a\r\nb"},  // folds nothing
        {"a\nb", "a\nb"},
        {"a\r b", "a\r b"},
        {"a\r\n", "a\r\n"},
        {"a\r\r\n b", "a\r b"},
    };
    for (const Case& c : cases) EXPECT_EQ(unfold(c.value), c.want) << c.value;
}

}  // namespace
}  // namespace exota::mail
