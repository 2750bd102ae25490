#include "app/workers.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "app/loop_counts.h"
#include "app/loop_network.h"
#include "app/loop_observer.h"
#include "app/loop_recipients.h"
#include "app/loop_tenants.h"
#include "config/config.h"
#include "net/server.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace exota::app {

using telemetry::LogLevel;

std::size_t loops_of(const config::Config& config) {
    return config.threads > 0 ? config.threads : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

struct Workers::FrontEnd {
    explicit FrontEnd(FrontEndOptions options_of)
        : options(std::move(options_of)), limits(options.max_sessions, options.max_partial_octets, options.max_sessions_per_client) {}

    const FrontEndOptions options;
    net::ServerLimits limits;
};

/// Everything of one loop. Members are destroyed from the last up: the servers before the judge they feed, the loop last.
struct Workers::Worker {
    Worker(const config::DnsConfig& dns, std::shared_ptr<const gate::Snapshot> snapshot, telemetry::Log& log, const LookupOptions* lookups,
           const RecipientOptions* recipients_of, const CountingOptions* counting)
        : observer(log, log.add_loop(loop)),
          network(loop, dns.resolver,
                  [&log](const LoopNetwork::News& news) {
                      if (news.good)
                          log.service(LogLevel::info, "dnssec-on", news.text);
                      else
                          log.service(LogLevel::warning, "dns-trouble", news.text);
                  }),
          judge(observer, network, dns.lookups) {
        judge.use(std::move(snapshot));
        if (counting != nullptr) {
            counts = std::make_unique<LoopCounts>(loop, *counting, log);
            network.count_by(*counts);
        }
        if (recipients_of != nullptr) {
            recipients = std::make_unique<LoopRecipients>(loop, *recipients_of);
            network.ask_recipients_of(*recipients);
        }
        if (lookups == nullptr) return;
        tenants = std::make_unique<LoopTenants>(loop, *lookups, [this](const std::string& problem) { observer.unusable_tenant(problem); });
        network.look_up_by(*tenants);
    }

    net::Server& add(FrontEnd& front) {
        net::ServerOptions options;
        options.idle_timeout = front.options.idle_timeout;
        options.refusal = front.options.refusal;
        options.on_trouble = [this](const base::Error& error) { observer.trouble_accepting(error); };
        const auto make = [this, &front](const net::Peer& peer, std::function<void()> wake) {
            return front.options.make_session(judge, peer, std::move(wake));
        };
        return *servers.emplace_back(std::make_unique<net::Server>(loop, front.limits, make, std::move(options)));
    }

    /// @param done  called when the last session of the last server is gone.
    void drain(std::function<void()> done) {
        const auto left = std::make_shared<std::size_t>(servers.size());
        const auto shared_done = std::make_shared<std::function<void()>>(std::move(done));
        if (servers.empty()) return (*shared_done)();
        for (const auto& server : servers)
            server->drain([left, shared_done] {
                if (--*left == 0) (*shared_done)();
            });
    }

    net::Loop loop;
    LoopObserver observer;
    std::unique_ptr<LoopTenants> tenants;
    std::unique_ptr<LoopRecipients> recipients;
    std::unique_ptr<LoopCounts> counts;
    LoopNetwork network;  // outlives the judge that asks it
    gate::Judge judge;
    std::vector<std::shared_ptr<void>> kept;            // of front ends
    std::vector<std::unique_ptr<net::Server>> servers;  // one a front end
    std::thread thread;
};

Workers::Workers(std::size_t loops, const config::DnsConfig& dns, std::shared_ptr<const gate::Snapshot> snapshot, telemetry::Log& log,
                 telemetry::Metrics& metrics, const LookupOptions* lookups, const RecipientOptions* recipients,
                 const CountingOptions* counting)
    : metrics_(metrics) {
    for (std::size_t i = 0; i < loops; ++i) {
        workers_.push_back(std::make_unique<Worker>(dns, snapshot, log, lookups, recipients, counting));
        workers_.back()->observer.tell_tenants_apart(metrics.tenants_apart());
        metrics.add_loop(workers_.back()->observer.metrics(), &workers_.back()->network.counters());
        if (workers_.back()->tenants) metrics.add_lookups(workers_.back()->tenants->counters());
        if (workers_.back()->recipients) metrics.add_recipient_lookups(workers_.back()->recipients->counters());
        if (workers_.back()->counts) metrics.add_limits_store(workers_.back()->counts->counters());
    }
}

Workers::~Workers() { end(); }

void Workers::end() {
    for (const auto& worker : workers_) worker->loop.stop();
    for (const auto& worker : workers_)
        if (worker->thread.joinable()) worker->thread.join();
}

void Workers::add(FrontEndOptions options, std::vector<net::Listener>& listeners) {
    FrontEnd& front = *front_ends_.emplace_back(std::make_unique<FrontEnd>(std::move(options)));
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        Worker& worker = *workers_[i];
        net::Server& server = worker.add(front);
        if (front.options.gateway.empty())
            metrics_.add_server(server.counters());
        else
            metrics_.gateways().add_server(front.options.gateway, server.counters());
        if (front.options.on_loop)
            front.options.on_loop({[&worker](std::shared_ptr<void> part) { worker.kept.push_back(std::move(part)); }, worker.loop,
                                   worker.judge, worker.network, worker.observer});
        for (net::Listener& listener : listeners) server.listen(listener.take(i));
    }
}

void Workers::hand_sightings_to(const std::function<void(tenant::Sighting&&)>& take) {
    for (const auto& worker : workers_) worker->observer.hand_sightings_to(take);
}

void Workers::start() {
    for (const auto& worker : workers_)
        if (worker->counts) worker->loop.post([&counts = *worker->counts] { counts.start(); });
    for (const auto& worker : workers_)
        if (worker->tenants) worker->loop.post([&tenants = *worker->tenants] { tenants.start(); });
    for (const auto& worker : workers_)
        if (worker->recipients) worker->recipients->start();  // nobody else is on its loop yet
    for (const auto& worker : workers_) worker->thread = std::thread([&loop = worker->loop] { loop.run(); });
}

void Workers::on_each(std::function<void(Worker&, std::function<void()>)> work, std::function<void()> done) {
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

void Workers::use(const std::shared_ptr<const gate::Snapshot>& snapshot, std::function<void()> done) {
    on_each(
        [snapshot](Worker& worker, const std::function<void()>& finished) {
            worker.judge.use(snapshot);
            if (worker.tenants) worker.tenants->use(snapshot->tenant_defaults);
            worker.network.look_again();  // a reload is also how an operator says that something was mended
            finished();
        },
        std::move(done));
}

void Workers::drain(std::function<void()> done) {
    on_each([](Worker& worker, std::function<void()> finished) { worker.drain(std::move(finished)); }, std::move(done));
}

void Workers::cut() {
    on_each(
        [](Worker& worker, const std::function<void()>& finished) {
            for (const auto& server : worker.servers) server->close_all();
            finished();
        },
        nullptr);
}

void Workers::ping(std::function<void()> alive) {
    on_each([](Worker&, const std::function<void()>& finished) { finished(); }, std::move(alive));
}

std::vector<std::shared_ptr<const directory::SourceStatus>> Workers::tenant_sources() const {
    std::vector<std::shared_ptr<const directory::SourceStatus>> sources;
    for (const auto& worker : workers_)
        if (worker->tenants) sources.push_back(worker->tenants->status());
    return sources;
}

std::vector<std::shared_ptr<const directory::SourceStatus>> Workers::recipient_sources() const {
    std::vector<std::shared_ptr<const directory::SourceStatus>> sources;
    for (const auto& worker : workers_)
        if (worker->recipients) sources.push_back(worker->recipients->status());
    return sources;
}

std::size_t Workers::open_sessions() const noexcept {
    std::size_t open = 0;
    for (const auto& front : front_ends_) open += front->limits.open();
    return open;
}

}  // namespace exota::app
