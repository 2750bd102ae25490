#include "directory/file_stamp.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace exota::directory {
namespace {

using Action = FileWatch::Action;

Watched seen(std::int64_t size, std::optional<FileStamp> acceptance = std::nullopt) { return {FileStamp{1, 2, size, 4, 5}, acceptance}; }

TEST(FileWatch, loads_once_a_change_has_settled) {
    struct Step {
        Watched seen;
        Action want;
    };
    const Step steps[] = {
        {seen(1), Action::nothing}, {seen(2), Action::wait}, {seen(3), Action::wait}, {seen(3), Action::load},
        {seen(3), Action::nothing}, {{}, Action::wait},      {{}, Action::vanished},  {{}, Action::nothing},
        {seen(3), Action::wait},    {seen(3), Action::load}, {seen(4), Action::wait}, {seen(3), Action::nothing},
        {seen(4), Action::wait},    {seen(4), Action::load},
    };
    FileWatch watch(seen(1));
    for (std::size_t i = 0; i < std::size(steps); ++i) EXPECT_EQ(watch.look(steps[i].seen), steps[i].want) << i;
}

TEST(FileWatch, a_new_acceptance_asks_for_another_try) {
    FileWatch watch(seen(1));
    const Watched accepted = seen(1, FileStamp{1, 9, 9, 9, 9});
    EXPECT_EQ(watch.look(accepted), Action::wait);
    EXPECT_EQ(watch.look(accepted), Action::load);
}

TEST(FileWatch, what_was_loaded_otherwise_is_not_loaded_again) {
    FileWatch watch(seen(1));
    EXPECT_EQ(watch.look(seen(2)), Action::wait);
    watch.loaded(seen(2));
    EXPECT_EQ(watch.look(seen(2)), Action::nothing);
}

TEST(FileStamp, tells_changes_and_what_is_not_there) {
    const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / ("stamp_" + std::to_string(::getpid()));
    std::ofstream(path) << "one";
    const auto first = stamp_of(path.string());
    ASSERT_TRUE(first);
    EXPECT_EQ(first->size, 3);
    EXPECT_EQ(stamp_of(path.string()), first);
    std::ofstream(path.string() + ".new") << "two";
    std::filesystem::rename(path.string() + ".new", path);
    const auto second = stamp_of(path.string());
    ASSERT_TRUE(second);
    EXPECT_NE(*second, *first) << "another file of the same size";
    std::filesystem::remove(path);
    EXPECT_EQ(stamp_of(path.string()).error().code, base::Errc::not_found);
    EXPECT_EQ(stamp_of(path.string() + "/x").error().code, base::Errc::not_found);
    EXPECT_NE(stamp_of(path.string()).error().detail.find(path.string()), std::string::npos);
}

}  // namespace
}  // namespace exota::directory
