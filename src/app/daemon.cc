#include "app/daemon.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <system_error>

#include "app/asked_servers.h"
#include "app/config_watch.h"
#include "app/descriptor_limit.h"
#include "app/discovery.h"
#include "app/door_state.h"
#include "app/endpoints_load.h"
#include "app/fed_tenants.h"
#include "app/gateway_section.h"
#include "app/milter_front_end.h"
#include "app/notify.h"
#include "app/problem_log.h"
#include "app/reloader.h"
#include "app/signals_held.h"
#include "app/sockets.h"
#include "app/tenants_state.h"
#include "app/tenants_watch.h"
#include "base/counted.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "web/http_server.h"
#include "web/pages.h"

namespace exota::app {

namespace {

using telemetry::LogField;
using telemetry::LogLevel;

/// With tenants of yesterday in hand a start waits so long for those of today.
constexpr std::chrono::milliseconds wait_with_snapshot{500};

/// A daemon that serves. Everything but the milter's loops happens on the control loop, the thread that called run_daemon.
class Daemon {
public:
    Daemon(const DaemonOptions& options, ConfigWatch config_watch, Loaded loaded, const AskedServers& asked,
           std::unique_ptr<FedTenants> fed, Sockets sockets, std::vector<std::unique_ptr<GatewaySection>> gateways, Notifier notifier)
        : options_(options),
          config_(std::move(*loaded.config)),
          snapshot_(std::move(loaded.snapshot)),
          sockets_(std::move(sockets)),
          notifier_(std::move(notifier)),
          log_(config_.log, nullptr, options.name_documents),
          metrics_(options.version, config_.http.tenants_apart),
          discovery_({.file = config_.discovery.file, .limits = {.most = config_.discovery.max_candidates}}, log_),
          gateways_(std::move(gateways)),
          workers_(loops_of(config_), config_.dns, snapshot_, log_, metrics_, asked.tenants_asked(), asked.recipients_asked(),
                   asked.counting_asked()),
          http_(control_, web::pages({.metrics = [this] { return metrics_text(); }, .ready = [this] { return is_ready(); }})),
          signals_(control_.context()),
          reloader_(control_, options.start_thread),
          watch_timer_(control_),
          retire_timer_(control_),
          retry_timer_(control_),
          watchdog_timer_(control_),
          drain_timer_(control_),
          tenants_state_(control_, log_, metrics_),
          door_(control_, config_.dns.resolver, log_, metrics_),
          fed_(std::move(fed)),
          watch_(std::in_place, config_.tenants, loaded.tenants_stamp),
          config_watch_(std::move(config_watch)) {
        if (loaded.door_files) door_.was_read(*loaded.door_files);
        endpoints_watch_.was_read(config_.endpoints);
        log_start(log_, options_.version, config_, workers_.loop_count());
        log_problems(log_, loaded.problems, config_.tenants.file);
        log_warning(log_, "milter.max_sessions", raise_descriptor_limit(config_));
    }

    /// Throws std::system_error where there are not enough threads.
    void start() {
        for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
        for (auto& source : workers_.tenant_sources()) tenants_state_.add(std::move(source));
        if (fed_) tenants_state_.add(fed_->status(), [this] { return fed_->has_tenants(); });
        wait_for_signal();
        metrics_.set_log(log_);
        metrics_.set_candidates([this] { return discovery_.samples(); });
        workers_.hand_sightings_to([this](tenant::Sighting&& sighting) { discovery_.note(std::move(sighting)); });
        if (fed_) take_fed();  // before anything is judged
        show_state();
        for (const std::string& endpoint : sockets_.bound())
            log_.service(LogLevel::info, "listening", "accepts connections", {LogField::of("endpoint", endpoint)});
        workers_.add(milter_front_end(config_.milter), sockets_.milter);
        if (!sockets_.inbound.empty()) workers_.add(milter_front_end(config_.milter, gate::Door::inbound), sockets_.inbound);
        for (std::size_t i = 0; i < gateways_.size(); ++i) workers_.add(gateways_[i]->options(log_, metrics_), sockets_.gateways[i]);
        workers_.start();
        if (fed_) fed_->on_news([this] { control_.post([this] { take_fed(); }); });
    }

    void run(const SignalsHeld& held) {
        for (net::Listener& listener : sockets_.http) http_.listen(listener.take(0));
        serving_ = true;
        watch_files();
        tenants_state_.watch(options_.second);
        door_.use(snapshot_->door);
        door_.watch_recipients(workers_.recipient_sources(), options_.second);
        feed_watchdog();
        log_.service(LogLevel::info, "ready", status(),
                     {LogField::of_number("generation", static_cast<std::int64_t>(snapshot_->generation))});
        notifier_.ready(status());
        held.release();
        if (options_.on_ready) options_.on_ready(sockets_.bound());
        control_.run();
    }

private:
    void wait_for_signal() {
        signals_.async_wait([this](const boost::system::error_code& error, int signal) {
            if (error) return;
            if (signal == SIGHUP)
                start_reload(Cause::signal);
            else
                stop(signal);
            wait_for_signal();
        });
    }

    bool is_ready() const { return serving_ && tenants_state_.serves() && std::ranges::all_of(gateways_, &GatewaySection::ready); }

    std::size_t tenant_count() const { return snapshot_->tenants ? snapshot_->tenants->tenant_count() : 0; }
    std::size_t domain_count() const { return snapshot_->tenants ? snapshot_->tenants->domain_count() : 0; }

    std::string status() const {
        if (snapshot_->looks_up) return "serving tenants that are looked up for each message";
        return "serving " + base::counted(tenant_count(), "tenant") + " with " + base::counted(domain_count(), "domain");
    }

    /// What is judged by from now on.
    void show_state() {
        snapshot_->rules.discovery ? discovery_.use(snapshot_->tenants) : discovery_.pause();
        metrics_.set_state({.generation = snapshot_->generation,
                            .tenants = tenant_count(),
                            .domains = domain_count(),
                            .endpoint_prefixes = snapshot_->rules.exchange_online.size(),
                            .loaded_at = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count()});
    }

    std::string metrics_text() {
        metrics_.set_http_made_room(http_.made_room());
        metrics_.set_endpoints_as_of(endpoints_as_of(config_, std::chrono::system_clock::now()));
        return metrics_.text();
    }

    // --- Reload: beside the running one, then whole or not at all ---

    void start_reload(Cause cause) {
        if (stopping_) return;
        if (std::exchange(reloading_, true)) {  // one at a time; a signal in the meantime asks for another one after it
            if (is_whole(cause)) reload_again_ = true;
            return;
        }
        retry_timer_.cancel();
        // What is still to be tried again is not forgotten for another file; a signal asked for all of them.
        if (to_retry_.contains(Cause::signal)) cause = Cause::signal;
        std::erase_if(to_retry_, [cause](Cause one) { return one == cause || is_whole(cause); });
        free_retired();  // first, so that memory does not hold more sets than it must
        if (is_whole(cause)) notifier_.reloading();
        const base::Result<void> started = reloader_.start(
            [this, cause, config = config_, snapshot = snapshot_] {
                if (cause == Cause::endpoints_file) return load_endpoints(config, *snapshot);
                if (cause == Cause::door_file) return load_door(config, *snapshot);
                if (cause == Cause::tenants_file) return load_tenants(config, snapshot.get());
                return load_all([&] { return with_source_of(config, options_.read_config()); }, options_.force_monitor, snapshot.get(),
                                &config.endpoints);
            },
            [this, cause](Loaded loaded) { take(cause, std::move(loaded)); });
        if (started) return;
        Loaded nothing = failed_load(started.error().detail);
        nothing.try_again = true;
        take(cause, std::move(nothing));
    }

    void take(Cause cause, Loaded loaded) {
        if (loaded.config && loaded.config->tenants.file != watch_->path())
            watch_.emplace(loaded.config->tenants, loaded.tenants_stamp);
        else if (loaded.tenants_stamp)
            watch_->was_read(loaded.tenants_stamp);
        if (loaded.door_files) door_.was_read(*loaded.door_files);
        log_problems(log_, loaded.problems, loaded.config ? loaded.config->tenants.file : config_.tenants.file);
        if (has_error(loaded.problems)) metrics_.reload_failed();  // of a door's file even where the others are taken
        if (!loaded.config) {
            log_.service(LogLevel::error, "reload-failed", "configuration and tenants stay as they were",
                         {LogField::of("cause", name_of(cause))});
            // What the system lacks may be there again soon, and nobody changes the file for that.
            if (loaded.try_again) to_retry_.insert(cause);
            return end_reload("last reload failed, " + status());
        }
        log_restart_needed(log_, config_, *loaded.config);
        if (loaded.config->endpoints.stamp != config_.endpoints.stamp) endpoints_watch_.was_read(loaded.config->endpoints);
        config_ = std::move(*loaded.config);
        if (fed_ && is_whole(cause)) fed_->use(config_);  // a file of its own says nothing of them
        sockets_.tell(config_.gateways);
        for (const config::GatewayConfig& section : config_.gateways)  // one that is new here waits for a restart
            for (const std::unique_ptr<GatewaySection>& gateway : gateways_)
                if (gateway->name() == section.session.name) gateway->use(section);
        retired_.add(std::exchange(snapshot_, std::move(loaded.snapshot)));
        log_.reconfigure(config_.log);
        workers_.use(snapshot_, [this, cause] { control_.post([this, cause] { taken(cause); }); });
    }

    /// Every loop judges new messages by it: only those in hand still have the one before.
    void taken(Cause cause) {
        metrics_.reload_succeeded();
        show_state();
        door_.use(snapshot_->door);
        log_.service(LogLevel::info, "reloaded", status(),
                     {LogField::of_number("generation", static_cast<std::int64_t>(snapshot_->generation)),
                      LogField::of_number("tenants", static_cast<std::int64_t>(tenant_count())),
                      LogField::of_number("domains", static_cast<std::int64_t>(domain_count())), LogField::of("cause", name_of(cause))});
        end_reload(status());
    }

    void end_reload(const std::string& now) {
        reloading_ = false;
        if (fed_) take_fed();  // what came meanwhile waited
        free_retired();
        give_free_memory_back();
        notifier_.ready(now);
        if (std::exchange(reload_again_, false)) return start_reload(Cause::signal);
        if (!to_retry_.empty()) retry_timer_.start(options_.retry_after, [this] { start_reload(*to_retry_.begin()); });
    }

    // --- Tenants that come by themselves ---

    void take_fed() {
        if (reloading_ || stopping_ || !retired_.has_room(directory::Clock::now())) return;
        auto news = fed_->take();
        if (!news) return tenants_state_.look();
        log_problems(log_, news->problems, news->problems.empty() ? "" : news->problems.front().file);
        if (!news->tenants) return;
        retired_.add(std::exchange(snapshot_, with_tenants(*snapshot_, std::move(news->tenants), tenants_state_.tenants_are_anew())));
        workers_.use(snapshot_, [this] { control_.post([this] { fed_is_taken(); }); });
    }

    void fed_is_taken() {
        show_state();
        log_.service(LogLevel::info, "tenants-changed", status(),
                     {LogField::of_number("generation", static_cast<std::int64_t>(snapshot_->generation))});
        free_retired();
        if (!reloading_) notifier_.ready(status());
    }

    /// Those that messages in hand are judged by are looked at again until they are free.
    void free_retired() {
        const std::size_t left = retired_.free_unused();
        metrics_.set_retired_snapshots(left);
        if (left > 0) retire_timer_.start(options_.second, [this] { free_retired(); });
        if (fed_) control_.post([this] { take_fed(); });  // there may be room for what waits
    }

    /// Looks at tenants file and endpoint list now and then; a change counts once it has settled.
    void watch_files() {
        const auto interval = config_.tenants.watch_interval.count() > 0 ? config_.tenants.watch_interval : std::chrono::seconds(5);
        watch_timer_.start(interval.count() * options_.second, [this] {
            if (stopping_) return;
            look_at_files();
            watch_files();
        });
    }
    void look_at_files() {
        if (!reloading_ && config_watch_.has_changed()) start_reload(Cause::config_file);
        if (config_.tenants.watch_interval.count() == 0) return;
        if (config_.tenants.source == "file" && !reloading_ && changed(watch_->look_again(), "tenants", watch_->path()))
            start_reload(Cause::tenants_file);
        if (!reloading_ && changed(endpoints_watch_.look_again(), "endpoints", config_.endpoints.path)) start_reload(Cause::endpoints_file);
        if (!reloading_ && door_.has_changed()) start_reload(Cause::door_file);
    }
    /// To be loaded. Of a file that is gone, it says so.
    bool changed(directory::FileWatch::Action action, const std::string& what, const std::string& path) {
        if (action == directory::FileWatch::Action::vanished) {
            metrics_.reload_failed();
            log_vanished(log_, what, path);
        }
        return action == directory::FileWatch::Action::load;
    }

    /// The supervisor hears of us only if every loop answered.
    void feed_watchdog() {
        const auto interval = notifier_.watchdog_interval();
        if (!interval) return;
        workers_.ping([this] { control_.post([this] { notifier_.watchdog(); }); });
        watchdog_timer_.start(*interval / 2, [this] { feed_watchdog(); });
    }

    // --- The end: no new sessions, then those with a message in hand, then what did not finish in time ---

    void stop(int signal) {
        if (stopping_) return cut();  // a second signal: at once
        stopping_ = true;
        serving_ = false;
        notifier_.stopping("finishing the messages in hand");
        log_.service(LogLevel::info, "stopping", "accepts no more connections and finishes the messages in hand",
                     {LogField::of("signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"),
                      LogField::of_number("sessions", static_cast<std::int64_t>(workers_.open_sessions()))});
        sockets_.close_doors();
        drain_timer_.start(config_.drain_timeout.count() * options_.second, [this] { cut(); });
        workers_.drain([this] { control_.post([this] { finish(); }); });
    }

    void cut() {
        cut_sessions_ += static_cast<std::int64_t>(workers_.open_sessions());
        workers_.cut();
    }

    void finish() {
        http_.stop();
        workers_.end();
        discovery_.end();
        log_.settle();
        log_.service(LogLevel::info, "stopped", "the end", {LogField::of_number("cut", cut_sessions_)});
        control_.stop();
    }

    const DaemonOptions& options_;
    config::Config config_;
    std::shared_ptr<const gate::Snapshot> snapshot_;
    Sockets sockets_;
    Notifier notifier_;
    telemetry::Log log_;
    telemetry::Metrics metrics_;
    Discovery discovery_;  // outlives the loops that tell it
    const std::vector<std::unique_ptr<GatewaySection>> gateways_;
    net::Loop control_;
    Workers workers_;
    web::HttpServer http_;
    boost::asio::signal_set signals_;
    Reloader reloader_;
    net::Timer watch_timer_, retire_timer_, retry_timer_, watchdog_timer_, drain_timer_;
    TenantsState tenants_state_;
    DoorState door_;
    const std::unique_ptr<FedTenants> fed_;  // its thread ends before the loop goes to which it posts
    std::optional<TenantsWatch> watch_;
    ConfigWatch config_watch_;
    EndpointsWatch endpoints_watch_;
    RetiredSnapshots retired_;
    bool reloading_ = false;
    bool reload_again_ = false;
    std::set<Cause> to_retry_;  // what retry_timer_ waits for
    bool serving_ = false;
    bool stopping_ = false;
    std::int64_t cut_sessions_ = 0;
};

}  // namespace

DaemonEnd run_daemon(const DaemonOptions& options) {
    give_large_blocks_back();
    std::signal(SIGPIPE, SIG_IGN);  // a reader that is gone is an error of the write, not the end of the daemon
    std::signal(SIGXFSZ, SIG_IGN);  // so is a file that may not grow
    const SignalsHeld held;
    Notifier notifier = Notifier::from_environment();

    ConfigWatch config_watch(options.watched_config);
    Loaded loaded = load_all(options.read_config, options.force_monitor, nullptr);
    if (!loaded.snapshot) {
        for (const config::Problem& problem : loaded.problems) options.complain(to_text(problem));
        return DaemonEnd::bad_config;
    }
    std::optional<Sockets> sockets = open_sockets(*loaded.config, loops_of(*loaded.config), options.complain);
    if (!sockets) return DaemonEnd::no_socket;
    sockets->tell(loaded.config->gateways);
    const auto asked = asked_servers(*loaded.config, options.complain);
    if (!asked) return DaemonEnd::bad_config;
    auto gateways = open_gateways(loaded.config->gateways, options.complain);
    if (!gateways) return DaemonEnd::no_socket;

    std::unique_ptr<Daemon> daemon;
    try {
        std::unique_ptr<FedTenants> fed;
        if (directory::is_fed(loaded.config->tenants)) {
            fed = std::make_unique<FedTenants>(*loaded.config);
            if (const auto started = fed->start(wait_with_snapshot); !started) {
                options.complain("exota: " + started.error().detail);
                return DaemonEnd::bad_config;
            }
        }
        daemon = std::make_unique<Daemon>(options, std::move(config_watch), std::move(loaded), *asked, std::move(fed), std::move(*sockets),
                                          *std::move(gateways), std::move(notifier));
        daemon->start();
    } catch (const std::system_error& error) {
        options.complain(std::string("exota: there are not enough threads (TasksMax= of the unit, a limit of the container): ") +
                         error.what());
        return DaemonEnd::no_socket;
    }
    daemon->run(held);
    return DaemonEnd::stopped;
}

}  // namespace exota::app
