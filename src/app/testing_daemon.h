// An MTA's side of the milter protocol and a daemon on a thread of the test, for the tests of the daemon.
#pragma once

#include <gtest/gtest.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "app/daemon.h"
#include "net/testing.h"

namespace exota::app::testing {

using namespace std::string_literals;

/// An MTA's side of the milter protocol, as far as these tests need it.
class Mta {
public:
    explicit Mta(const std::string& where) : socket_(net::testing::connect_to(where)) {
        if (!socket_) return;
        send('O', "\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"s);
        negotiated_ = read().starts_with('O');
        if (!negotiated_) return;
        send('D', "C{client_addr}\0"s + "192.0.2.1\0"s);
        send('C', "mail.example\0"s + "4\0\x19"s + "192.0.2.1\0"s);
        send('H', "mail.example\0"s);
    }
    bool connected() const noexcept { return negotiated_; }
    void envelope() {
        send('D', "Mi\0"s + "4ABC\0"s);
        send('M', "<a@b.example>\0"s);
        send('R', "<c@d.example>\0"s);
    }
    /// What RCPT is told, where that is told.
    std::string recipient() {
        envelope();
        return read();
    }
    void begin(const std::string& author) {
        envelope();
        send('L', "From\0"s + author + '\0');
    }
    /// The server has taken everything that was sent.
    void wait_until_read() const {
        for (int unread = 1; unread > 0;) {
            if (ioctl(socket_.get(), SIOCOUTQ, &unread) != 0) return;
            std::this_thread::yield();
        }
    }
    /// The final answer, 'y' for a reply code, 'c' for continue …; its text without edits before it.
    std::string end() {
        send('E', "");
        for (;;) {
            std::string answer = read();
            if (answer.empty() || std::string_view("acdrty").find(answer.front()) != std::string_view::npos) return answer;
        }
    }
    std::string message(const std::string& author) {
        begin(author);
        return end();
    }
    const net::Descriptor& socket() const noexcept { return socket_; }

private:
    void send(char command, const std::string& payload) {
        const auto size = static_cast<std::uint32_t>(payload.size() + 1);
        std::string frame;
        for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(size >> shift & 0xff);
        net::testing::send_all(socket_, frame + command + payload);
    }
    std::string read() {
        const std::string length = net::testing::receive(socket_, 4);
        if (length.size() < 4) return {};
        std::size_t size = 0;
        for (const char c : length) size = size << 8 | static_cast<unsigned char>(c);
        return net::testing::receive(socket_, size);
    }
    net::Descriptor socket_;
    bool negotiated_ = false;
};

inline void write(const std::string& path, const std::string& text) {
    const std::string beside = path + ".new";
    std::ofstream(beside) << text;
    std::filesystem::rename(beside, path);
}

inline std::string tenants(const std::string& domain, int more = 0) {
    std::string domains = '"' + domain + '"';
    for (int i = 0; i < more; ++i) domains += ", \"d" + std::to_string(i) + ".example\"";
    return R"({"version": 2, "tenants": {"contoso": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "organizations": ["contoso.example"], "domains": [)" +
           domains + "]}}}";
}

/// A daemon on a thread of the test, and signals to the test's own process.
class Daemon : public ::testing::Test {
protected:
    std::string config(const std::string& milter = "", const std::string& more = "") const {
        return "[milter]\nlisten = [\"unix:" + directory_.path("s") + "\"]\n" + milter +
               "\n[authorisation]\nmode = \"enforce\"\n[dkim]\nsource = \"authentication-results\"\n[authentication_results]\n" +
               "trusted_authserv_ids = [\"mx.example\"]\n[header]\nauthserv_id = \"mx.example\"\n[tenants]\nfile = \"" +
               directory_.path("tenants.json") + "\"\nstate_directory = \"" + directory_.path("") +
               "\"\nwatch_interval = \"1s\"\n[log]\ntarget = \"syslog\"\nsocket = \"" + directory_.path("log") +
               "\"\n[http]\nlisten = \"127.0.0.1:0\"\n[server]\nthreads = 2\n" + more;
    }

    void SetUp() override {
        log_ = net::Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        directory_.path("log").copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(bind(log_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        net::testing::limit_time(log_.get());
        write(directory_.path("tenants.json"), tenants("contoso.example"));
        write(directory_.path("exota.toml"), config());
    }

    void TearDown() override {
        if (thread_.joinable() && !ended_) stop();
    }

    void start(ForceMonitor monitor = ForceMonitor::no) {
        std::promise<std::vector<std::string>> ready;
        std::promise<DaemonEnd> end;
        end_ = end.get_future();
        auto bound = ready.get_future();
        thread_ = std::thread([this, monitor, ready = std::move(ready), end = std::move(end)]() mutable {
            bool said = false;
            const DaemonEnd how = run_daemon({.read_config = [this] { return config::load(directory_.path("exota.toml")); },
                                              .watched_config = watched_config_,
                                              .force_monitor = monitor,
                                              .version = "test",
                                              .start_thread = start_thread_,
                                              .retry_after = retry_after_,
                                              .second = second_,
                                              .complain = [this](std::string_view text) { complaints_ += std::string(text) + '\n'; },
                                              .on_ready =
                                                  [&](const std::vector<std::string>& sockets) {
                                                      said = true;
                                                      ready.set_value(sockets);
                                                  }});
            if (!said) ready.set_value({});
            end.set_value(how);
        });
        bound_ = bound.get();
    }
    DaemonEnd wait_for_end() {
        const DaemonEnd how = end_.get();
        thread_.join();
        ended_ = true;
        return how;
    }
    void stop() {
        kill(getpid(), SIGTERM);
        EXPECT_EQ(wait_for_end(), DaemonEnd::stopped);
    }

    /// Reads the log until a record has `text`.
    std::string logged(std::string_view text) {
        std::string all, record(256 * 1024, '\0');
        for (;;) {
            const ssize_t got = ::recv(log_.get(), record.data(), record.size(), 0);
            if (got < 0) {
                ADD_FAILURE() << "never logged: " << text << "\nbut:\n" << all;
                return {};
            }
            const std::string_view one(record.data(), static_cast<std::size_t>(got));
            if (one.find(text) != std::string_view::npos) return std::string(one);
            all += std::string(one) + '\n';
        }
    }
    void reload() { kill(getpid(), SIGHUP); }

    std::string get(const std::string& target) const {
        const net::Descriptor client = net::testing::connect_to(bound_.at(1));
        EXPECT_TRUE(net::testing::send_all(client, "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        return net::testing::receive_all(client);
    }

    std::string watched_config_;  // exota serve --watch
    ThreadStarter start_thread_;
    std::chrono::milliseconds retry_after_{3'600'000};
    std::chrono::milliseconds second_{1'000};  // short where a test is about time that passes
    net::testing::TemporaryDirectory directory_;
    net::Descriptor log_;
    std::thread thread_;
    std::future<DaemonEnd> end_;
    std::vector<std::string> bound_;
    std::string complaints_;
    bool ended_ = false;
};

inline const std::string nobody = "Jane <jane@nobody.example>", contoso = "Jane <jane@contoso.example>";

}  // namespace exota::app::testing
