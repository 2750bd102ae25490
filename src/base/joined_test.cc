#include "base/joined.h"

#include <gtest/gtest.h>

#include <vector>

namespace exota::base {
namespace {

TEST(Joined, puts_something_between_two) {
    const struct {
        std::vector<std::string> words;
        std::string_view between, want;
    } cases[] = {
        {{}, ", ", ""}, {{"a"}, ", ", "a"}, {{"a", "b", "c"}, ", ", "a, b, c"}, {{"a", "b"}, " or ", "a or b"}, {{"", "", "c"}, ",", ",,c"},
    };
    for (const auto& c : cases) EXPECT_EQ(joined(c.words, c.between), c.want);
    EXPECT_EQ(joined(cases[2].words), "a, b, c");
}

TEST(Joined, takes_the_text_of_an_element) {
    struct Named {
        std::string name;
    };
    const std::vector<Named> both{{"a"}, {"b"}};
    EXPECT_EQ(joined(both, " ", &Named::name), "a b");
    EXPECT_EQ(joined(both, " ", [](const Named& one) { return '<' + one.name + '>'; }), "<a> <b>");
    EXPECT_EQ(joined(both | std::views::take(1), " ", &Named::name), "a");
}

}  // namespace
}  // namespace exota::base
