// A gateway on the loops of the workers: TLS with the client, a backend in the clear, counters, log, a reload, a drain. What it says is
// tested where it is decided (gate/gateway_*_test.cc), with real servers in tests/system/test_gateway*.py.
#include "app/gateway_front_end.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <vector>

#include "app/testing_backend.h"
#include "app/testing_daemon.h"
#include "config/config.h"
#include "net/testing_house.h"
#include "net/testing_lines.h"
#include "net/testing_relay.h"
#include "net/tls_helper.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/testing.h"
#include "tenant/tenants_file.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using net::testing::Identity;
using net::testing::line_of;
using net::testing::send_all;
using net::testing::TlsClient;
using net::testing::write_file;
using testing::ask;
using testing::Backend;
using testing::last_line_of;
using testing::plain_offers;

class GatewayFrontTest : public ::testing::Test {
protected:
    void serve(const Backend& backend, gate::BackendIdentity identity) {
        config_.session.name = "exchange";
        config_.session.hostname = "gw.test";
        config_.session.backend = {backend.address().text()};
        config_.session.backend_identity = identity;
        config_.session.xoorg_names = {"mail.protection.outlook.com"};
        config_.session.offers_tls = true;
        config_.session.spool_directory = directory_.path("");
        config_.session.max_sessions_per_client = 3;
        config_.backends = {{backend.address(), "127.0.0.1"}};
        config_.listener_tls = server_context();
        front_ = open_gateway_front(config_).value();
        workers_.emplace(2, dns_, snapshot(), log_, metrics_);
        listeners_.push_back(std::move(*net::Listener::open(*net::Endpoint::parse("inet:127.0.0.1:0"), {}, 2)));
        workers_->add(front_->options(log_, metrics_), listeners_);
        workers_->start();
    }
    ~GatewayFrontTest() override { workers_.reset(); }

    std::shared_ptr<const net::TlsContext> server_context() {
        write_file(directory_.path("roots.pem"), root_.chain());
        write_file(directory_.path("host.pem"), host_.chain() + host_.key());
        auto made = net::TlsContext::make(
            net::TlsRole::server,
            {.certificate_file = directory_.path("host.pem"), .roots_file = directory_.path("roots.pem"), .request_certificate = true});
        return std::move(made).value();
    }
    static std::shared_ptr<const gate::Snapshot> snapshot() {
        auto made = std::make_shared<gate::Snapshot>();
        made->rules.mode = tenant::Mode::monitor;  // what passes is not this test's matter
        tenant::Defaults defaults;
        defaults.mode = tenant::Mode::monitor;
        auto read = tenant::read_tenants(testing::tenants("contoso.example"), defaults);
        made->tenants = std::make_shared<const tenant::Index>(std::move(read.index).value());
        return made;
    }
    net::Descriptor client() const { return net::testing::connect_to(listeners_.front().bound()); }
    std::unique_ptr<TlsClient> secured(const Identity* identity) {
        net::Descriptor socket = client();
        EXPECT_TRUE(line_of(socket).starts_with("220 "));
        EXPECT_TRUE(ask(socket, "EHLO exo.test").starts_with("250 "));
        EXPECT_TRUE(ask(socket, "STARTTLS").starts_with("220 "));
        auto made = std::make_unique<TlsClient>(std::move(socket), net::testing::TlsClientOptions{.identity = identity});
        EXPECT_TRUE(made->handshake());
        return made;
    }
    static std::string ask_under_tls(TlsClient& client, std::string_view line) {
        EXPECT_TRUE(client.send(std::string(line) + "\r\n"));
        return last_line_of([&] { return client.line(); });
    }
    bool counted(std::string_view sample) {
        return net::testing::eventually([&] { return metrics_.text().find(sample) != std::string::npos; });
    }

    net::testing::WithoutPipeSignal no_signal_;
    net::testing::TemporaryDirectory directory_;
    Identity root_ = Identity::root("Root");
    Identity host_ = root_.issue({.dns_names = {"gw.test"}, .usages = "serverAuth"});
    Identity exchange_ = root_.issue({.dns_names = {"mail.protection.outlook.com"}, .usages = "serverAuth"});
    std::vector<net::Listener> listeners_;
    std::unique_ptr<telemetry::testing::MemorySink> sink_ = std::make_unique<telemetry::testing::MemorySink>();
    std::shared_ptr<telemetry::testing::Lines> lines_ = sink_->lines();
    telemetry::Log log_{{}, std::move(sink_)};
    telemetry::Metrics metrics_{"test"};
    config::DnsConfig dns_;
    config::GatewayConfig config_;
    std::unique_ptr<GatewaySection> front_;
    std::optional<Workers> workers_;
};

TEST_F(GatewayFrontTest, a_message_under_tls_with_an_organisation) {
    const Backend backend{std::string(plain_offers)};
    serve(backend, gate::BackendIdentity::none);
    const auto exchange = secured(&exchange_);
    ASSERT_TRUE(ask_under_tls(*exchange, "EHLO exo.test").starts_with("250 "));
    EXPECT_TRUE(ask_under_tls(*exchange, "MAIL FROM:<a@contoso.example> XOORG=contoso.example").starts_with("250 "));
    EXPECT_TRUE(ask_under_tls(*exchange, "RCPT TO:<b@dest.example>").starts_with("250 "));
    EXPECT_TRUE(ask_under_tls(*exchange, "DATA").starts_with("354 "));
    EXPECT_EQ(ask_under_tls(*exchange, "From: a@contoso.example\r\n\r\ntext\r\n."), "250 2.0.0 taken\r\n");
    EXPECT_EQ(backend.messages(), 1);
    EXPECT_TRUE(counted("exota_gateway_messages_total{gateway=\"exchange\",stage=\"header\",verdict=\"accept\"} 1\n"));
    EXPECT_TRUE(counted("exota_gateway_tls_handshakes_total{gateway=\"exchange\",side=\"client\",result=\"verified\"} 1\n"));
    EXPECT_TRUE(net::testing::eventually(
        [&] { return lines_->all().find(" front=gateway gateway=exchange stage=header backend=127.0.0.1:") != std::string::npos; }));
    const std::string line = lines_->all();
    EXPECT_NE(line.find(" backend_reply=\"250 2.0.0 taken\" answered=\"250 2.0.0 taken\" "), std::string::npos) << line;
    EXPECT_NE(line.find(" certificate=mail.protection.outlook.com "), std::string::npos) << line;
}

TEST_F(GatewayFrontTest, a_message_that_is_refused_without_a_verdict_is_logged_and_counted) {
    const Backend backend{std::string(plain_offers)};
    serve(backend, gate::BackendIdentity::none);
    const net::Descriptor socket = client();
    EXPECT_TRUE(line_of(socket).starts_with("220 "));
    ASSERT_TRUE(ask(socket, "EHLO exo.test").starts_with("250 "));
    EXPECT_TRUE(ask(socket, "MAIL FROM:<a@contoso.example>").starts_with("250 "));
    EXPECT_TRUE(ask(socket, "RCPT TO:<b@dest.example>").starts_with("250 "));
    EXPECT_TRUE(ask(socket, "DATA").starts_with("354 "));
    EXPECT_TRUE(ask(socket, "From: a@contoso.example\nSubject: x\r\n\r\ntext\r\n.").starts_with("550 5.6.11 "));
    EXPECT_EQ(backend.messages(), 0);
    EXPECT_TRUE(counted("exota_gateway_unjudged_total{gateway=\"exchange\",status=\"550 5.6.11\"} 1\n"));
    EXPECT_TRUE(net::testing::eventually([&] { return lines_->all().find(" event=message-unjudged ") != std::string::npos; }));
    EXPECT_NE(lines_->all().find(" answered=\"550 5.6.11 "), std::string::npos) << lines_->all();
}

TEST_F(GatewayFrontTest, a_backend_without_xclient_makes_us_not_ready) {
    const Backend backend{std::string(plain_offers)};
    serve(backend, gate::BackendIdentity::xclient);
    EXPECT_TRUE(front_->ready()) << "nothing is known of it yet";
    const net::Descriptor socket = client();
    EXPECT_TRUE(line_of(socket).starts_with("220 "));
    EXPECT_TRUE(ask(socket, "EHLO exo.test").starts_with("421 4.3.2 "));
    EXPECT_FALSE(front_->ready());
    EXPECT_TRUE(counted("exota_gateway_backend_failures_total{gateway=\"exchange\",kind=\"xclient-missing\"} 1\n"));
    EXPECT_TRUE(net::testing::eventually([&] { return lines_->all().find(" level=error event=backend-failed ") != std::string::npos; }));
    front_->use(config_);
    EXPECT_TRUE(front_->ready()) << "a reload asks anew";
}

TEST_F(GatewayFrontTest, sessions_that_begin_after_a_reload_go_by_the_new_settings) {
    const Backend backend{std::string(plain_offers)};
    serve(backend, gate::BackendIdentity::none);
    const net::Descriptor before = client();
    EXPECT_TRUE(line_of(before).starts_with("220 gw.test "));
    config_.session.hostname = "other.test";
    front_->use(config_);
    const net::Descriptor after = client();
    EXPECT_TRUE(line_of(after).starts_with("220 other.test "));
    EXPECT_NE(ask(before, "NOOP").find("250"), std::string::npos);
}

TEST_F(GatewayFrontTest, a_reload_that_would_change_the_door_brings_no_rules_of_the_other) {
    const Backend backend{std::string(plain_offers)};
    config_.session.door = gate::Door::inbound;
    serve(backend, gate::BackendIdentity::none);
    config_.session.door = gate::Door::relay;
    config_.session.early_refusal = true;
    front_->use(config_);
    const net::Descriptor socket = client();
    EXPECT_TRUE(line_of(socket).starts_with("220 "));
    ASSERT_TRUE(ask(socket, "EHLO exo.test").starts_with("250 "));
    EXPECT_TRUE(ask(socket, "MAIL FROM:<a@nobody.example>").starts_with("250 "));
}

TEST_F(GatewayFrontTest, a_client_with_as_many_sessions_as_it_may_have_is_told) {
    const Backend backend{std::string(plain_offers)};
    serve(backend, gate::BackendIdentity::none);
    std::vector<net::Descriptor> sockets;
    for (int i = 0; i < 3; ++i) {
        sockets.push_back(client());
        EXPECT_TRUE(line_of(sockets.back()).starts_with("220 ")) << i;
    }
    EXPECT_EQ(line_of(client()), "421 4.7.0 gw.test Too many sessions from your address\r\n");
    EXPECT_TRUE(counted("exota_gateway_sessions_refused_total{gateway=\"exchange\"} 1\n"));
}

TEST_F(GatewayFrontTest, a_drain_ends_idle_sessions_with_a_word) {
    const Backend backend{std::string(plain_offers)};
    serve(backend, gate::BackendIdentity::none);
    const net::Descriptor idle = client();
    EXPECT_TRUE(line_of(idle).starts_with("220 "));
    std::promise<void> gone;
    workers_->drain([&gone] { gone.set_value(); });
    EXPECT_TRUE(line_of(idle).starts_with("421 "));
    EXPECT_EQ(gone.get_future().wait_for(60s), std::future_status::ready);
}

TEST(GatewayFront, a_spool_directory_that_cannot_be_used_is_an_error) {
    config::GatewayConfig config;
    config.session.name = "exchange";
    config.session.spool_directory = "/nowhere/at/all";
    EXPECT_FALSE(open_gateway_front(config));
    std::string said;
    EXPECT_FALSE(open_gateways({config}, [&](std::string_view line) { said += line; }));
    EXPECT_TRUE(said.starts_with("exota: gateway.exchange.spool_directory: /nowhere/at/all: ")) << said;
}

}  // namespace
}  // namespace exota::app
