#include "net/listener.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "net/address.h"
#include "net/testing.h"

namespace exota::net {
namespace {

using testing::connect_to;
using testing::TemporaryDirectory;

Endpoint unix_at(const std::string& path) { return *Endpoint::parse("unix:" + path); }

unsigned mode_of(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
}

TEST(Listener, unix_socket_has_the_mode_and_is_removed_at_the_end) {
    const TemporaryDirectory dir;
    const std::string path = dir.path("s");
    for (const unsigned mode : {0600U, 0660U, 0666U}) {
        {
            auto listener = Listener::open(unix_at(path), {.socket_mode = mode, .socket_group = {}}, 2);
            ASSERT_TRUE(listener) << listener.error().detail;
            EXPECT_EQ(mode_of(path), mode);
            EXPECT_EQ(listener->bound(), "unix:" + path);
            EXPECT_TRUE(connect_to(listener->bound()));
            EXPECT_TRUE(listener->take(0));
            EXPECT_TRUE(listener->take(1));
        }
        EXPECT_FALSE(std::filesystem::exists(path));
    }
}

TEST(Listener, without_a_mode_the_umask_decides) {
    const TemporaryDirectory dir;
    const mode_t old = umask(027);
    const auto listener = Listener::open(unix_at(dir.path("s")), {}, 1);
    umask(old);
    ASSERT_TRUE(listener);
    EXPECT_EQ(mode_of(dir.path("s")), 0750U);
}

TEST(Listener, group_by_number_and_unknown_group) {
    const TemporaryDirectory dir;
    const gid_t group = getegid();
    const auto listener = Listener::open(unix_at(dir.path("s")), {.socket_mode = 0660, .socket_group = std::to_string(group)}, 1);
    ASSERT_TRUE(listener) << listener.error().detail;
    struct stat status{};
    ASSERT_EQ(lstat(dir.path("s").c_str(), &status), 0);
    EXPECT_EQ(status.st_gid, group);
    const auto unknown = Listener::open(unix_at(dir.path("t")), {.socket_mode = 0660, .socket_group = "no-such-group"}, 1);
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().detail.find("no-such-group"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(dir.path("t"))) << "a socket that could not be set up must not stay";
}

TEST(Listener, a_missing_directory_is_named_with_what_to_do) {
    const TemporaryDirectory dir;
    const auto missing = Listener::open(unix_at(dir.path("run/s")), {.socket_mode = 0660, .socket_group = {}}, 1);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, base::Errc::io);
    EXPECT_NE(missing.error().detail.find("the directory " + dir.path("run") + " does not exist: create it"), std::string::npos)
        << missing.error().detail;
    EXPECT_NE(missing.error().detail.find("RuntimeDirectory="), std::string::npos) << missing.error().detail;
}

/// Runs `open` in a child as a user without rights, and gives back its error text.
std::string error_as_nobody(const std::string& path, const std::string& group) {
    int ends[2];
    if (pipe(ends) != 0) return "pipe";
    const pid_t child = fork();
    if (child == 0) {
        constexpr gid_t nogroup = 65534;
        std::string text = "no error";
        if (setgroups(0, nullptr) != 0 || setgid(nogroup) != 0 || setuid(65534) != 0)
            text = "setuid";
        else if (const auto opened = Listener::open(unix_at(path), {.socket_mode = 0660, .socket_group = group}, 1); !opened)
            text = opened.error().detail;
        _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    close(ends[1]);
    std::string text(4096, '\0');
    const ssize_t octets = read(ends[0], text.data(), text.size());
    text.resize(octets > 0 ? static_cast<std::size_t>(octets) : 0);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return text;
}

TEST(Listener, what_the_user_may_not_do_is_named_with_what_to_do) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    const TemporaryDirectory dir;
    std::filesystem::permissions(dir.path(""), std::filesystem::perms(0755));
    const std::string directory = error_as_nobody(dir.path("s"), "");
    EXPECT_NE(directory.find("Permission denied: the user that runs exota must be allowed to make files in "), std::string::npos)
        << directory;
    std::filesystem::permissions(dir.path(""), std::filesystem::perms(0777));
    const std::string group = error_as_nobody(dir.path("s"), "root");
    EXPECT_NE(group.find("group root: Operation not permitted: the user that runs exota must be in that group"), std::string::npos)
        << group;
    EXPECT_FALSE(std::filesystem::exists(dir.path("s"))) << "a socket that could not be set up must not stay";
}

TEST(Listener, a_stale_socket_is_replaced) {
    const TemporaryDirectory dir;
    const std::string path = dir.path("s");
    {
        const Descriptor dead(socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    ASSERT_TRUE(std::filesystem::exists(path));
    const auto listener = Listener::open(unix_at(path), {}, 1);
    ASSERT_TRUE(listener) << listener.error().detail;
    EXPECT_TRUE(connect_to(listener->bound()));
}

TEST(Listener, a_live_socket_a_file_and_a_link_are_left_alone) {
    const TemporaryDirectory dir;
    const std::string path = dir.path("s");
    const auto first = Listener::open(unix_at(path), {}, 1);
    ASSERT_TRUE(first);
    const auto second = Listener::open(unix_at(path), {}, 1);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().detail.find("listens there already"), std::string::npos);
    EXPECT_TRUE(connect_to("unix:" + path));

    std::ofstream(dir.path("file")) << "precious";
    EXPECT_FALSE(Listener::open(unix_at(dir.path("file")), {}, 1));
    EXPECT_TRUE(std::filesystem::exists(dir.path("file")));
    std::filesystem::create_symlink(dir.path("file"), dir.path("link"));
    EXPECT_FALSE(Listener::open(unix_at(dir.path("link")), {}, 1));
    EXPECT_TRUE(std::filesystem::is_symlink(dir.path("link")));
}

/// Two entries of a list exclude each other exactly if the system does not open the second beside the first.
TEST(Listener, what_an_endpoint_excludes_cannot_be_opened_beside_it) {
    const TemporaryDirectory dir;
    struct Case {
        std::string first, second;  // PORT: one that is free
        bool excludes;
    };
    const Case cases[] = {
        {"unix:" + dir.path("s"), "local:" + dir.path("s"), true},
        {"unix:" + dir.path("s"), "unix:" + dir.path("t"), false},
        {"inet:127.0.0.1:PORT", "inet:PORT@127.0.0.1", true},
        {"inet:127.0.0.1:PORT", "inet:127.0.0.2:PORT", false},
        {"inet:127.0.0.1:PORT", "inet:0.0.0.0:PORT", true},
        {"inet:PORT", "inet:127.0.0.1:PORT", true},
        {"inet:127.0.0.1:0", "inet:127.0.0.1:0", false},
        {"inet6:[::1]:PORT", "inet6:[0:0:0:0:0:0:0:1]:PORT", true},
        {"inet6:[::]:PORT", "inet6:[::1]:PORT", true},
        {"inet6:[::]:PORT", "inet:0.0.0.0:PORT", false},
        {"systemd", "systemd", true},
        {"systemd:a", "systemd:a", true},
    };
    for (const Case& c : cases) {
        const auto free = Listener::open(*Endpoint::parse("inet:127.0.0.1:0"), {}, 1)->bound();
        const std::string port = free.substr(free.rfind(':') + 1);
        const auto endpoint = [&](std::string text) {
            if (const std::size_t at = text.find("PORT"); at != std::string::npos) text.replace(at, 4, port);
            return *Endpoint::parse(text);
        };
        const Endpoint first = endpoint(c.first), second = endpoint(c.second);
        EXPECT_EQ(first.excludes(second), c.excludes) << c.first << ' ' << c.second;
        EXPECT_EQ(second.excludes(first), c.excludes) << c.second << ' ' << c.first;
        if (first.kind == Endpoint::Kind::activated) continue;  // needs a supervisor: activation_test.cc
        const auto opened = Listener::open(first, {}, 2);
        ASSERT_TRUE(opened) << opened.error().detail;
        EXPECT_EQ(!Listener::open(second, {}, 2), c.excludes) << c.first << ' ' << c.second;
    }
    EXPECT_FALSE(Endpoint::parse("systemd:a")->excludes(*Endpoint::parse("systemd:b")));
    EXPECT_FALSE(Endpoint::parse("inet:127.0.0.1:1")->excludes(*Endpoint::parse("inet:127.0.0.1:2")));
}

TEST(Listener, a_successors_socket_is_not_removed) {
    const TemporaryDirectory dir;
    const std::string path = dir.path("s");
    auto first = Listener::open(unix_at(path), {}, 1);
    ASSERT_TRUE(first);
    std::filesystem::remove(path);
    const auto second = Listener::open(unix_at(path), {}, 1);
    ASSERT_TRUE(second);
    {
        const Listener gone = std::move(*first);
    }
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(Listener, tcp_port_0_is_one_port_for_all_loops) {
    for (const char* text : {"inet:127.0.0.1:0", "inet6:[::1]:0", "inet:0@localhost"}) {
        auto listener = Listener::open(*Endpoint::parse(text), {}, 3);
        if (!listener && std::string_view(text).starts_with("inet6")) continue;  // a host without IPv6
        ASSERT_TRUE(listener) << text << ": " << listener.error().detail;
        EXPECT_FALSE(listener->bound().ends_with(":0")) << listener->bound();
        const std::string bound = listener->bound().substr(listener->bound().find(':') + 1);
        for (std::size_t i = 0; i < 3; ++i) {
            const Descriptor socket = listener->take(i);
            sockaddr_storage address{};
            socklen_t size = sizeof address;
            ASSERT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
            EXPECT_EQ(Address::of_system(&address, size).text(), bound);
        }
    }
}

TEST(Listener, a_second_daemon_cannot_share_the_port_unnoticed) {
    const auto first = Listener::open(*Endpoint::parse("inet:127.0.0.1:0"), {}, 2);
    ASSERT_TRUE(first);
    const auto second = Listener::open(*Endpoint::parse(first->bound()), {}, 2);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().detail.find(first->bound()), std::string::npos) << second.error().detail;
}

TEST(Listeners, every_problem_is_reported) {
    const TemporaryDirectory dir;
    std::vector<base::Error> problems;
    std::vector<ActivatedSocket> none;
    const std::vector<Endpoint> endpoints{unix_at(dir.path("no/such/dir")), *Endpoint::parse("systemd"), *Endpoint::parse("systemd:x"),
                                          *Endpoint::parse("inet:127.0.0.1:0"), *Endpoint::parse("inet:host.invalid:0")};
    const auto opened = open_listeners(endpoints, {}, 1, none, problems);
    EXPECT_EQ(opened.size(), 1U);
    EXPECT_EQ(problems.size(), 4U);
}

TEST(Listeners, systemd_without_a_name_is_what_no_other_entry_names) {
    std::vector<ActivatedSocket> activated;
    std::vector<std::string> bound;
    for (const char* name : {"milter", "http", "milter"}) {
        auto listener = Listener::open(*Endpoint::parse("inet:127.0.0.1:0"), {}, 1);
        ASSERT_TRUE(listener);
        bound.push_back(listener->bound());
        activated.push_back({listener->take(0), name});
    }
    std::vector<base::Error> problems;
    const auto opened = open_listeners({*Endpoint::parse("systemd"), *Endpoint::parse("systemd:http")}, {}, 2, activated, problems);
    EXPECT_TRUE(problems.empty());
    ASSERT_EQ(opened.size(), 3U);
    EXPECT_EQ(opened[0].bound(), bound[1]);
    EXPECT_EQ(opened[1].bound(), bound[0]);
    EXPECT_EQ(opened[2].bound(), bound[2]);
}

}  // namespace
}  // namespace exota::net
