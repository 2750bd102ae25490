#include "app/fed_tenants.h"

#include <iterator>
#include <utility>

#include "app/loading.h"

namespace exota::app {

FedTenants::FedTenants(const config::Config& config)
    : name_(directory::held_of(config.tenants).name),
      status_(std::make_shared<directory::SourceStatus>(config.tenants.max_stale)),
      settings_(config.tenants),
      defaults_(config.tenant_defaults) {}

base::Result<void> FedTenants::start(std::chrono::milliseconds at_most) {
    auto made = directory::make_fed_source(
        settings_,
        {.snapshot_file = settings_.snapshot_file,
         .state_directory = settings_.state_directory,
         .max_stale = settings_.max_stale,
         .defaults = defaults_,
         .status = status_,
         .on_index =
             [this](std::shared_ptr<const tenant::Index> tenants, std::vector<tenant::Problem> problems) {
                 take_index(std::move(tenants), problems_in(name_, std::move(problems)));
             },
         .on_warning = [this](const std::string& text) { add(nullptr, {{config::Problem::Severity::warning, name_, 0, 0, {}, text}}); },
         .on_trouble = [this] { wake(); },
         .on_loaded = [this] { wake(); }});
    if (!made) return base::fail(made.error().code, name_ + ' ' + made.error().detail);
    source_ = *std::move(made);
    source_->start();
    if (source_->first(at_most) != directory::FedSource::First::other_schema) return {};
    return base::fail(base::Errc::invalid_data, source_->trouble());
}

void FedTenants::on_news(std::function<void()> wake) {
    std::function<void()> now;
    {
        const std::lock_guard lock(mutex_);
        wake_ = std::move(wake);
        if (news_) now = wake_;
    }
    if (now) now();
}

std::optional<FedTenants::News> FedTenants::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(news_, std::nullopt);
}

bool FedTenants::has_tenants() const {
    const std::lock_guard lock(mutex_);
    return news_ && news_->tenants;
}

void FedTenants::take_index(std::shared_ptr<const tenant::Index> tenants, std::vector<config::Problem> problems) {
    {
        const std::lock_guard lock(mutex_);
        const std::set<std::string> told = std::exchange(told_, {});
        std::erase_if(problems, [&](const config::Problem& problem) {
            return told.contains(*told_.insert(problem.key + '\n' + problem.text).first);
        });
    }
    add(std::move(tenants), std::move(problems));
}

void FedTenants::wake() {
    std::function<void()> wake;
    {
        const std::lock_guard lock(mutex_);
        wake = wake_;
    }
    if (wake) wake();
}

void FedTenants::add(std::shared_ptr<const tenant::Index> tenants, std::vector<config::Problem> problems) {
    {
        const std::lock_guard lock(mutex_);
        if (!news_) news_.emplace();
        if (tenants) news_->tenants = std::move(tenants);
        std::ranges::move(problems, std::back_inserter(news_->problems));
    }
    wake();
}

}  // namespace exota::app
