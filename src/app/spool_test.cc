// Held messages: where their octets are, each limit on both sides, a full disk.
#include "app/spool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "net/testing.h"

namespace exota::app {
namespace {

constexpr std::size_t piece = spool_piece_octets;

const base::IpAddress client = base::IpAddress::parse("192.0.2.1").value();

/// Octets that differ from place to place.
std::string octets_of(std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t i = 0; i < count; ++i) text[i] = static_cast<char>((i * 7 + i / 251) & 0xff);
    return text;
}

std::string all_of(gate::Spool& held, std::size_t at_once) {
    std::string text;
    while (text.size() < held.size()) {
        const auto some = held.read(text.size(), at_once);
        if (!some || some->empty() || some->size() > at_once) return "cannot be read";
        text += *some;
    }
    return text;
}

struct Rooms {
    SpoolRoom& with(std::uint64_t memory, std::uint64_t disk) {
        room = SpoolRoom::open({.hold_memory = memory, .directory = directory.path(""), .spool_octets = disk}).value();
        return *room;
    }
    net::testing::TemporaryDirectory directory;
    std::unique_ptr<SpoolRoom> room;
};

TEST(Spool, WhatGoesInComesOutWhereverItIs) {
    Rooms rooms;
    SpoolRoom& room = rooms.with(100 * piece, 1 << 30);
    for (const std::size_t hold : {std::size_t{0}, std::size_t{1}, piece - 1, piece, piece + 1, 3 * piece, 100 * piece})
        for (const std::size_t size : {std::size_t{1}, piece, 2 * piece + 5, 200'000UL}) {
            const auto held = room.make(hold, client);
            const std::string text = octets_of(size);
            for (std::size_t at = 0; at < size; at += 7000) ASSERT_TRUE(held->append(std::string_view(text).substr(at, 7000)));
            EXPECT_EQ(held->size(), size);
            EXPECT_EQ(room.held().disk.load(), size > hold ? size - hold : 0) << hold << ' ' << size;
            EXPECT_EQ(all_of(*held, 1'000'000), text) << hold << ' ' << size;
            EXPECT_EQ(all_of(*held, 999), text) << hold << ' ' << size;
            EXPECT_FALSE(held->read(size, 1));
            EXPECT_FALSE(held->read(0, 0));
        }
    EXPECT_EQ(room.held().memory.load(), 0U);
    EXPECT_EQ(room.held().disk.load(), 0U);
    EXPECT_TRUE(std::filesystem::is_empty(rooms.directory.path("")));
}

TEST(Spool, AFileHasNoName) {
    Rooms rooms;
    const auto held = rooms.with(0, 1 << 20).make(piece, client);
    ASSERT_TRUE(held->append("held"));
    EXPECT_EQ(rooms.room->held().disk.load(), 4U);
    EXPECT_TRUE(std::filesystem::is_empty(rooms.directory.path("")));
}

TEST(Spool, MemoryOfOneMessageEndsAtHoldOctets) {
    Rooms rooms;
    SpoolRoom& room = rooms.with(100 * piece, 1 << 20);
    const auto held = room.make(piece + 10, client);
    ASSERT_TRUE(held->append(std::string(piece + 10, 'a')));
    EXPECT_EQ(room.held().disk.load(), 0U);
    ASSERT_TRUE(held->append("b"));
    EXPECT_EQ(room.held().disk.load(), 1U);
    EXPECT_EQ(room.held().memory.load(), 2 * piece);
}

TEST(Spool, MemoryOfAllMessagesEndsAtHoldMemoryAndIsFreeAgainAfterwards) {
    Rooms rooms;
    SpoolRoom& room = rooms.with(2 * piece, 1 << 20);
    auto first = room.make(10 * piece, client);
    ASSERT_TRUE(first->append(std::string(2 * piece, 'a')));
    EXPECT_EQ(room.held().disk.load(), 0U);
    const auto second = room.make(10 * piece, client);
    ASSERT_TRUE(second->append("b"));
    EXPECT_EQ(room.held().disk.load(), 1U) << "there is no piece left";
    first.reset();
    ASSERT_TRUE(second->append("c"));
    EXPECT_EQ(room.held().disk.load(), 2U) << "what began to go to the file stays in order";
    const auto third = room.make(10 * piece, client);
    ASSERT_TRUE(third->append("d"));
    EXPECT_EQ(room.held().disk.load(), 2U);
    EXPECT_EQ(all_of(*second, 100), "bc");
}

TEST(Spool, FilesOfAllEndAtSpoolOctets) {
    Rooms rooms;
    SpoolRoom& room = rooms.with(0, 100);
    std::vector<std::unique_ptr<gate::Spool>> held;
    for (int i = 0; i < 10; ++i) {
        held.push_back(room.make(0, base::IpAddress::parse("192.0.2." + std::to_string(i)).value()));
        EXPECT_TRUE(held.back()->append("0123456789"));
    }
    const auto another = room.make(0, base::IpAddress::parse("192.0.2.99").value());
    const auto refused = another->append("x");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::Errc::too_long);
    EXPECT_NE(refused.error().detail.find("are taken"), std::string::npos);
    held.pop_back();
    EXPECT_TRUE(another->append("x"));
}

TEST(Spool, FilesOfOneClientEndAtATenth) {
    Rooms rooms;
    SpoolRoom& room = rooms.with(0, 100);
    const auto of = [&](std::string_view address) { return room.make(0, base::IpAddress::parse(address).value()); };
    const auto one = of("2001:db8:1:2::1"), neighbour = of("2001:db8:1:2:3::1"), other = of("2001:db8:1:3::1");
    EXPECT_TRUE(one->append("123456789"));
    EXPECT_TRUE(neighbour->append("x"));
    const auto refused = neighbour->append("y");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::Errc::too_long);
    EXPECT_NE(refused.error().detail.find("a tenth"), std::string::npos);
    EXPECT_TRUE(other->append("0123456789"));
    const auto nameless = room.make(0, std::nullopt);
    EXPECT_TRUE(nameless->append("0123456789"));
    EXPECT_FALSE(nameless->append("x"));
}

/// Files of this process end at so many octets, as a disk does that is full.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t octets) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{octets, before_.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &now), 0);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    void (*handler_)(int);
    rlimit before_{};
};

TEST(Spool, AFullDiskIsAnErrorAndLeavesNothingTaken) {
    Rooms rooms;
    SpoolRoom& room = rooms.with(0, 1 << 30);
    {
        const auto held = room.make(0, client);
        const FileSizeLimit limit(1000);
        EXPECT_TRUE(held->append(std::string(1000, 'a')));
        const auto refused = held->append("b");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, base::Errc::io);
        EXPECT_TRUE(refused.error().detail.starts_with(rooms.directory.path(""))) << refused.error().detail;
        const auto split = room.make(0, client);
        EXPECT_FALSE(split->append(std::string(1001, 'a'))) << "half of it fits";
    }
    EXPECT_EQ(room.held().disk.load(), 0U);
}

TEST(Spool, ADirectoryThatIsNoneOrTakesNoFileIsAnErrorAtStart) {
    const net::testing::TemporaryDirectory directory;
    const auto missing = SpoolRoom::open({.directory = directory.path("missing")});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, base::Errc::io);
    EXPECT_TRUE(missing.error().detail.starts_with(directory.path("missing") + ": "));
    EXPECT_FALSE(SpoolRoom::open({.directory = "/proc"}));
}

TEST(Spool, LoopsShareARoom) {
    Rooms rooms;
    SpoolRoom& room = rooms.with(64 * piece, 1 << 30);
    std::vector<std::thread> loops;
    for (int loop = 0; loop < 4; ++loop)
        loops.emplace_back([&room] {
            for (int i = 0; i < 200; ++i) {
                const auto held = room.make(8 * piece, client);
                const std::string text = octets_of(12 * piece);
                if (!held->append(text) || all_of(*held, 100'000) != text) ADD_FAILURE() << "lost";
            }
        });
    for (std::thread& loop : loops) loop.join();
    EXPECT_EQ(room.held().memory.load(), 0U);
    EXPECT_EQ(room.held().disk.load(), 0U);
}

}  // namespace
}  // namespace exota::app
