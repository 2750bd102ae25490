#include "directory/read_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "net/testing.h"

namespace exota::directory {
namespace {

using base::Errc;

class ReadFile : public ::testing::Test {
protected:
    std::string path(const std::string& name) const { return folder_.path(name); }
    /// A file of so many octets, its path.
    std::string file_of(std::size_t octets) const {
        std::ofstream(path("file"), std::ios::binary) << std::string(octets, 'x');
        return path("file");
    }
    void append(std::string_view text) const { std::ofstream(path("file"), std::ios::binary | std::ios::app) << text; }

private:
    const net::testing::TemporaryDirectory folder_;
};

TEST_F(ReadFile, WholeAndBoundedOnBothSides) {
    // Around what is read at first where nobody knows the size, and its double.
    for (const std::size_t octets : {0, 1, 65'535, 65'536, 65'537, 131'072, 131'073, 200'000})
        for (const bool is_known : {false, true}) {
            const auto read = [&](std::size_t max_octets) {
                const auto file = open_regular_file(file_of(octets), Links::refused);
                return read_to_end(file->descriptor, max_octets, is_known ? octets : 0);
            };
            for (const std::size_t max_octets : {octets, octets + 1, std::size_t{1'000'000}})
                EXPECT_EQ(read(max_octets).value(), std::string(octets, 'x')) << octets << " of " << max_octets;
            if (octets == 0) continue;
            const auto longer = read(octets - 1);
            ASSERT_FALSE(longer);
            EXPECT_EQ(longer.error(), (base::Error{Errc::too_long, "larger than " + std::to_string(octets - 1) + " octets"}));
        }
}

TEST_F(ReadFile, AsMuchAsThereIsRoomFor) {
    const auto file = open_any_file(file_of(10));
    ASSERT_TRUE(file);
    std::array<char, 8> room{};
    EXPECT_EQ(read_into(*file, {}).value(), 0U);
    EXPECT_EQ(read_into(*file, room).value(), 8U);
    EXPECT_EQ(read_into(*file, room).value(), 2U) << "from where it stands";
    EXPECT_EQ(read_into(*file, room).value(), 0U);
}

TEST_F(ReadFile, OfAPipeWhatAllItsWritersWrote) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const net::Descriptor reads(ends[0]);
    net::Descriptor writes(ends[1]);
    for (const std::string_view part : {"two ", "parts"})
        ASSERT_EQ(::write(writes.get(), part.data(), part.size()), static_cast<ssize_t>(part.size()));
    writes.reset();
    EXPECT_EQ(read_to_end(*open_any_file("/proc/self/fd/" + std::to_string(reads.get())), 9).value(), "two parts");
}

TEST_F(ReadFile, WithoutAnEndNoFurtherThanTheLimit) {
    EXPECT_EQ(read_to_end(*open_any_file("/dev/zero"), 100'000).error().code, Errc::too_long);
    EXPECT_EQ(read_to_end(*open_any_file("/dev/null"), 0).value(), "");
}

TEST_F(ReadFile, WhatCannotBeOpenedIsRefusedWithAReason) {
    std::filesystem::create_directory(path("folder"));
    std::filesystem::create_symlink(file_of(1), path("link"));
    std::filesystem::create_symlink("round", path("round"));
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    struct Case {
        std::string path;
        base::Error followed, refused, any;  // an empty detail: it is opened
    };
    const base::Error opens{}, missing{Errc::not_found, "No such file or directory"}, no_file{Errc::io, "not a regular file"};
    const base::Error link{Errc::io, "a link, which is not followed here"}, around{Errc::io, "Too many levels of symbolic links"};
    const base::Error no_folder{Errc::not_found, "Not a directory"}, nul{Errc::not_found, "a file name with a NUL"};
    std::vector<Case> cases{
        {path("file"), opens, opens, opens},
        {path("link"), opens, link, opens},
        {path("round"), around, link, around},
        {path("pipe"), no_file, no_file, opens},  // any: would wait for its writer
        {path("folder"), no_file, no_file, opens},
        {"/dev/null", no_file, no_file, opens},
        {path("none"), missing, missing, missing},
        {"", missing, missing, missing},
        {path("file/below"), no_folder, no_folder, no_folder},
        {path("file") + std::string("\0x", 2), nul, nul, nul},
    };
    if (::geteuid() != 0) {  // who may read everything
        std::ofstream(path("secret")) << "x";
        std::filesystem::permissions(path("secret"), std::filesystem::perms::none);
        const base::Error denied{Errc::io, "Permission denied"};
        cases.push_back({path("secret"), denied, denied, denied});
    }
    const auto said = [](const auto& result) { return result ? base::Error{} : result.error(); };
    for (const Case& c : cases) {
        EXPECT_EQ(said(open_regular_file(c.path, Links::followed)), c.followed) << c.path;
        EXPECT_EQ(said(open_regular_file(c.path, Links::refused)), c.refused) << c.path;
        if (c.path != path("pipe")) EXPECT_EQ(said(open_any_file(c.path)), c.any) << c.path;
    }
    EXPECT_EQ(read_to_end(*open_any_file(path("folder")), 1).error(), (base::Error{Errc::io, "Is a directory"}));
}

TEST_F(ReadFile, ThatGrewMeanwhileIsReadToItsEndAndKnownToHaveChanged) {
    const auto file = open_regular_file(file_of(10), Links::followed);
    ASSERT_TRUE(file);
    EXPECT_TRUE(has_not_changed(*file));
    append("more");
    const auto same = has_not_changed(*file);
    ASSERT_FALSE(same);
    EXPECT_EQ(same.error(), (base::Error{Errc::unavailable, "it changed while it was read"}));
    EXPECT_EQ(read_to_end(file->descriptor, 14, 10).value(), "xxxxxxxxxxmore");
    append("!");
    EXPECT_EQ(read_to_end(file->descriptor, 1, 0).value(), "!");
    append("!!");
    EXPECT_EQ(read_to_end(file->descriptor, 1, 0).error().code, Errc::too_long);
}

TEST_F(ReadFile, ErrorsNameItOnceAndNoFurtherThanToANul) {
    EXPECT_EQ(naming("a/b", {Errc::io, "why"}).error(), (base::Error{Errc::io, "a/b: why"}));
    EXPECT_EQ(naming(std::string("a\0b", 3), {Errc::not_found, "why"}).error().detail, "a: why");
}

}  // namespace
}  // namespace exota::directory
