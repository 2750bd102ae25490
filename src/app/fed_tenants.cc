#include "app/fed_tenants.h"

#include <iterator>
#include <utility>

#include "app/loading.h"
#include "directory/postgres_conninfo.h"

namespace exota::app {

FedTenants::FedTenants(const config::Config& config)
    : name_(directory::name_of(*config.tenants.postgresql)),
      status_(std::make_shared<directory::SourceStatus>(config.tenants.max_stale)),
      source_(
          {.settings = *config.tenants.postgresql,
           .snapshot_file = config.tenants.snapshot_file,
           .state_directory = config.tenants.state_directory,
           .max_stale = config.tenants.max_stale,
           .defaults = config.tenant_defaults,
           .status = status_,
           .on_index =
               [this](std::shared_ptr<const tenant::Index> tenants, std::vector<tenant::Problem> problems) {
                   take_index(std::move(tenants), problems_in(name_, std::move(problems)));
               },
           .on_warning = [this](const std::string& text) { add(nullptr, {{config::Problem::Severity::warning, name_, 0, 0, {}, text}}); },
           .on_trouble = [this] { wake(); }}) {}

base::Result<void> FedTenants::start(std::chrono::milliseconds at_most) {
    source_.start();
    if (source_.first(at_most) != directory::PostgresSource::First::other_schema) return {};
    return base::fail(base::Errc::invalid_data, source_.trouble());
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
