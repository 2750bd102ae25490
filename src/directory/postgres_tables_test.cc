#include "directory/postgres_tables.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

using Names = std::vector<std::string>;

Names numbered(std::size_t count) {
    Names out;
    for (std::size_t i = 0; i < count; ++i) out.push_back("t" + std::to_string(100'000 + i));
    return out;
}

TEST(Notifications, name_tenants_or_ask_for_everything) {
    EXPECT_EQ(to_read({}), (ToRead{false, {}}));
    EXPECT_EQ(to_read({"b", "a", "b"}), (ToRead{false, {"a", "b"}}));
    EXPECT_EQ(to_read({"b", ""}), (ToRead{true, {}}));
    EXPECT_EQ(to_read({"a\n"}), (ToRead{true, {}}));
    EXPECT_EQ(to_read({std::string(128, 'x')}), (ToRead{false, {std::string(128, 'x')}}));
    EXPECT_EQ(to_read({std::string(129, 'x')}), (ToRead{true, {}}));
    EXPECT_EQ(to_read(numbered(most_named_at_once)), (ToRead{false, numbered(most_named_at_once)}));
    EXPECT_EQ(to_read(numbered(most_named_at_once + 1)), (ToRead{true, {}}));
}

using Fields = std::vector<std::string_view>;

TEST(RowsOfAnswer, are_of_one_version) {
    RowsOfAnswer rows;
    EXPECT_TRUE(rows.add(Fields{"1", "a", "{}"}));
    EXPECT_TRUE(rows.add(Fields{"1", "b", "{\"mode\":\"monitor\"}"}));
    const auto taken = rows.take();
    ASSERT_TRUE(taken);
    ASSERT_EQ(taken->size(), 2U);
    EXPECT_EQ((*taken)[1].name, "b");
    EXPECT_EQ((*taken)[1].document, "{\"mode\":\"monitor\"}");

    RowsOfAnswer none;
    EXPECT_TRUE(none.add(Fields{"1", "", ""})) << "no tenants, but a version";
    EXPECT_TRUE(none.take()->empty());
    EXPECT_EQ(RowsOfAnswer().take().error().code, base::Errc::invalid_data) << "no version";
    RowsOfAnswer other;
    EXPECT_TRUE(other.add(Fields{"2", "a", "{}"}));
    EXPECT_EQ(other.take().error().code, base::Errc::invalid_data);
    RowsOfAnswer two;
    EXPECT_TRUE(two.add(Fields{"1", "a", "{}"}));
    EXPECT_FALSE(two.add(Fields{"2", "b", "{}"}));
    EXPECT_FALSE(RowsOfAnswer().add(Fields{"1", "a"}));
    EXPECT_FALSE(RowsOfAnswer().add(Fields{}));
}

TEST(RowsOfAnswer, have_limits) {
    RowsOfAnswer two(2);
    EXPECT_TRUE(two.add(Fields{"1", "a", ""}));
    EXPECT_TRUE(two.add(Fields{"1", "b", ""}));
    EXPECT_FALSE(two.add(Fields{"1", "c", ""}));
    RowsOfAnswer ten(100, 10);
    EXPECT_TRUE(ten.add(Fields{"1", "a", "{123456}"}));
    EXPECT_TRUE(ten.add(Fields{"1", "b", ""}));
    EXPECT_FALSE(ten.add(Fields{"1", "c", ""}));
}

}  // namespace
}  // namespace exota::directory
