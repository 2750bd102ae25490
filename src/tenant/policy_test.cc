#include "tenant/policy.h"

#include <gtest/gtest.h>

namespace exota::tenant {
namespace {

TEST(Mode, names_both_ways) {
    for (const Mode mode : {Mode::enforce, Mode::defer, Mode::quarantine, Mode::monitor}) EXPECT_EQ(mode_named(name_of(mode)), mode);
    for (const char* name : {"", "Enforce", "none", "monitor "}) EXPECT_FALSE(mode_named(name)) << name;
}

TEST(Limit, reads_and_prints) {
    struct Case {
        std::string_view text;
        Limit want;
        std::string_view printed;
    };
    const Case cases[] = {
        {"1000 messages / hour", {1000, LimitUnit::messages, std::chrono::hours(1)}, "1000 messages / hour"},
        {" 5000 recipients/day ", {5000, LimitUnit::recipients, std::chrono::hours(24)}, "5000 recipients / day"},
        {"1 messages/second", {1, LimitUnit::messages, std::chrono::seconds(1)}, "1 messages / second"},
        {"1000000000000 recipients / minute",
         {1'000'000'000'000, LimitUnit::recipients, std::chrono::minutes(1)},
         "1000000000000 recipients / minute"},
    };
    for (const Case& c : cases) {
        const auto limit = Limit::parse(c.text);
        ASSERT_TRUE(limit) << c.text;
        EXPECT_EQ(*limit, c.want) << c.text;
        EXPECT_EQ(limit->text(), c.printed);
    }
}

TEST(Limit, refuses_what_is_none) {
    for (const char* text : {"", "messages / hour", "-1 messages / hour", "0 messages / hour", "1000000000001 messages / hour",
                             "99999999999999999999 messages / hour", "10 messages", "10 mails / hour", "10 messages / week",
                             "10 messages / hour / day", "1.5 messages / hour", "10 messages per hour"}) {
        const auto limit = Limit::parse(text);
        ASSERT_FALSE(limit) << text;
        EXPECT_EQ(limit.error().code, base::Errc::invalid_data);
    }
}

}  // namespace
}  // namespace exota::tenant
