#include "app/daemon.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "app/testing_daemon.h"
#include "net/listener.h"

namespace exota::app {
namespace {

using net::Descriptor;
using net::testing::at_end;
using net::testing::connect_to;
using net::testing::send_all;
using namespace std::string_literals;
using testing::contoso;
using testing::Daemon;
using testing::Mta;
using testing::nobody;
using testing::tenants;
using testing::write;

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

TEST_F(Daemon, messages_in_hand_are_finished_first) {
    start();
    ASSERT_FALSE(bound_.empty()) << complaints_;
    Mta idle(bound_[0]), busy(bound_[0]);
    EXPECT_TRUE(idle.message(nobody).starts_with('y'));
    EXPECT_TRUE(busy.message(nobody).starts_with('y'));
    for (int i = 0; i < 2; ++i) logged("event=message");
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
    logged("event=message");
    EXPECT_NE(logged("event=stopped").find("cut=0"), std::string::npos) << "the last record";
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
    second_ = std::chrono::milliseconds(20);
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
