#include "app/endpoints_load.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "app/kept_endpoints.h"
#include "config/endpoints_state.h"

namespace exota::app {
namespace {

config::Problem problem_with(const std::string& path, std::string text) {
    return {config::Problem::Severity::error, path, 0, 0, path.empty() ? "client_ip.endpoints_file" : "", std::move(text)};
}

}  // namespace

Loaded load_endpoints(const config::Config& in_use, const gate::Snapshot& previous) {
    Loaded loaded;
    auto file = config::read_endpoints_file(in_use.endpoints.path);
    if (!file) {
        loaded.problems.push_back(problem_with({}, file.error().detail));
        loaded.try_again = file.error().code == base::Errc::io;  // too few descriptors, say
        return loaded;
    }
    if (std::string why = config::why_not_used(*file, &in_use.endpoints.list); !why.empty()) {
        loaded.problems.push_back(problem_with(file->path, std::move(why)));
        return loaded;
    }
    loaded.config = in_use;
    config::use_endpoints(*loaded.config, *std::move(file));
    if (auto warning = keep_endpoints(*loaded.config)) loaded.problems.push_back(*std::move(warning));
    auto snapshot = std::make_shared<gate::Snapshot>(previous);
    snapshot->rules = loaded.config->rules;
    snapshot->generation = previous.generation + 1;
    loaded.snapshot = std::move(snapshot);
    return loaded;
}

std::vector<config::Problem> endpoint_problems(const config::Config& config, const config::EndpointsFile& in_use) {
    if (config.endpoints.path.empty() || config.endpoints.path != in_use.path) return {};
    std::string why = config::why_not_used(config.endpoints, &in_use.list);
    if (why.empty()) return {};
    return {problem_with(config.endpoints.path, std::move(why))};
}

std::int64_t endpoints_as_of(const config::Config& config, std::chrono::system_clock::time_point time) {
    const config::EndpointsFile& file = config.endpoints;
    if (file.path.empty()) return 0;
    const auto now = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
    const auto written = std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(file.stamp.modified_nanoseconds));
    const auto confirmed = config::endpoints_confirmed(file, config.tenants.state_directory, now);
    // A time that lies ahead was written by a clock that was wrong, and says nothing.
    return std::max(written <= now ? written : std::chrono::seconds{}, confirmed).count();
}

void EndpointsWatch::was_read(const config::EndpointsFile& file) {
    path_ = file.path;
    watch_.emplace(directory::Watched{file.stamp, {}});
}

directory::FileWatch::Action EndpointsWatch::look_again() {
    if (path_.empty()) return directory::FileWatch::Action::nothing;
    const auto stamp = directory::stamp_of(path_);
    return watch_->look({stamp ? std::optional(*stamp) : std::nullopt, {}});
}

}  // namespace exota::app
