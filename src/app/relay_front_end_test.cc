// A gateway to Exchange on the loops of the workers: a next hop in the clear, counters, log, a reload, a drain. What it says is tested
// where it is decided (gate/relay_*_test.cc), with TLS, DNS and real servers in tests/system/test_relay*.py.
#include "app/relay_front_end.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <vector>

#include "app/mta_sts_store.h"
#include "app/testing_backend.h"
#include "config/config.h"
#include "net/testing_house.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/testing.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using testing::ask;
using testing::Backend;
using testing::line_of;
using testing::plain_offers;
using testing::send_all;

class RelayFrontTest : public ::testing::Test {
protected:
    void serve(const Backend& hop) {
        config_.direction = config::Direction::to_exchange;
        config_.session.name = config_.relay.name = "out";
        config_.session.hostname = config_.relay.hostname = "us.test";
        config_.session.spool_directory = directory_.path("");
        config_.session.max_sessions_per_client = 3;
        config_.relay.next_hop = {gate::NextHop::Kind::fixed, "127.0.0.1", hop.address().port};
        config_.relay.tls_level = gate::TlsLevel::may;
        front_ = open_relay_front(config_, policies_).value();
        workers_.emplace(2, dns_, std::make_shared<const gate::Snapshot>(), log_, metrics_);
        listeners_.push_back(std::move(*net::Listener::open(*net::Endpoint::parse("inet:127.0.0.1:0"), {}, 2)));
        workers_->add(front_->options(log_, metrics_), listeners_);
        workers_->start();
    }
    ~RelayFrontTest() override { workers_.reset(); }

    net::Descriptor client(std::string_view greeting = "220 us.test ESMTP\r\n") const {
        net::Descriptor socket = net::testing::connect_to(listeners_.front().bound());
        EXPECT_EQ(line_of(socket), greeting);
        return socket;
    }
    static std::string message(const net::Descriptor& socket) {
        EXPECT_TRUE(ask(socket, "MAIL FROM:<jane@contoso.example>").starts_with("250 "));
        EXPECT_TRUE(ask(socket, "RCPT TO:<bob@dest.example>").starts_with("250 "));
        EXPECT_TRUE(ask(socket, "DATA").starts_with("354 "));
        return ask(socket, "Subject: hello\r\n\r\ntext\r\n.");
    }
    bool counted(std::string_view sample) {
        return net::testing::eventually([&] { return metrics_.text().find(sample) != std::string::npos; });
    }
    bool logged(std::string_view text) {
        return net::testing::eventually([&] { return lines_->all().find(text) != std::string::npos; });
    }

    net::testing::TemporaryDirectory directory_;
    std::vector<net::Listener> listeners_;
    std::unique_ptr<telemetry::testing::MemorySink> sink_ = std::make_unique<telemetry::testing::MemorySink>();
    std::shared_ptr<telemetry::testing::Lines> lines_ = sink_->lines();
    telemetry::Log log_{{}, std::move(sink_)};
    telemetry::Metrics metrics_{"test"};
    config::DnsConfig dns_;
    config::GatewayConfig config_;
    MtaStsStores policies_;
    std::unique_ptr<GatewaySection> front_;
    std::optional<Workers> workers_;
};

TEST_F(RelayFrontTest, a_message_to_a_fixed_next_hop) {
    const Backend hop{std::string(plain_offers)};
    serve(hop);
    EXPECT_TRUE(front_->ready());
    const net::Descriptor socket = client();
    ASSERT_TRUE(ask(socket, "EHLO mta.test").starts_with("250 "));
    EXPECT_EQ(message(socket), "250 2.0.0 taken\r\n");
    EXPECT_EQ(hop.messages(), 1);
    EXPECT_TRUE(counted("exota_gateway_relayed_total{gateway=\"out\",policy=\"setting\",tls=\"none\",result=\"delivered\"} 1\n"));
    ASSERT_TRUE(logged(" event=relayed "));
    const std::string line = lines_->all();
    const std::string address = hop.address().text();
    EXPECT_FALSE(line.substr(line.find(" event=relayed ")).contains(" level=")) << "that is the record's own: " << line;
    EXPECT_NE(line.find(" front=gateway gateway=out queue_id="), std::string::npos) << line;
    EXPECT_NE(line.find(" client=127.0.0.1 mail_from=jane@contoso.example recipients=1 octets=24 destination=127.0.0.1 next_hop=127.0.0.1 "
                        "address=" +
                        address + " tls=none policy=setting tls_level=may proof=none reply=\"250 2.0.0 taken\""),
              std::string::npos)
        << line;
}

TEST_F(RelayFrontTest, a_next_hop_that_is_away_is_logged_and_counted) {
    std::optional<Backend> hop{std::string(plain_offers)};
    serve(*hop);
    hop.reset();
    const net::Descriptor socket = client();
    EXPECT_TRUE(ask(socket, "EHLO mta.test").starts_with("250"));
    EXPECT_TRUE(ask(socket, "MAIL FROM:<>").starts_with("250 "));
    EXPECT_TRUE(ask(socket, "RCPT TO:<bob@dest.example>").starts_with("451 4.4.1 "));
    EXPECT_TRUE(counted("exota_gateway_backend_failures_total{gateway=\"out\",kind=\"unreachable\"} "));
    EXPECT_TRUE(logged(" gateway=out kind=unreachable next_hop=127.0.0.1 address=127.0.0.1:")) << lines_->all();
}

TEST_F(RelayFrontTest, a_client_that_may_not_send) {
    const Backend hop{std::string(plain_offers)};
    config_.relay.clients = {base::IpPrefix::parse("192.0.2.0/24").value()};
    serve(hop);
    const net::Descriptor socket = client("554 5.7.1 You may not send here\r\n");
    EXPECT_TRUE(net::testing::at_end(socket));
    EXPECT_TRUE(counted("exota_gateway_clients_refused_total{gateway=\"out\"} 1\n"));
    EXPECT_TRUE(logged(" level=warning event=client-refused text="));
    EXPECT_EQ(hop.connections(), 0);
}

TEST_F(RelayFrontTest, sessions_that_begin_after_a_reload_go_by_the_new_settings_but_for_the_protocol) {
    const Backend hop{std::string(plain_offers)};
    serve(hop);
    const net::Descriptor before = client();
    config::GatewayConfig next = config_;
    next.relay.hostname = "other.test";
    next.relay.protocol = gate::RelayProtocol::lmtp;
    front_->use(next);
    const net::Descriptor after = client("220 other.test ESMTP\r\n");
    EXPECT_TRUE(ask(before, "NOOP").starts_with("250 "));
    next.direction = config::Direction::from_exchange;
    next.relay.hostname = "third.test";
    front_->use(next);
    const net::Descriptor unchanged = client("220 other.test ESMTP\r\n");
}

TEST_F(RelayFrontTest, a_reload_that_switches_mta_sts_on_opens_its_store) {
    const Backend hop{std::string(plain_offers)};
    config_.relay.mta_sts = false;
    config_.relay.mta_sts_directory = directory_.path("mta-sts");
    serve(hop);
    const auto keeps = [this](const std::string& directory) {
        const std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};
        return policies_.at(directory)->store("a.test", "x", now + 1h, now).has_value();
    };
    EXPECT_FALSE(keeps(config_.relay.mta_sts_directory)) << "so far nothing is to be kept";
    config::GatewayConfig next = config_;
    next.relay.mta_sts = true;
    front_->use(next);
    EXPECT_FALSE(keeps(config_.relay.mta_sts_directory)) << "nobody is found by MX";
    next.relay.next_hop = {};
    front_->use(next);
    EXPECT_TRUE(keeps(config_.relay.mta_sts_directory));
}

TEST_F(RelayFrontTest, one_that_cannot_be_opened_by_a_reload_is_told) {
    const Backend hop{std::string(plain_offers)};
    config_.relay.mta_sts = false;
    config_.relay.mta_sts_directory = "/nowhere/mta-sts";
    serve(hop);
    config::GatewayConfig next = config_;
    next.relay.mta_sts = true;
    next.relay.next_hop = {};
    front_->use(next);
    EXPECT_TRUE(logged(" level=warning event=mta-sts-store text=\"/nowhere/mta-sts: No such file or directory\" gateway=out"))
        << lines_->all();
}

TEST_F(RelayFrontTest, a_client_with_as_many_sessions_as_it_may_have_is_told) {
    const Backend hop{std::string(plain_offers)};
    serve(hop);
    std::vector<net::Descriptor> sockets;
    for (int i = 0; i < 3; ++i) sockets.push_back(client());
    const net::Descriptor one_more = client("421 4.7.0 us.test Too many sessions from your address\r\n");
}

TEST_F(RelayFrontTest, a_drain_lets_a_message_in_hand_end) {
    const Backend hop{std::string(plain_offers)};
    serve(hop);
    const net::Descriptor idle = client(), busy = client();
    ASSERT_TRUE(ask(busy, "EHLO mta.test").starts_with("250 "));
    EXPECT_TRUE(ask(busy, "MAIL FROM:<jane@contoso.example>").starts_with("250 "));
    EXPECT_TRUE(ask(busy, "RCPT TO:<bob@dest.example>").starts_with("250 "));
    EXPECT_TRUE(ask(busy, "DATA").starts_with("354 "));
    std::promise<void> gone;
    workers_->drain([&gone] { gone.set_value(); });
    EXPECT_TRUE(line_of(idle).starts_with("421 "));
    EXPECT_EQ(ask(busy, "Subject: x\r\n\r\ntext\r\n."), "250 2.0.0 taken\r\n");
    EXPECT_EQ(gone.get_future().wait_for(60s), std::future_status::ready);
    EXPECT_EQ(hop.messages(), 1);
}

TEST(RelayFront, directories_that_cannot_be_used_are_errors) {
    const net::testing::TemporaryDirectory directory;
    config::GatewayConfig config;
    config.direction = config::Direction::to_exchange;
    config.session.name = "out";
    config.session.spool_directory = "/nowhere/at/all";
    std::string said;
    EXPECT_FALSE(open_gateways({config}, [&](std::string_view line) { said = line; }));
    EXPECT_TRUE(said.starts_with("exota: gateway.out.spool_directory: /nowhere/at/all: ")) << said;
    config.session.spool_directory = directory.path("");
    config.relay.mta_sts_directory = "/nowhere/mta-sts";
    EXPECT_FALSE(open_gateways({config}, [&](std::string_view line) { said = line; }));
    EXPECT_TRUE(said.starts_with("exota: gateway.out.mta_sts_directory: /nowhere/mta-sts: ")) << said;
    config.relay.mta_sts = false;
    EXPECT_TRUE(open_gateways({config}, [&](std::string_view line) { said = line; })) << "nothing is kept there";
}

}  // namespace
}  // namespace exota::app
