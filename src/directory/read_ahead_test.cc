#include "directory/read_ahead.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace exota::directory {
namespace {

constexpr std::size_t piece_octets = 64;

class ReadAheadTest : public testing::Test {
protected:
    void SetUp() override {
        path_ = testing::TempDir() + "exota_ahead_XXXXXX";
        descriptor_ = ::mkstemp(path_.data());
        ASSERT_GE(descriptor_, 0);
    }
    void TearDown() override {
        ::close(descriptor_);
        std::filesystem::remove(path_);
    }
    std::string write(std::size_t octets) {
        std::string content;
        for (std::size_t i = 0; i < octets; ++i) content += static_cast<char>(i * 7 + i / 251);
        std::ofstream(path_, std::ios::binary) << content;
        return content;
    }

    std::string path_;
    int descriptor_ = -1;
};

TEST_F(ReadAheadTest, gives_the_whole_file_and_its_fingerprint) {
    for (const std::size_t octets : {std::size_t{0}, std::size_t{1}, piece_octets - 1, piece_octets, piece_octets + 1, 2 * piece_octets,
                                     3 * piece_octets, 100 * piece_octets + 5}) {
        const std::string content = write(octets);
        ASSERT_EQ(::lseek(descriptor_, 0, SEEK_SET), 0);
        ReadAhead ahead(descriptor_, piece_octets);
        std::string got;
        for (std::string_view piece = ahead.next(); !piece.empty(); piece = ahead.next()) {
            EXPECT_LE(piece.size(), piece_octets);
            got += piece;
        }
        EXPECT_EQ(got, content);
        EXPECT_EQ(ahead.error(), 0);
        Fingerprint want;
        want.feed(content);
        EXPECT_EQ(ahead.fingerprint().text(), want.text());
    }
}

TEST_F(ReadAheadTest, may_be_given_up_at_any_time) {
    write(10 * piece_octets);
    for (std::size_t used = 0; used < 10; ++used) {
        ASSERT_EQ(::lseek(descriptor_, 0, SEEK_SET), 0);
        ReadAhead ahead(descriptor_, piece_octets);
        for (std::size_t i = 0; i < used; ++i) EXPECT_EQ(ahead.next().size(), piece_octets);
    }
}

TEST_F(ReadAheadTest, tells_what_ended_it) {
    const int folder = ::open(testing::TempDir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_GE(folder, 0);
    {
        ReadAhead ahead(folder, piece_octets);
        EXPECT_TRUE(ahead.next().empty());
        EXPECT_EQ(ahead.error(), EISDIR);
    }
    ::close(folder);
}

TEST_F(ReadAheadTest, an_error_does_not_hide_what_was_read_before) {
    std::array<int, 2> sockets{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets.data()), 0);
    for (const std::string_view packet : {"one", "two", "three"})
        ASSERT_EQ(::write(sockets[1], packet.data(), packet.size()), std::ssize(packet));
    {
        ReadAhead ahead(sockets[0], piece_octets);
        EXPECT_EQ(ahead.next(), "one");
        EXPECT_EQ(ahead.next(), "two");
        EXPECT_EQ(ahead.next(), "three");
        EXPECT_TRUE(ahead.next().empty());
        EXPECT_EQ(ahead.error(), EAGAIN);
    }
    for (const int socket : sockets) ::close(socket);
}

}  // namespace
}  // namespace exota::directory
