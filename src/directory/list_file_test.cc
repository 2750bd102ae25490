#include "directory/list_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace exota::directory {
namespace {

std::vector<std::pair<std::size_t, std::string>> lines_of(std::string_view text) {
    std::vector<std::pair<std::size_t, std::string>> out;
    for (ListLines line(text); line.next();) out.emplace_back(line.number(), line.content());
    return out;
}

TEST(ListLines, without_comments_and_blanks) {
    using Lines = std::vector<std::pair<std::size_t, std::string>>;
    EXPECT_EQ(lines_of(""), Lines{});
    EXPECT_EQ(lines_of("\n\n# a\n  \t\n#\n"), Lines{});
    EXPECT_EQ(lines_of("one\n\n two # why\r\nthree\t#x\n#four\nfi#ve"), (Lines{{1, "one"}, {3, "two"}, {4, "three"}, {6, "fi#ve"}}));
    EXPECT_EQ(lines_of("\xef\xbb\xbfone"), (Lines{{1, "one"}}));
    EXPECT_EQ(lines_of("a##b ##c"), (Lines{{1, "a##b"}}));
}

TEST(ListLines, limit_on_both_sides) {
    const std::string longest(max_list_line_octets, 'x');
    ListLines fits(longest);
    ASSERT_TRUE(fits.next());
    EXPECT_FALSE(fits.is_too_long());
    const std::string longer = longest + "x\ny";
    ListLines too_long(longer);
    ASSERT_TRUE(too_long.next());
    EXPECT_TRUE(too_long.is_too_long());
    ASSERT_TRUE(too_long.next());
    EXPECT_FALSE(too_long.is_too_long());
    EXPECT_EQ(too_long.content(), "y");
    EXPECT_FALSE(too_long.next());
    const std::string remark = "# " + longest;
    ListLines comment(remark);
    ASSERT_TRUE(comment.next()) << "a comment counts";
    EXPECT_TRUE(comment.is_too_long());
}

TEST(ListProblems, are_bounded) {
    std::vector<ListProblem> problems;
    for (std::size_t line = 1; line <= 2 * max_list_problems; ++line) note(problems, line, "wrong");
    ASSERT_EQ(problems.size(), max_list_problems);
    EXPECT_EQ(problems[max_list_problems - 2], (ListProblem{max_list_problems - 1, "wrong"}));
    EXPECT_EQ(problems.back(), (ListProblem{0, "has more problems than these"}));
}

class ReadList : public ::testing::Test {
protected:
    ReadList() : folder_(std::filesystem::temp_directory_path() / ("exota-list-" + std::to_string(::getpid()))) {
        std::filesystem::create_directory(folder_);
    }
    ~ReadList() override { std::filesystem::remove_all(folder_); }
    std::string path(const std::string& name) const { return folder_ / name; }

private:
    std::filesystem::path folder_;
};

TEST_F(ReadList, whole_with_its_stamp) {
    const std::string text(200'000, 'x');
    std::ofstream(path("list")) << text;
    const auto list = read_list(path("list"));
    ASSERT_TRUE(list);
    EXPECT_EQ(list->text, text);
    EXPECT_EQ(list->stamp, stamp_of(path("list")).value());
    EXPECT_TRUE(read_list(path("list"), text.size()));
    EXPECT_EQ(read_list(path("list"), text.size() - 1).error().code, base::Errc::too_long);
}

TEST_F(ReadList, only_regular_files) {
    EXPECT_EQ(read_list(path("nothing")).error().code, base::Errc::not_found);
    EXPECT_EQ(read_list(path(".")).error().code, base::Errc::io);
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    EXPECT_EQ(read_list(path("fifo")).error().code, base::Errc::io) << "and does not wait for a writer";
}

}  // namespace
}  // namespace exota::directory
