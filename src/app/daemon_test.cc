#include "app/daemon.h"

#include <gtest/gtest.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <csignal>
#include <fstream>
#include <future>
#include <thread>

#include "app/testing.h"
#include "net/listener.h"
#include "net/testing.h"

namespace exota::app {
namespace {

using net::Descriptor;
using net::testing::at_end;
using net::testing::connect_to;
using net::testing::receive;
using net::testing::receive_all;
using net::testing::send_all;
using net::testing::TemporaryDirectory;
using namespace std::string_literals;

/// An MTA's side of the milter protocol, as far as these tests need it.
class Mta {
public:
    explicit Mta(const std::string& where) : socket_(connect_to(where)) {
        if (!socket_) return;
        send('O', "\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"s);
        negotiated_ = read().starts_with('O');
        if (!negotiated_) return;
        send('D', "C{client_addr}\0"s + "192.0.2.1\0"s);
        send('C', "mail.example\0"s + "4\0\x19"s + "192.0.2.1\0"s);
        send('H', "mail.example\0"s);
    }
    bool connected() const noexcept { return negotiated_; }
    void begin(const std::string& author) {
        send('D', "Mi\0"s + "4ABC\0"s);
        send('M', "<a@b.example>\0"s);
        send('R', "<c@d.example>\0"s);
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
    const Descriptor& socket() const noexcept { return socket_; }

private:
    void send(char command, const std::string& payload) {
        const auto size = static_cast<std::uint32_t>(payload.size() + 1);
        std::string frame;
        for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(size >> shift & 0xff);
        send_all(socket_, frame + command + payload);
    }
    std::string read() {
        const std::string length = receive(socket_, 4);
        if (length.size() < 4) return {};
        std::size_t size = 0;
        for (const char c : length) size = size << 8 | static_cast<unsigned char>(c);
        return receive(socket_, size);
    }
    Descriptor socket_;
    bool negotiated_ = false;
};

void write(const std::string& path, const std::string& text) {
    const std::string beside = path + ".new";
    std::ofstream(beside) << text;
    std::filesystem::rename(beside, path);
}

std::string tenants(const std::string& domain, int more = 0) {
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
        log_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
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
            const DaemonEnd how = run_daemon({.read_config = [this] { return load_config(directory_.path("exota.toml")); },
                                              .force_monitor = monitor,
                                              .version = "test",
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
        const Descriptor client = connect_to(bound_.at(1));
        EXPECT_TRUE(send_all(client, "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        return receive_all(client);
    }

    TemporaryDirectory directory_;
    Descriptor log_;
    std::thread thread_;
    std::future<DaemonEnd> end_;
    std::vector<std::string> bound_;
    std::string complaints_;
    bool ended_ = false;
};

const std::string nobody = "Jane <jane@nobody.example>", contoso = "Jane <jane@contoso.example>";

TEST_F(Daemon, serves_logs_counts_and_ends) {
    start();
    ASSERT_EQ(bound_.size(), 2U) << complaints_;
    logged("event=ready");
    Mta mta(bound_[0]);
    ASSERT_TRUE(mta.connected());
    EXPECT_TRUE(mta.message(nobody).starts_with("y550 5.7.1 ")) << "no tenant covers it";
    const std::string line = logged("event=message");
    for (const char* field : {" verdict=reject ", " judged=reject ", " reason=no-policy ", " author_domain=nobody.example ",
                              " queue_id=4ABC ", " client=192.0.2.1 "})
        EXPECT_NE(line.find(field), std::string::npos) << field << " in " << line;
    const std::string metrics = get("/metrics");
    EXPECT_NE(metrics.find("exota_messages_total{verdict=\"reject\",judged=\"reject\",reason=\"no-policy\",mode=\"enforce\"} 1\n"),
              std::string::npos)
        << metrics;
    EXPECT_NE(metrics.find("exota_tenants 1\n"), std::string::npos);
    EXPECT_NE(metrics.find("exota_sessions 1\n"), std::string::npos);
    EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(get("/readyz").starts_with("HTTP/1.1 200"));
    stop();
    EXPECT_TRUE(at_end(mta.socket()));
    EXPECT_FALSE(std::filesystem::exists(directory_.path("s"))) << "the socket file is removed";
    logged("event=stopped");
}

TEST_F(Daemon, monitor_refuses_nothing) {
    start(ForceMonitor::yes);
    ASSERT_FALSE(bound_.empty()) << complaints_;
    EXPECT_NE(logged("event=forced-monitor").find("level=warning"), std::string::npos);
    Mta mta(bound_[0]);
    EXPECT_FALSE(mta.message(nobody).starts_with('y'));
    const std::string line = logged("event=message");
    EXPECT_NE(line.find(" verdict=accept judged=reject reason=no-policy mode=monitor "), std::string::npos) << line;
    reload();
    logged("event=reloaded");
    EXPECT_FALSE(mta.message(nobody).starts_with('y')) << "a reload does not forget --monitor";
}

TEST_F(Daemon, a_reload_is_whole_or_not_at_all) {
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    Mta mta(bound_[0]);
    EXPECT_TRUE(mta.message(contoso).starts_with('y'));
    EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos);

    // Good tenants, bad configuration: nothing of either is taken.
    write(directory_.path("tenants.json"), tenants("other.example"));
    write(directory_.path("exota.toml"), config("no_such_key = 1"));
    reload();
    EXPECT_NE(logged("event=config-problem").find("no_such_key"), std::string::npos);
    logged("event=reload-failed");
    EXPECT_TRUE(get("/readyz").starts_with("HTTP/1.1 200"));
    EXPECT_NE(get("/metrics").find("exota_reload_failures_total 1\n"), std::string::npos);
    EXPECT_TRUE(mta.message(contoso).starts_with('y'));
    EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos) << "the running one stays";

    // Good configuration, bad tenants.
    write(directory_.path("exota.toml"), config("max_sessions = 77"));
    write(directory_.path("tenants.json"), "{\"version\": 2, \"tenants\": {\"contoso\": {\"domains\": [\"not a domain\"]}}}");
    reload();
    logged("event=tenants-problem");
    logged("event=reload-failed");

    // Both good: taken, and what needs a restart is said.
    write(directory_.path("tenants.json"), tenants("other.example"));
    reload();
    EXPECT_NE(logged("event=restart-needed").find("setting=milter.max_sessions"), std::string::npos);
    logged("event=reloaded");
    EXPECT_TRUE(mta.message(contoso).starts_with('y'));
    EXPECT_NE(logged("event=message").find("reason=no-policy"), std::string::npos);
    const std::string metrics = get("/metrics");
    EXPECT_NE(metrics.find("exota_reload_failures_total 2\n"), std::string::npos) << metrics;
    EXPECT_NE(metrics.find("exota_reloads_total 1\n"), std::string::npos) << metrics;
    EXPECT_NE(metrics.find("exota_snapshot_generation 2\n"), std::string::npos) << metrics;
}

TEST_F(Daemon, a_reload_reads_the_public_suffix_list_again) {
    const std::string by_list = "[dkim]\nsource = \"verify\"\n[dns]\nservers = [\"127.0.0.1\"]\ndnssec = \"off\"\n[dmarc]\nrfc = 7489\n" +
                                ("public_suffix_file = \"" + directory_.path("list.dat") + "\"\n");
    const std::string list = "// ===BEGIN ICANN DOMAINS===\nexample\n// ===END ICANN DOMAINS===\n";
    write(directory_.path("exota.toml"), config("", by_list));
    write(directory_.path("list.dat"), list);
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    write(directory_.path("list.dat"), list.substr(0, 40));
    reload();
    EXPECT_NE(logged("dmarc.public_suffix_file").find("event=config-problem"), std::string::npos);
    logged("event=reload-failed");
    write(directory_.path("list.dat"), list);
    reload();
    logged("event=reloaded");
}

TEST_F(Daemon, a_changed_tenants_file_is_found_without_a_signal) {
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    logged("event=ready");
    write(directory_.path("tenants.json"), tenants("other.example"));
    EXPECT_NE(logged("event=reloaded").find("cause=tenants-file"), std::string::npos);
    Mta mta(bound_[0]);
    EXPECT_TRUE(mta.message("x@other.example").starts_with('y'));
    EXPECT_NE(logged("event=message").find("tenant=contoso"), std::string::npos);
}

TEST_F(Daemon, a_tenants_file_that_is_gone_is_said_and_counted) {
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    logged("event=ready");
    std::filesystem::remove(directory_.path("tenants.json"));
    EXPECT_NE(logged("event=tenants-vanished").find("place=" + directory_.path("tenants.json")), std::string::npos);
    EXPECT_NE(get("/metrics").find("exota_reload_failures_total 1\n"), std::string::npos);
    Mta mta(bound_[0]);
    EXPECT_TRUE(mta.message(contoso).starts_with('y')) << "what is loaded stays";
    write(directory_.path("tenants.json"), tenants("other.example"));
    logged("event=reloaded");
}

TEST_F(Daemon, a_file_that_lost_most_domains_is_not_taken) {
    write(directory_.path("tenants.json"), tenants("contoso.example", 9));
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    write(directory_.path("tenants.json"), tenants("contoso.example", 6));
    reload();
    EXPECT_NE(logged("accept-shrink").find("event=tenants-problem"), std::string::npos);
    logged("event=reload-failed");
    write(directory_.path("tenants.json"), tenants("contoso.example", 7));  // a fifth, no more
    reload();
    logged("event=reloaded");
}

TEST_F(Daemon, messages_in_hand_are_finished_first) {
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    Mta idle(bound_[0]), busy(bound_[0]);
    EXPECT_TRUE(idle.message(nobody).starts_with('y'));
    EXPECT_TRUE(busy.message(nobody).starts_with('y'));
    busy.begin(nobody);
    busy.wait_until_read();
    kill(getpid(), SIGTERM);
    logged("event=stopping");
    EXPECT_TRUE(at_end(idle.socket()));
    EXPECT_TRUE(get("/readyz").starts_with("HTTP/1.1 503"));
    EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200"));
    EXPECT_FALSE(Mta(bound_[0]).connected());
    EXPECT_TRUE(busy.end().starts_with("y550 ")) << "judged, not cut";
    EXPECT_EQ(wait_for_end(), DaemonEnd::stopped);
    EXPECT_NE(logged("event=stopped").find("cut=0"), std::string::npos);
}

TEST_F(Daemon, a_second_signal_ends_at_once) {
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    Mta busy(bound_[0]);
    busy.message(nobody);
    busy.begin(nobody);
    busy.wait_until_read();
    kill(getpid(), SIGTERM);
    logged("event=stopping");
    kill(getpid(), SIGINT);
    EXPECT_TRUE(at_end(busy.socket()));
    EXPECT_EQ(wait_for_end(), DaemonEnd::stopped);
}

TEST_F(Daemon, a_drain_has_an_end) {
    write(directory_.path("exota.toml"), config("", "drain_timeout = \"1s\"\n"));
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    Mta busy(bound_[0]);
    busy.message(nobody);
    busy.begin(nobody);
    busy.wait_until_read();
    kill(getpid(), SIGTERM);
    EXPECT_TRUE(at_end(busy.socket()));
    EXPECT_EQ(wait_for_end(), DaemonEnd::stopped);
    logged("event=stopped");
}

TEST_F(Daemon, garbage_is_hung_up_on_counted_and_said) {
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    Mta witness(bound_[0]);
    for (const std::string& garbage : {"\0\0\0\0"s, "\xff\xff\xff\xffX"s, "\0\0\0\x01Z"s, "\0\0\0\x01M"s, "GET / HTTP/1.1\r\n\r\n"s}) {
        const Descriptor client = connect_to(bound_[0]);
        EXPECT_TRUE(send_all(client, garbage));
        EXPECT_TRUE(at_end(client));
    }
    EXPECT_NE(logged("event=protocol-error").find("kind="), std::string::npos);
    EXPECT_NE(get("/metrics").find("exota_protocol_errors_total{kind=\""), std::string::npos);
    EXPECT_TRUE(witness.message(nobody).starts_with('y'));
}

TEST_F(Daemon, every_problem_at_start_is_told) {
    write(directory_.path("exota.toml"), config("no_such_key = 1\nmax_sessions = \"many\""));
    start();
    EXPECT_EQ(wait_for_end(), DaemonEnd::bad_config);
    EXPECT_NE(complaints_.find("no_such_key"), std::string::npos) << complaints_;
    EXPECT_NE(complaints_.find("max_sessions"), std::string::npos) << complaints_;
}

TEST_F(Daemon, bad_or_missing_tenants_keep_it_from_starting) {
    write(directory_.path("tenants.json"), "{");
    start();
    EXPECT_EQ(wait_for_end(), DaemonEnd::bad_config);
    EXPECT_NE(complaints_.find("tenants.json"), std::string::npos) << complaints_;
    std::filesystem::remove(directory_.path("tenants.json"));
    complaints_.clear();
    start();
    EXPECT_EQ(wait_for_end(), DaemonEnd::bad_config);
    EXPECT_NE(complaints_.find("tenants.json"), std::string::npos) << complaints_;
}

TEST_F(Daemon, a_socket_that_is_taken_keeps_it_from_starting) {
    const auto other = net::Listener::open(*net::Endpoint::parse("unix:" + directory_.path("s")), {}, 1);
    ASSERT_TRUE(other);
    start();
    EXPECT_EQ(wait_for_end(), DaemonEnd::no_socket);
    EXPECT_NE(complaints_.find("listens there already"), std::string::npos) << complaints_;
}

}  // namespace
}  // namespace exota::app
