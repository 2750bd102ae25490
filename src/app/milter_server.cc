#include "app/milter_server.h"

#include <thread>
#include <utility>

#include "app/loop_network.h"
#include "gate/milter_session.h"

namespace exota::app {

namespace {

using telemetry::LogField;
using telemetry::LogLevel;

using Clock = std::chrono::steady_clock;

/// At most once in a while.
class Pace {
public:
    bool due() noexcept {
        const auto now = Clock::now();
        if (last_ && now < *last_ + std::chrono::minutes(1)) return false;
        last_ = now;
        return true;
    }

private:
    std::optional<Clock::time_point> last_;
};

/// TLS from one of Exchange Online's addresses, and the MTA names no certificate: nearly always a setting of the MTA.
bool lacks_certificate(const gate::Judged& message) noexcept {
    const evidence::Session& session = message.evidence.session;
    if (session.tls.hint != evidence::CertificateHint::no_certificate_seen || !session.tls.in_use()) return false;
    const base::IpAddress* const address = evidence::value_of(session.client.address);
    const decision::Rules& rules = message.snapshot.rules;
    return address && any_contains(rules.exchange_online, *address) && !any_contains(rules.relay_pool, *address);
}

/// gate::MilterSession as net serves it.
class Session final : public net::Session {
public:
    Session(gate::Judge& judge, std::function<void()> wake) : session_(judge, std::move(wake)) {}
    Step feed(net::Leg, std::string_view bytes, net::Out& out) override {
        const gate::MilterSession::Step step = session_.feed(bytes, out.near);
        switch (step.state) {
            case gate::MilterSession::State::reading:
                return {step.consumed, State::reading};
            case gate::MilterSession::State::waiting:
                return {step.consumed, State::waiting};
            case gate::MilterSession::State::closing:
                break;
        }
        return {step.consumed, State::closing};
    }
    Step late(net::Out& out) override {
        session_.keep_waiting(out.near);
        return {0, State::waiting};
    }
    bool busy() const noexcept override { return session_.in_message(); }

private:
    gate::MilterSession session_;
};

}  // namespace

/// Everything of one loop. Members are destroyed from the last up: the server before the judge it feeds, the loop last.
struct MilterServer::Worker final : gate::Observer {
    Worker(net::ServerLimits& limits, const gate::MilterSettings& config, const config::DnsConfig& dns,
           std::shared_ptr<const gate::Snapshot> snapshot, telemetry::Log& service_log)
        : log(service_log),
          messages(service_log.add_loop(loop)),
          network(loop, dns.resolver,
                  [this](const LoopNetwork::News& news) {
                      if (news.good)
                          log.service(LogLevel::info, "dnssec-on", news.text);
                      else
                          log.service(LogLevel::warning, "dns-trouble", news.text);
                  }),
          judge(*this, network, dns.lookups),
          server(
              loop, limits,
              [this](const net::Peer&, std::function<void()> wake) { return std::make_unique<Session>(judge, std::move(wake)); },
              options(config)) {
        judge.use(std::move(snapshot));
    }

    net::ServerOptions options(const gate::MilterSettings& config) {
        net::ServerOptions result;
        result.idle_timeout = config.idle_timeout;
        result.on_trouble = [this](const base::Error& error) {
            if (error.code != base::Errc::too_long)
                log.service(LogLevel::error, "accept-trouble", error.detail);
            else if (full_pace.due())
                log.service(LogLevel::warning, "sessions-full", error.detail);
        };
        return result;
    }

    void judged(const gate::Judged& message) override {
        const telemetry::Record record{message.decision, message.evidence, message.judging};
        metrics.judged(record);
        messages.message(record);
        if (!lacks_certificate(message)) return;
        metrics.missing_certificate();
        if (certificate_pace.due())
            log.service(LogLevel::warning, "missing-certificate",
                        "a client at one of Exchange Online's addresses used TLS, but the MTA names no verified certificate: set "
                        "smtpd_tls_ask_ccert = yes, and see that "
                        "the MTA takes certificates without the clientAuth purpose",
                        {LogField::of("queue_id", message.evidence.envelope.queue_id)});
    }
    void protocol_error(std::string_view what) override {
        metrics.protocol_error(what);
        if (protocol_pace.due())
            log.service(LogLevel::warning, "protocol-error", "an MTA broke the milter protocol; the connection was closed",
                        {LogField::of("kind", what)});
    }

    net::Loop loop;
    telemetry::Log& log;
    telemetry::MessageLog& messages;
    telemetry::LoopMetrics metrics;
    Pace certificate_pace, protocol_pace, full_pace;
    LoopNetwork network;  // outlives the judge that asks it
    gate::Judge judge;
    net::Server server;
    std::thread thread;
};

MilterServer::MilterServer(const gate::MilterSettings& config, const config::DnsConfig& dns, std::size_t loops,
                           std::shared_ptr<const gate::Snapshot> snapshot, telemetry::Log& log, telemetry::Metrics& metrics)
    : limits_(config.max_sessions, config.max_partial_octets) {
    for (std::size_t i = 0; i < loops; ++i) {
        workers_.push_back(std::make_unique<Worker>(limits_, config, dns, snapshot, log));
        metrics.add_loop(workers_.back()->metrics, workers_.back()->server.counters(), &workers_.back()->network.counters());
    }
}

MilterServer::~MilterServer() {
    for (const auto& worker : workers_) worker->loop.stop();
    for (const auto& worker : workers_)
        if (worker->thread.joinable()) worker->thread.join();
}

void MilterServer::start(std::vector<net::Listener>& listeners) {
    for (std::size_t i = 0; i < workers_.size(); ++i)
        for (net::Listener& listener : listeners) workers_[i]->server.listen(listener.take(i));
    for (const auto& worker : workers_) worker->thread = std::thread([&loop = worker->loop] { loop.run(); });
}

void MilterServer::on_each(std::function<void(Worker&, std::function<void()>)> work, std::function<void()> done) {
    const auto left = std::make_shared<std::atomic<std::size_t>>(workers_.size());
    const auto shared_work = std::make_shared<decltype(work)>(std::move(work));
    const auto shared_done = std::make_shared<std::function<void()>>(std::move(done));
    for (const auto& worker : workers_)
        worker->loop.post([&worker = *worker, left, shared_work, shared_done] {
            (*shared_work)(worker, [left, shared_done] {
                if (left->fetch_sub(1) == 1 && *shared_done) (*shared_done)();
            });
        });
}

void MilterServer::use(const std::shared_ptr<const gate::Snapshot>& snapshot, std::function<void()> done) {
    on_each(
        [snapshot](Worker& worker, const std::function<void()>& finished) {
            worker.judge.use(snapshot);
            worker.network.look_again();  // a reload is also how an operator says that something was mended
            finished();
        },
        std::move(done));
}

void MilterServer::drain(std::function<void()> done) {
    on_each([](Worker& worker, std::function<void()> finished) { worker.server.drain(std::move(finished)); }, std::move(done));
}

void MilterServer::cut() {
    on_each(
        [](Worker& worker, const std::function<void()>& finished) {
            worker.server.close_all();
            finished();
        },
        nullptr);
}

void MilterServer::ping(std::function<void()> alive) {
    on_each([](Worker&, const std::function<void()>& finished) { finished(); }, std::move(alive));
}

}  // namespace exota::app
