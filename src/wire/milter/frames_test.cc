#include "wire/milter/frames.h"

#include <gtest/gtest.h>

namespace exota::milter {
namespace {

using namespace std::string_view_literals;

TEST(Frames, are_taken_whole_or_not_at_all) {
    constexpr std::string_view two = "\0\0\0\3Habc"sv;
    EXPECT_FALSE(*next_frame("", 10));
    for (std::size_t size = 0; size < 7; ++size) EXPECT_FALSE(*next_frame(two.substr(0, size), 10)) << size;
    const auto frame = next_frame(two, 10);
    ASSERT_TRUE(frame && *frame);
    EXPECT_EQ((*frame)->command, 'H');
    EXPECT_EQ((*frame)->payload, "ab");
    EXPECT_EQ((*frame)->consumed, 7u);
}

TEST(Frames, limits_hold_on_both_sides) {
    struct Case {
        std::string_view name, bytes;
        std::size_t limit;
        std::optional<ProtocolError> error;
    };
    const Case cases[] = {
        {"no command", "\0\0\0\0"sv, 10, ProtocolError::empty_frame},
        {"command alone", "\0\0\0\1Q"sv, 10, std::nullopt},
        {"at the limit", "\0\0\0\12B"sv, 10, std::nullopt},
        {"above the limit, before its octets came", "\0\0\0\13"sv, 10, ProtocolError::frame_too_long},
        {"4 GiB", "\377\377\377\377"sv, 1 << 20, ProtocolError::frame_too_long},
        {"an SMTP greeting", "EHLO"sv, 1 << 20, ProtocolError::frame_too_long},
    };
    for (const Case& c : cases) {
        const auto frame = next_frame(c.bytes, c.limit);
        EXPECT_EQ(!frame.has_value(), c.error.has_value()) << c.name;
        if (!frame && c.error) EXPECT_EQ(frame.error(), *c.error) << c.name;
    }
}

TEST(Frames, are_written_with_their_length) {
    std::string out = "before";
    FrameWriter(out, 'i').word(0x01020304).string("a\0b"sv).octets("z");
    EXPECT_EQ(out, "before\0\0\0\12i\1\2\3\4a?b\0z"sv);
}

static_assert((*next_frame(std::string_view("\0\0\0\1Q", 5), 1))->consumed == 5);

}  // namespace
}  // namespace exota::milter
