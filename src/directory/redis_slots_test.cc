// Slots of a Redis Cluster: whose they are by CLUSTER SLOTS, MOVED and ASK, and every way in which such an answer can be none.
#include "directory/redis_slots.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

using Is = RedisReply::Is;

RedisReply integer(std::int64_t value) { return {.is = Is::integer, .integer = value}; }
RedisReply text(std::string value) { return {.is = Is::text, .text = std::move(value)}; }
RedisReply array(std::vector<RedisReply> elements) { return {.is = Is::array, .elements = std::move(elements)}; }
RedisReply error(std::string value) { return {.is = Is::error, .text = std::move(value)}; }
RedisReply range(std::int64_t first, std::int64_t last, RedisReply host, std::int64_t port = 6379) {
    return array({integer(first), integer(last), array({std::move(host), integer(port), text("id")})});
}

TEST(RedisSlots, are_those_of_a_cluster) {
    // As redis-server 7.0 says by CLUSTER KEYSLOT.
    EXPECT_EQ(slot_of("{contoso}"), 6250);
    EXPECT_EQ(slot_of("{foo}"), 12182);
    EXPECT_EQ(slot_of("{a%7Bb%7D}"), 8914);
}

TEST(RedisSlots, are_whose_the_cluster_says) {
    const auto slots = read_slots(
        array({range(0, 100, text("192.0.2.1")), range(101, 16382, text("2001:db8::1"), 7000), range(16383, 16383, text("192.0.2.1"))}));
    ASSERT_TRUE(slots);
    EXPECT_EQ(slots->masters, (std::vector<RedisPlace>{{"192.0.2.1", 6379}, {"2001:db8::1", 7000}}));
    EXPECT_EQ(slots->master_of[0], 0);
    EXPECT_EQ(slots->master_of[100], 0);
    EXPECT_EQ(slots->master_of[101], 1);
    EXPECT_EQ(slots->master_of[16382], 1);
    EXPECT_EQ(slots->master_of[16383], 0);
}

TEST(RedisSlots, that_nobody_has_are_nobodys) {
    const auto slots = read_slots(array({range(5, 6, text("192.0.2.1"))}));
    ASSERT_TRUE(slots);
    EXPECT_EQ(slots->master_of[4], RedisSlots::nobody);
    EXPECT_EQ(slots->master_of[5], 0);
    EXPECT_EQ(slots->master_of[7], RedisSlots::nobody);
}

TEST(RedisSlots, a_host_that_is_not_known_is_the_one_that_was_asked) {
    for (const RedisReply& host : {RedisReply{}, text("?"), text("")}) {
        const auto slots = read_slots(array({range(0, 16383, host)}));
        ASSERT_TRUE(slots);
        EXPECT_EQ(slots->masters, (std::vector<RedisPlace>{{"", 6379}}));
    }
}

TEST(RedisSlots, of_no_answer_are_none) {
    const RedisReply cases[] = {
        text("OK"),
        array({integer(1)}),
        array({array({integer(0), integer(1)})}),
        array({range(-1, 5, text("h"))}),
        array({range(6, 5, text("h"))}),
        array({range(0, 16384, text("h"))}),
        array({range(0, 5, text("h"), 0)}),
        array({range(0, 5, text("h"), 65536)}),
        array({range(0, 5, text("a b"))}),
        array({range(0, 5, text(std::string(254, 'h')))}),
        array({range(0, 5, integer(1))}),
        array({range(0, 5, text("h")), range(5, 6, text("h"))}),
        array({array({integer(0), integer(1), text("h")})}),
        array({array({integer(0), integer(1), array({text("h")})})}),
        array({array({integer(0), integer(1), array({text("h"), text("6379")})})}),
        array({array({text("0"), integer(1), array({text("h"), integer(6379)})})}),
    };
    for (const RedisReply& reply : cases) {
        const auto slots = read_slots(reply);
        ASSERT_FALSE(slots) << &reply - cases;
        EXPECT_EQ(slots.error().code, base::Errc::protocol);
    }
    EXPECT_EQ(read_slots(array({})).error().code, base::Errc::invalid_data);
    const auto disabled = read_slots(error("ERR This instance has cluster support disabled"));
    EXPECT_EQ(disabled.error().detail, "ERR This instance has cluster support disabled");
    EXPECT_TRUE(read_slots(array({range(0, 5, text(std::string(253, 'h')), 65535)})));
}

TEST(RedisSlots, have_no_more_masters_than_are_kept) {
    const auto answer = [](std::size_t masters) {
        std::vector<RedisReply> ranges;
        for (std::size_t i = 0; i < masters; ++i) {
            const auto slot = static_cast<std::int64_t>(i);
            ranges.push_back(range(slot, slot, text("h" + std::to_string(i))));
        }
        return array(std::move(ranges));
    };
    EXPECT_TRUE(read_slots(answer(RedisSlots::max_masters)));
    EXPECT_FALSE(read_slots(answer(RedisSlots::max_masters + 1)));
}

TEST(Redirection, says_whether_it_is_for_good) {
    const auto moved = read_redirection(error("MOVED 3999 127.0.0.1:6381"));
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->is, Redirection::Is::moved);
    EXPECT_EQ(moved->slot, 3999);
    EXPECT_EQ(moved->place, (RedisPlace{"127.0.0.1", 6381}));
    const auto ask = read_redirection(error("ASK 16383 2001:db8::1:65535"));
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->is, Redirection::Is::ask);
    EXPECT_EQ(ask->place, (RedisPlace{"2001:db8::1", 65535}));
    EXPECT_EQ(read_redirection(error("MOVED 0 [2001:db8::1]:1"))->place.host, "2001:db8::1");
    EXPECT_EQ(read_redirection(error("MOVED 0 :6381"))->place.host, "") << "the same host as before";
}

TEST(Redirection, to_nowhere_is_none) {
    for (const char* const text :
         {"MOVED", "MOVED 1", "MOVED 1 ", "MOVED 1 h", "MOVED 1 h:", "MOVED 1 h:0", "MOVED 1 h:65536", "MOVED 1 h:1x", "MOVED 16384 h:1",
          "MOVED -1 h:1", "MOVED x h:1", "MOVED 1 a b:1", "MOVEDX 1 h:1", "ERR 1 h:1", ""})
        EXPECT_FALSE(read_redirection(error(text))) << text;
    EXPECT_FALSE(read_redirection(text("MOVED 1 h:1"))) << "no error";
}

}  // namespace
}  // namespace exota::directory
