#include "directory/postgres_password.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace exota::directory {
namespace {

struct Password : ::testing::Test {
    const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "postgres-password";
    const std::string path = folder / "password";
    Password() {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directory(folder);
    }
    ~Password() override { std::filesystem::remove_all(folder); }
    Password(const Password&) = delete;
    Password& operator=(const Password&) = delete;

    std::string read_from(const std::string& content) const {
        std::ofstream(path, std::ios::binary) << content;
        Secret secret;
        const auto done = read_password(path, secret);
        return done ? secret.text : '(' + done.error().detail.substr(path.size() + 2) + ')';
    }
};

TEST_F(Password, is_the_first_line) {
    EXPECT_EQ(read_from("secret"), "secret");
    EXPECT_EQ(read_from("  secret \r\nmore\n"), "  secret ");
    EXPECT_EQ(read_from(std::string("secret\0more", 11)), "secret");
    EXPECT_EQ(read_from(""), "(its first line is empty)");
    EXPECT_EQ(read_from("\nsecret"), "(its first line is empty)");
    EXPECT_EQ(read_from(std::string(max_password_octets, 'x')), std::string(max_password_octets, 'x'));
    EXPECT_EQ(read_from(std::string(max_password_octets + 1, 'x')), "(more than 4096 octets)");
}

TEST_F(Password, waits_for_nobody) {
    Secret secret;
    EXPECT_EQ(read_password(path, secret).error().detail, path + ": no password can be read: No such file or directory");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(read_password(path, secret).error().detail, path + ": no password can be read: not a regular file");
    EXPECT_EQ(read_password(folder, secret).error().code, base::Errc::io);
}

}  // namespace
}  // namespace exota::directory
