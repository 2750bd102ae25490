#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace exota::base {
namespace {

TEST(JsonWriter, values) {
    EXPECT_EQ(json_text(nullptr), "null");
    EXPECT_EQ(json_text(true), "true");
    EXPECT_EQ(json_text(false), "false");
    EXPECT_EQ(json_text("a literal, no bool"), R"("a literal, no bool")");
    EXPECT_EQ(json_text(std::string("a \"b\"\n")), R"("a \"b\"\n")");
    EXPECT_EQ(json_text(std::string_view("\xe2\x80\xae\xff")), "\"\\u202e\xef\xbf\xbd\"");  // encode_test.cc has the rule
    EXPECT_EQ(json_text(JsonText{"[1,2]"}), "[1,2]");
    EXPECT_EQ(json_text(std::optional<int>(7)), "7");
    EXPECT_EQ(json_text(std::optional<int>()), "null");
    EXPECT_EQ(json_text(null_if_empty("")), "null");
    EXPECT_EQ(json_text(null_if_empty("x")), R"("x")");
}

TEST(JsonWriter, numbers_up_to_the_limits_of_their_types) {
    EXPECT_EQ(json_text(0), "0");
    EXPECT_EQ(json_text(-1), "-1");
    EXPECT_EQ(json_text(std::uint8_t{255}), "255");
    EXPECT_EQ(json_text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(json_text(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
    EXPECT_EQ(json_text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(JsonWriter, arrays) {
    EXPECT_EQ(json_text([](JsonArray&) {}), "[]");
    EXPECT_EQ(json_text(std::vector<std::string>{}), "[]");
    EXPECT_EQ(json_text(std::vector<std::string>{"a", "b"}), R"(["a","b"])");
    EXPECT_EQ(json_text(std::vector<std::vector<int>>{{1}, {}, {2, 3}}, spaced_json), "[[1], [], [2, 3]]");
    EXPECT_EQ(json_text(std::vector<int>{1, 2} | std::views::transform([](int i) { return i * i; })), "[1,4]");
    const auto mixed = [](JsonArray& elements) {
        elements.add("a");
        elements.add(nullptr);
        elements.place().put(1);
    };
    EXPECT_EQ(json_text(mixed), R"(["a",null,1])");
}

TEST(JsonWriter, objects_have_their_members_in_order) {
    EXPECT_EQ(json_text([](JsonObject&) {}), "{}");
    const auto nested = [](JsonObject& members) {
        members.add("b", 1);
        members.add("a\"", "x");
        members.add("none", [](JsonObject&) {});
        members.add("some", [](JsonArray& elements) { elements.add([](JsonObject& inner) { inner.add("c", true); }); });
        members.place("last").put(std::optional<bool>());
    };
    EXPECT_EQ(json_text(nested), R"({"b":1,"a\"":"x","none":{},"some":[{"c":true}],"last":null})");
    EXPECT_EQ(json_text(nested, spaced_json), R"({"b": 1, "a\"": "x", "none": {}, "some": [{"c": true}], "last": null})");
}

TEST(JsonWriter, members_of_an_object_that_is_written_already) {
    const auto around = [](std::string_view object) {
        return json_text(
            [object](JsonObject& members) {
                members.add("id", 1);
                members.add_members_of({object});
                members.add("end", 2);
            },
            spaced_json);
    };
    EXPECT_EQ(around("{}"), R"({"id": 1, "end": 2})");
    EXPECT_EQ(around(R"({"a":1,"b":{}})"), R"({"id": 1, "a":1,"b":{}, "end": 2})");
}

TEST(JsonWriter, lines_of_one_object_or_array_only) {
    const auto list = [](int count) {
        return json_text(
            [count](JsonArray& elements) {
                elements.set_lines({"\n  ", ",\n  ", "\n"});
                for (int i = 0; i < count; ++i) elements.add(std::vector<int>{i, i});
            },
            spaced_json);
    };
    EXPECT_EQ(list(0), "[]");
    EXPECT_EQ(list(1), "[\n  [0, 0]\n]");
    EXPECT_EQ(list(2), "[\n  [0, 0],\n  [1, 1]\n]");
}

TEST(JsonWriter, appends_to_what_is_there) {
    std::string out = "evidence=";
    JsonPlace(out).put(std::vector<int>{1});
    EXPECT_EQ(out, "evidence=[1]");
}

}  // namespace
}  // namespace exota::base
