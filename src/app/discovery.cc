#include "app/discovery.h"

#include <system_error>
#include <utility>

#include "directory/list_file.h"
#include "directory/plain_file.h"
#include "directory/replace_file.h"
#include "telemetry/log.h"

namespace exota::app {

using telemetry::LogField;
using telemetry::LogLevel;

base::Result<tenant::Candidates> load_candidates(const std::string& file, tenant::CandidateLimits limits) {
    const auto list = directory::read_plain_file(file, directory::max_list_octets);
    if (!list) return std::unexpected(list.error());
    auto candidates = tenant::Candidates::read(list->text, limits);
    if (!candidates) return base::fail(candidates.error().code, file + ": " + candidates.error().detail);
    return candidates;
}

Discovery::Discovery(DiscoverySettings settings, telemetry::Log& log)
    : settings_(std::move(settings)), log_(log), candidates_(settings_.limits) {}

Discovery::~Discovery() { end(); }

void Discovery::end() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    news_.notify_one();
    thread_.join();
}

void Discovery::use(std::shared_ptr<const tenant::Index> tenants) {
    {
        const std::lock_guard lock(mutex_);
        tenants_ = std::move(tenants);
    }
    wanted_ = true;
    if (thread_.joinable()) return news_.notify_one();
    try {
        thread_ = std::thread([this] { run(); });
        was_wanted_ = true;
    } catch (const std::system_error& error) {
        wanted_ = false;
        log_.service(LogLevel::error, "discovery-off", "there is no thread that could keep candidates",
                     {LogField::of("error", error.what())});
    }
}

void Discovery::note(tenant::Sighting&& sighting) {
    if (!wanted_) return;
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() >= settings_.queue) {
            ++dropped_;
            return;
        }
        queue_.push_back(std::move(sighting));
        if (queue_.size() > 1) return;  // it was told already
    }
    news_.notify_one();
}

void Discovery::run() {
    load();
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto has_news = [this] { return ends_ || !queue_.empty() || tenants_; };
        if (is_unwritten_)
            news_.wait_until(lock, write_at_, has_news);
        else
            news_.wait(lock, has_news);
        const std::vector<tenant::Sighting> sightings = std::exchange(queue_, {});
        const std::shared_ptr<const tenant::Index> tenants = std::exchange(tenants_, nullptr);
        const bool is_the_end = ends_;
        lock.unlock();
        take(sightings);
        if (tenants) remove_tenants(*tenants);
        count();
        if (is_unwritten_ && (is_the_end || std::chrono::steady_clock::now() >= write_at_)) write();
        if (is_the_end) return;
        lock.lock();
    }
}

void Discovery::load() {
    auto loaded = load_candidates(settings_.file, settings_.limits);
    if (loaded) {
        candidates_ = *std::move(loaded);
        count();
    } else if (loaded.error().code != base::Errc::not_found) {
        log_.service(LogLevel::warning, "candidates-unreadable", "the candidates that were kept cannot be used: they are collected anew",
                     {LogField::of("error", loaded.error().detail)});
    }
}

void Discovery::take(const std::vector<tenant::Sighting>& sightings) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    for (const tenant::Sighting& sighting : sightings) {
        const auto noted = candidates_.note(sighting, now);
        is_unwritten_ = true;
        ++recorded_;
        if (noted.displaced) ++displaced_;
        const tenant::Candidate& candidate = noted.candidate;
        if (noted.is_new)
            log_.service(LogLevel::info, "candidate", "an author whom no tenant covers sends through Exchange Online",
                         {LogField::of("author_domain", candidate.domain), LogField::of("tenant_id", candidate.usual_tenant_id())});
        else if (noted.conflicts_now)
            log_.service(LogLevel::warning, "candidate-conflicting",
                         "messages of this author came from different tenants: at most one of them is his",
                         {LogField::of("author_domain", candidate.domain),
                          LogField::of("tenant_id", sighting.tenant_id ? sighting.tenant_id->text() : std::string())});
    }
}

void Discovery::remove_tenants(const tenant::Index& tenants) {
    const std::size_t gone =
        candidates_.remove_if([&tenants](const tenant::Candidate& one) { return tenants.covering(one.domain).has_value(); });
    if (gone > 0) is_unwritten_ = true;
}

void Discovery::write() {
    const auto written = directory::replace_file(settings_.file, candidates_.text(), {.mode = 0640});
    write_at_ = std::chrono::steady_clock::now() + settings_.write_every;
    is_unwritten_ = !written;
    if (!written) {
        ++write_failures_;
        if (!std::exchange(failed_, true))
            log_.service(LogLevel::error, "candidates-unwritten", "the candidates cannot be kept: a restart would forget them",
                         {LogField::of("error", written.error().detail)});
    } else if (std::exchange(failed_, false)) {
        log_.service(LogLevel::info, "candidates-written", "the candidates are kept again");
    }
}

void Discovery::count() {
    known_ = candidates_.size();
    conflicting_ = candidates_.conflicting();
}

std::optional<telemetry::Metrics::CandidateSamples> Discovery::samples() const {
    if (!was_wanted_) return std::nullopt;
    return telemetry::Metrics::CandidateSamples{.known = known_,
                                                .conflicting = conflicting_,
                                                .recorded = recorded_,
                                                .dropped = dropped_,
                                                .displaced = displaced_,
                                                .write_failures = write_failures_};
}

}  // namespace exota::app
