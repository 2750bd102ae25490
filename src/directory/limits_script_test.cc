// What is said to the store and heard of it. That the script counts right: app/limits_rule_test.cc.
#include "directory/limits_script.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Is = RedisReply::Is;
using tenant::LimitUnit;

const MessageToCount message{
    .tenant_name = "contoso",
    .limits = {{1000, LimitUnit::messages, 3600s}, {50, LimitUnit::recipients, 60s}, {2000, LimitUnit::messages, 3600s}},
    .recipients = 7};

std::string joined(const std::vector<std::string>& words, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < words.size(); ++i) text += (text.empty() ? "" : " ") + words[i];
    return text;
}

TEST(LimitsScript, a_command_has_a_key_for_each_kind_of_limit) {
    const auto by_name = limits_command("exota:", message, Script::by_name), whole = limits_command("x:", message, Script::whole);
    EXPECT_EQ(joined(by_name, 2), "2 exota:{contoso}:messages:3600 exota:{contoso}:recipients:60 3 3600 1 60 7 1 1000 2 50 1 2000");
    EXPECT_EQ(by_name[0], "EVALSHA");
    EXPECT_EQ(by_name[1].size(), 40U);
    EXPECT_EQ(by_name[1].find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(whole[0], "EVAL");
    EXPECT_EQ(whole[1], limits_script());
    EXPECT_EQ(whole[3], "x:{contoso}:messages:3600");
}

TEST(LimitsScript, names_of_tenants_cannot_leave_their_tag) {
    EXPECT_EQ(hash_tag("a"), "{a}");
    EXPECT_EQ(hash_tag("a}:messages:3600{"), "{a%7D:messages:3600%7B}");
    EXPECT_EQ(hash_tag("a%7D"), "{a%257D}") << "no two names have one tag";
}

RedisReply integers(std::initializer_list<std::int64_t> values) {
    RedisReply reply{.is = Is::array};
    for (const std::int64_t value : values) reply.elements.push_back({.is = Is::integer, .integer = value});
    return reply;
}

TEST(LimitsScript, answers) {
    EXPECT_EQ(*read_count(integers({0, 0, 0}), message), StoreCount{});
    EXPECT_EQ(*read_count(integers({0, 0, 3}), message), (StoreCount{.exceeded = {}, .again = {}, .near = 2}));
    EXPECT_EQ(*read_count(integers({2, 17, 0}), message), (StoreCount{.exceeded = 1, .again = 17s, .near = {}}));
    EXPECT_EQ(*read_count(integers({1, 0, 0}), message), (StoreCount{.exceeded = 0, .again = 1s, .near = {}}));
    RedisReply with_text = integers({0, 0});
    with_text.elements.push_back({.is = Is::text, .text = "0"});
    for (const RedisReply& none :
         {integers({}), integers({0, 0}), integers({0, 0, 0, 0}), integers({4, 0, 0}), integers({-1, 0, 0}), integers({0, 0, 4}),
          integers({0, 0, -1}), integers({1, -2, 0}), integers({1, -1, 0}), integers({1, INT64_MAX, 0}), with_text, RedisReply{},
          RedisReply{.is = Is::status, .text = "OK"}, RedisReply{.is = Is::integer, .integer = 0}}) {
        const auto count = read_count(none, message);
        ASSERT_FALSE(count);
        EXPECT_EQ(count.error().code, base::Errc::protocol);
    }
    MessageToCount large = message;
    large.recipients = 50;
    EXPECT_FALSE(read_count(integers({2, -1, 0}), large)) << "as many as the limit of recipients: later";
    large.recipients = 51;
    EXPECT_EQ(*read_count(integers({2, -1, 0}), large), (StoreCount{.exceeded = 1, .again = {}, .near = {}}));
    const auto error = read_count({.is = Is::error, .text = "READONLY You can't write"}, message);
    ASSERT_FALSE(error);
    EXPECT_EQ(error.error(), (base::Error{base::Errc::invalid_data, "READONLY You can't write"}));
}

}  // namespace
}  // namespace exota::directory
