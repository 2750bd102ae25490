// Two front ends on the same loops: the milter, and a protocol of lines that dials, speaks TLS on either leg, and has messages judged by
// the judges that the milter's sessions use.
#include "app/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "app/milter_front_end.h"
#include "app/testing_daemon.h"
#include "config/config.h"
#include "gate/message.h"
#include "gate/milter_settings.h"
#include "net/testing_relay.h"
#include "net/tls_helper.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/testing.h"
#include "tenant/tenants_file.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using net::Leg;
using net::testing::answers;
using net::testing::at_end;
using net::testing::eventually;
using net::testing::Identity;
using net::testing::line_of;
using net::testing::RelayHouse;
using net::testing::RelaySession;
using net::testing::RelayStage;
using net::testing::TlsClient;
using net::testing::WithoutPipeSignal;
using net::testing::write_file;
using testing::Mta;
using testing::nobody;

/// RelaySession's lines, and: judge ADDRESS → the reply that a message from there gets.
class JudgingSession final : public net::Session {
public:
    JudgingSession(RelayStage& stage, gate::Judge& judge, const std::function<void()>& wake)
        : judge_(judge), wake_(wake), lines_(stage, wake) {}

    Step feed(Leg leg, std::string_view bytes, net::Out& out) override {
        constexpr std::string_view verb = "judge ";
        const std::size_t end = bytes.find('\n');
        if (leg == Leg::far || !bytes.starts_with(verb) || end == std::string_view::npos) return lines_.feed(leg, bytes, out);
        gate::Message message(judge_, front_, {}, wake_);
        message.header_field("From", ' ' + std::string(bytes.substr(verb.size(), end - verb.size())));
        message.judge(gate::Stage::message);
        if (message.standing() != gate::Message::Standing::decided)
            out.near += "open\n";
        else
            out.near += (message.decision().reply ? message.decision().reply->line() : "accepted") + '\n';
        return {end + 1, State::reading};
    }
    Step opened(Leg leg, const net::TlsFacts* tls, net::Out& out) override { return lines_.opened(leg, tls, out); }
    Step ended(Leg leg, net::Ending why, std::string_view detail, net::Out& out) override { return lines_.ended(leg, why, detail, out); }
    Step late(net::Out& out) override { return lines_.late(out); }
    std::optional<net::Deadline> deadline() const override { return lines_.deadline(); }
    bool busy() const noexcept override { return lines_.busy(); }

private:
    static constexpr gate::FrontEnd front_{"lines", "test"};
    gate::Judge& judge_;
    std::function<void()> wake_;
    RelaySession lines_;
};

class WorkersTest : public ::testing::Test {
protected:
    WorkersTest() {
        write_file(directory_.path("roots"), root_.chain());
        write_file(directory_.path("certificate"), server_.chain());
        write_file(directory_.path("key"), server_.key());
        backend_.stage.server = server_context();
        gate::MilterSettings milter;
        milter.max_sessions = 500;
        workers_.emplace(2, dns_, snapshot(), log_, metrics_);
        workers_->add(milter_front_end(milter), milter_listeners_);
        FrontEndOptions lines;
        lines.make_session = [this](gate::Judge& judge, const net::Peer&, const std::function<void()>& wake) {
            return std::make_unique<JudgingSession>(stage_of(judge), judge, wake);
        };
        lines.max_sessions = 500;
        workers_->add(std::move(lines), line_listeners_);
        workers_->start();
    }
    ~WorkersTest() override { workers_.reset(); }

    static std::vector<net::Listener> listeners() {
        std::vector<net::Listener> result;
        result.push_back(std::move(*net::Listener::open(*net::Endpoint::parse("inet:127.0.0.1:0"), {}, 2)));
        return result;
    }
    static std::shared_ptr<const gate::Snapshot> snapshot() {
        auto made = std::make_shared<gate::Snapshot>();
        made->rules.mode = tenant::Mode::enforce;
        auto read = tenant::read_tenants(testing::tenants("contoso.example"), {});
        if (!read.index) throw std::runtime_error("the tenants of the test");
        made->tenants = std::make_shared<const tenant::Index>(std::move(*read.index));
        return made;
    }
    std::shared_ptr<const net::TlsContext> server_context() {
        auto made = net::TlsContext::make(net::TlsRole::server, {.certificate_file = directory_.path("certificate"),
                                                                 .key_file = directory_.path("key"),
                                                                 .roots_file = directory_.path("roots"),
                                                                 .request_certificate = true});
        if (!made) throw std::runtime_error(made.error().detail);
        return *made;
    }
    /// What the line sessions of one loop share, made when its first one comes.
    RelayStage& stage_of(gate::Judge& judge) {
        const std::lock_guard lock(stages_mutex_);
        auto& stage = stages_[&judge];
        if (!stage) {
            stage = std::make_unique<RelayStage>();
            stage->server = server_context();
            auto client = net::TlsContext::make(net::TlsRole::client, {.roots_file = directory_.path("roots")});
            if (!client) throw std::runtime_error(client.error().detail);
            stage->client = *client;
            stage->target = backend_.address();
        }
        return *stage;
    }
    std::size_t stages() {
        const std::lock_guard lock(stages_mutex_);
        return stages_.size();
    }
    net::Descriptor line_client() const { return net::testing::connect_to(line_listeners_.front().bound()); }
    std::string milter() const { return milter_listeners_.front().bound(); }
    bool drained() {
        std::promise<void> gone;
        workers_->drain([&gone] { gone.set_value(); });
        return gone.get_future().wait_for(60s) == std::future_status::ready;
    }

    WithoutPipeSignal no_signal_;
    net::testing::TemporaryDirectory directory_;
    Identity root_ = Identity::root("Root");
    Identity server_ = root_.issue({.dns_names = {"gw.test"}, .usages = "serverAuth"});
    RelayHouse backend_{"inet:127.0.0.1:0"};
    std::vector<net::Listener> milter_listeners_ = listeners(), line_listeners_ = listeners();
    std::mutex stages_mutex_;
    std::map<gate::Judge*, std::unique_ptr<RelayStage>> stages_;
    std::unique_ptr<telemetry::testing::MemorySink> sink_ = std::make_unique<telemetry::testing::MemorySink>();
    std::shared_ptr<telemetry::testing::Lines> lines_ = sink_->lines();
    telemetry::Log log_{{}, std::move(sink_)};
    telemetry::Metrics metrics_{"test"};
    config::DnsConfig dns_;
    std::optional<Workers> workers_;
};

TEST_F(WorkersTest, both_front_ends_are_judged_by_the_same_judges) {
    Mta mta(milter());
    ASSERT_TRUE(mta.connected());
    const net::Descriptor client = line_client();
    const std::string reply = mta.message(nobody);
    ASSERT_TRUE(reply.starts_with("y550 5.7.1 ")) << reply;
    EXPECT_TRUE(net::testing::send_all(client, "judge " + nobody + '\n'));
    const std::string line = line_of(client);
    EXPECT_TRUE(line.starts_with("550 5.7.1 ")) << line;
    const std::string metrics = metrics_.text();
    EXPECT_NE(metrics.find("exota_messages_total{verdict=\"reject\",judged=\"reject\",reason=\"no-policy\",mode=\"enforce\"} 2\n"),
              std::string::npos)
        << metrics;
    EXPECT_NE(metrics.find("exota_sessions 2\n"), std::string::npos) << metrics;
    EXPECT_EQ(workers_->open_sessions(), 2U);
}

TEST_F(WorkersTest, a_hundred_sessions_with_tls_on_both_legs_beside_the_milter) {
    Mta mta(milter());
    ASSERT_TRUE(mta.connected());
    const Identity peer = root_.issue({.dns_names = {"mail.peer.test"}, .usages = "clientAuth"});
    std::vector<std::unique_ptr<TlsClient>> clients;
    for (int i = 0; i < 100; ++i) {
        net::Descriptor socket = line_client();
        ASSERT_TRUE(answers(socket, "dial\n", "dialled\n"));
        ASSERT_TRUE(answers(socket, "tls\n", "go\n"));
        clients.push_back(std::make_unique<TlsClient>(std::move(socket), net::testing::TlsClientOptions{.identity = &peer}));
        ASSERT_TRUE(clients.back()->handshake());
        if (i % 10 == 0) EXPECT_TRUE(mta.message(nobody).starts_with('y')) << i;
    }
    for (const auto& client : clients) ASSERT_TRUE(client->send("far-tls\n"));
    for (const auto& client : clients) EXPECT_TRUE(client->line().starts_with("far-secured TLSv1.3 "));
    for (const auto& client : clients) ASSERT_TRUE(client->send("ask hello\njudge " + nobody + '\n'));
    for (const auto& client : clients) {
        EXPECT_EQ(client->line(), "from hi\n");
        EXPECT_TRUE(client->line().starts_with("550 5.7.1 "));
    }
    EXPECT_EQ(stages(), 2U) << "sessions on both loops";
    EXPECT_EQ(workers_->open_sessions(), 101U);
    EXPECT_TRUE(mta.message(nobody).starts_with('y'));
    for (const auto& client : clients) ASSERT_TRUE(client->send("quit\n"));
    for (const auto& client : clients) EXPECT_EQ(client->line(), "bye\n");
    EXPECT_TRUE(eventually([&] { return workers_->open_sessions() == 1; }));
}

TEST_F(WorkersTest, a_handshake_that_stalls_or_fails_hinders_nobody) {
    std::vector<net::Descriptor> stalled;
    for (int i = 0; i < 20; ++i) {
        net::Descriptor socket = line_client();
        ASSERT_TRUE(answers(socket, "tls\n", "go\n"));
        if (i % 2 == 0) ASSERT_TRUE(net::testing::send_all(socket, "this is no ClientHello\n"));
        stalled.push_back(std::move(socket));
    }
    Mta mta(milter());
    EXPECT_TRUE(mta.message(nobody).starts_with('y'));
    EXPECT_TRUE(answers(line_client(), "hello\n", "hi\n"));
    EXPECT_TRUE(eventually([&] { return workers_->open_sessions() == 11; })) << "those that failed are gone, ten stall, one milter";
}

TEST_F(WorkersTest, a_drain_waits_for_both_front_ends) {
    Mta mta(milter());
    mta.begin(nobody);
    mta.wait_until_read();
    const net::Descriptor busy = line_client(), idle = line_client();
    ASSERT_TRUE(answers(busy, "stream\n", ""));
    ASSERT_TRUE(answers(idle, "hello\n", "hi\n"));
    std::promise<void> gone;
    auto all_gone = gone.get_future();
    workers_->drain([&gone] { gone.set_value(); });
    EXPECT_EQ(line_of(idle), "ending drained\n");
    EXPECT_TRUE(at_end(idle));
    EXPECT_TRUE(mta.end().starts_with('y')) << "a message in hand gets its verdict";
    EXPECT_EQ(all_gone.wait_for(0s), std::future_status::timeout) << "the stream is under way";
    workers_->cut();
    EXPECT_EQ(all_gone.wait_for(60s), std::future_status::ready);
    EXPECT_EQ(workers_->open_sessions(), 0U);
}

TEST_F(WorkersTest, a_new_snapshot_reaches_all_loops_and_both_front_ends) {
    const net::Descriptor client = line_client();
    EXPECT_TRUE(answers(client, "hello\n", "hi\n"));
    auto monitor = std::make_shared<gate::Snapshot>(*snapshot());
    monitor->rules.mode = tenant::Mode::monitor;
    std::promise<void> taken, alive;
    workers_->use(monitor, [&taken] { taken.set_value(); });
    ASSERT_EQ(taken.get_future().wait_for(60s), std::future_status::ready);
    EXPECT_TRUE(answers(client, "judge " + nobody + '\n', "accepted\n"));
    Mta mta(milter());
    EXPECT_FALSE(mta.message(nobody).starts_with('y'));
    workers_->ping([&alive] { alive.set_value(); });
    EXPECT_EQ(alive.get_future().wait_for(60s), std::future_status::ready);
    EXPECT_TRUE(drained());
}

}  // namespace
}  // namespace exota::app
