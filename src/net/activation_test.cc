#include "net/activation.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include <cstdlib>

#include "net/listener.h"

namespace exota::net {
namespace {

/// Runs `child` in a process of its own with `sockets` as descriptors 3, 4 …; the child's exit code is the result.
template <class Child>
int run_with(std::vector<Descriptor> sockets, Child child) {
    const pid_t pid = fork();
    if (pid == 0) {
        std::vector<int> high;
        for (const Descriptor& socket : sockets) high.push_back(fcntl(socket.get(), F_DUPFD, 100));
        for (std::size_t i = 0; i < high.size(); ++i) dup2(high[i], 3 + static_cast<int>(i));
        setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
        setenv("LISTEN_FDS", std::to_string(high.size()).c_str(), 1);
        _exit(child());
    }
    int status = 0;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

std::vector<Descriptor> listening(std::size_t count) {
    std::vector<Descriptor> sockets;
    for (std::size_t i = 0; i < count; ++i) sockets.push_back(Listener::open(*Endpoint::parse("inet:127.0.0.1:0"), {}, 1)->take(0));
    return sockets;
}

TEST(Activation, names_and_flags) {
    EXPECT_EQ(run_with(listening(3),
                       [] {
                           setenv("LISTEN_FDNAMES", "milter:http", 1);
                           const auto sockets = take_activated_sockets();
                           if (!sockets || sockets->size() != 3) return 1;
                           if ((*sockets)[0].name != "milter" || (*sockets)[1].name != "http" || (*sockets)[2].name != "unknown") return 2;
                           for (const ActivatedSocket& socket : *sockets) {
                               if ((fcntl(socket.descriptor.get(), F_GETFL) & O_NONBLOCK) == 0) return 3;
                               if ((fcntl(socket.descriptor.get(), F_GETFD) & FD_CLOEXEC) == 0) return 4;
                           }
                           if (getenv("LISTEN_FDS") || getenv("LISTEN_PID") || getenv("LISTEN_FDNAMES")) return 5;
                           return take_activated_sockets()->empty() ? 0 : 6;
                       }),
              0);
}

TEST(Activation, another_process_is_meant) {
    EXPECT_EQ(run_with(listening(1),
                       [] {
                           setenv("LISTEN_PID", "1", 1);
                           const auto sockets = take_activated_sockets();
                           return sockets && sockets->empty() ? 0 : 1;
                       }),
              0);
}

TEST(Activation, what_does_not_listen_is_an_error) {
    std::vector<Descriptor> plain;
    plain.emplace_back(socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(run_with(std::move(plain), [] { return take_activated_sockets() ? 1 : 0; }), 0);
    EXPECT_EQ(run_with({},
                       [] {
                           setenv("LISTEN_FDS", "1", 1);
                           close(3);
                           return take_activated_sockets() ? 1 : 0;
                       }),
              0);
}

TEST(Activation, numbers_that_are_none) {
    for (const char* count : {"", "x", "-1", "1x", "99999999999999999999", "1025"}) {
        EXPECT_EQ(run_with({},
                           [count] {
                               setenv("LISTEN_FDS", count, 1);
                               return take_activated_sockets() ? 1 : 0;
                           }),
                  0)
            << count;
    }
    EXPECT_TRUE(take_activated_sockets()->empty()) << "no variables, no sockets";
}

}  // namespace
}  // namespace exota::net
