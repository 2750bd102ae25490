// Two front ends on the same loops: the milter, and a protocol of lines that dials, speaks TLS on either leg, and has messages judged by
// the judges that the milter's sessions use.
#include "app/workers.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
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

/// Reads so many octets, all of them 'x'.
bool takes(const net::Descriptor& client, std::size_t octets) {
    while (octets > 0) {
        const std::string piece = net::testing::receive(client, std::min(octets, std::size_t{1'000'000}));
        if (piece.empty() || piece.find_first_not_of('x') != std::string::npos) return false;
        octets -= piece.size();
    }
    return true;
}

class WorkersTest : public ::testing::Test {
protected:
    WorkersTest() {
        write_file(directory_.path("roots"), root_.chain());
        write_file(directory_.path("certificate"), server_.chain());
        write_file(directory_.path("key"), server_.key());
        near_ = server_context();
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
            stage->server = near_;
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
    /// Octets of far legs that were streamed, on all loops.
    std::size_t returned() {
        const std::lock_guard lock(stages_mutex_);
        std::size_t all = 0;
        for (const auto& [judge, stage] : stages_) all += stage->returned;
        return all;
    }
    net::Descriptor line_client() const { return net::testing::connect_to(line_listeners_.front().bound()); }
    /// As far as TLS may begin.
    net::Descriptor ready() const {
        net::Descriptor socket = line_client();
        EXPECT_TRUE(answers(socket, "tls\n", "go\n"));
        return socket;
    }
    /// The milter, and who comes anew.
    void expect_others_are_served(Mta& mta) const {
        EXPECT_TRUE(mta.message(nobody).starts_with('y'));
        EXPECT_TRUE(answers(line_client(), "hello\n", "hi\n"));
    }
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
    std::shared_ptr<const net::TlsContext> near_;  // of all loops, as a gateway has it
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
        net::Descriptor socket = ready();
        if (i % 2 == 0) ASSERT_TRUE(net::testing::send_all(socket, "this is no ClientHello\n"));
        stalled.push_back(std::move(socket));
    }
    Mta mta(milter());
    EXPECT_TRUE(mta.message(nobody).starts_with('y'));
    EXPECT_TRUE(answers(line_client(), "hello\n", "hi\n"));
    EXPECT_TRUE(eventually([&] { return workers_->open_sessions() == 11; })) << "those that failed are gone, ten stall, one milter";
}

TEST_F(WorkersTest, a_session_of_tls_is_resumed_on_whichever_loop) {
    const Identity peer = root_.issue({.dns_names = {"mail.peer.test"}, .usages = "clientAuth"});
    std::vector<std::unique_ptr<TlsClient>> clients;  // each resumes that of the one before
    for (int i = 0; i < 40; ++i) {
        const TlsClient* before = clients.empty() ? nullptr : clients.back().get();
        clients.push_back(std::make_unique<TlsClient>(ready(), net::testing::TlsClientOptions{.identity = &peer}, before));
        ASSERT_TRUE(clients.back()->handshake());
        ASSERT_TRUE(clients.back()->send("facts\n"));
        EXPECT_EQ(clients.back()->line(),
                  std::string("TLSv1.3 ") + (before == nullptr ? "new" : "resumed") + " verified client names mail.peer.test\n")
            << i;
    }
    EXPECT_EQ(stages(), 2U) << "sessions on both loops";
}

TEST_F(WorkersTest, a_peer_that_says_much_and_does_not_read_hinders_nobody) {
    Mta mta(milter());
    const net::Descriptor client = line_client();
    constexpr std::size_t much = 40'000'000;
    ASSERT_TRUE(net::testing::send_all(client, "flood " + std::to_string(much) + '\n'));
    // It is not read while it has not taken that, so there is an end to what it can write.
    std::string said;
    for (int i = 0; i < 1000; ++i) said += "hello\n";
    constexpr std::size_t at_most = 100'000'000;
    std::size_t sent = 0;
    EXPECT_TRUE(eventually([&] {
        const std::size_t before = sent;
        for (ssize_t moved = 1; moved > 0 && sent < at_most; sent += static_cast<std::size_t>(std::max<ssize_t>(moved, 0)))
            moved = ::send(client.get(), said.data() + sent % 6, said.size() - sent % 6, MSG_NOSIGNAL | MSG_DONTWAIT);
        return sent >= at_most || (sent > 0 && sent == before);
    }));
    EXPECT_LT(sent, at_most);
    expect_others_are_served(mta);
    EXPECT_TRUE(takes(client, much));
    EXPECT_EQ(line_of(client), "hi\n") << "now it is read again";
}

TEST_F(WorkersTest, a_peer_that_does_not_read_holds_its_backend_back_and_nobody_else) {
    Mta mta(milter());
    const net::Descriptor client = line_client(), other = line_client();
    constexpr std::size_t much = std::size_t{64} * 1024 * 1024;
    ASSERT_TRUE(answers(client, "dial\n", "dialled\n"));
    ASSERT_TRUE(net::testing::send_all(client, "stream\nflood " + std::to_string(much) + '\n'));
    EXPECT_TRUE(eventually([&] { return returned() > net::max_unsent_octets; }));
    expect_others_are_served(mta);
    EXPECT_TRUE(answers(other, "dial\nask hello\n", "dialled\nfrom hi\n")) << "by the same backend";
    EXPECT_LT(returned(), much / 2) << "the rest is in the backend's hands";
    EXPECT_TRUE(takes(client, much));
    EXPECT_EQ(returned(), much);
}

TEST_F(WorkersTest, far_legs_that_are_closed_end_no_near_one) {
    Mta mta(milter());
    std::vector<net::Descriptor> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(line_client());
        ASSERT_TRUE(answers(clients.back(), "dial\nask hello\n", "dialled\nfrom hi\n"));
    }
    backend_.thread.call([&] { backend_.server->close_all(); });
    for (const net::Descriptor& client : clients) {
        EXPECT_EQ(line_of(client), "from ending drained\n") << "its last word";
        EXPECT_TRUE(line_of(client).starts_with("lost peer-closed "));
        ASSERT_TRUE(net::testing::send_all(client, "judge " + nobody + '\n'));
        EXPECT_TRUE(line_of(client).starts_with("550 5.7.1 "));
        EXPECT_TRUE(answers(client, "dial\nask hello\n", "dialled\nfrom hi\n")) << "and dials another";
        EXPECT_TRUE(answers(client, "to quit\n", "from bye\n"));
        EXPECT_TRUE(line_of(client).starts_with("lost "));
    }
    EXPECT_EQ(workers_->open_sessions(), 21U);
    expect_others_are_served(mta);
    EXPECT_TRUE(eventually([&] { return backend_.open() == 0; }));
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
