#include "app/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <gtest/gtest.h>

#include <cstdlib>

#include "net/testing.h"

namespace exota::app {
namespace {

class Supervisor {
public:
    explicit Supervisor(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, sizeof address.sun_path - 1);
        if (name.front() == '@') address.sun_path[0] = '\0';
        const auto octets = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (name.front() == '@' ? 0 : 1));
        EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), octets), 0);
        net::testing::limit_time(socket_.get());
        setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }
    std::string hears() const {
        char buffer[4096];
        const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
        return {buffer, got < 0 ? 0 : static_cast<std::size_t>(got)};
    }

private:
    net::Descriptor socket_;
};

void speak(const Supervisor& supervisor) {
    const Notifier notifier = Notifier::from_environment();
    EXPECT_EQ(getenv("NOTIFY_SOCKET"), nullptr);
    notifier.ready("serves\n3 tenants");
    EXPECT_EQ(supervisor.hears(), "READY=1\nSTATUS=serves 3 tenants");
    notifier.reloading();
    const std::string reloading = supervisor.hears();
    ASSERT_TRUE(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << reloading;
    EXPECT_GT(std::stoll(reloading.substr(27)), 0);
    notifier.stopping("soon");
    EXPECT_EQ(supervisor.hears(), "STOPPING=1\nSTATUS=soon");
    notifier.watchdog();
    EXPECT_EQ(supervisor.hears(), "WATCHDOG=1");
}

TEST(Notifier, speaks_over_a_path_and_an_abstract_name) {
    const net::testing::TemporaryDirectory directory;
    speak(Supervisor(directory.path("notify")));
    speak(Supervisor("@exota-notify-test-" + std::to_string(getpid())));
}

TEST(Notifier, the_watchdog_of_this_process_only) {
    const struct {
        const char* interval;
        const char* process;
        bool want;
    } cases[] = {{"2000000", nullptr, true}, {"2000000", "1", false}, {"0", nullptr, false},
                 {"-5", nullptr, false},     {"x", nullptr, false},   {nullptr, nullptr, false}};
    for (const auto& c : cases) {
        if (c.interval) setenv("WATCHDOG_USEC", c.interval, 1);
        if (c.process) setenv("WATCHDOG_PID", c.process, 1);
        EXPECT_EQ(Notifier::from_environment().watchdog_interval().has_value(), c.want) << (c.interval ? c.interval : "none");
    }
    setenv("WATCHDOG_USEC", "2000000", 1);
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
    EXPECT_EQ(Notifier::from_environment().watchdog_interval(), std::chrono::seconds(2));
}

TEST(Notifier, without_a_supervisor_it_is_silent) {
    for (const char* odd : {"", "relative", "/no/such/socket"}) {
        setenv("NOTIFY_SOCKET", odd, 1);
        Notifier::from_environment().ready("x");
    }
    unsetenv("NOTIFY_SOCKET");
    Notifier::from_environment().ready("x");
}

}  // namespace
}  // namespace exota::app
