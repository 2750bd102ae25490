// Configuration and tenants, loaded whole: what the daemon starts with, and what a reload puts in their place.
//
// These functions block (a million domains take a second) and share nothing: a reload runs them on a thread of its own. They report every
// problem, not just the first. Tested by loading_test.cc and daemon_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "app/config.h"
#include "directory/file_stamp.h"
#include "gate/judge.h"

namespace exota::app {

struct Loaded {
    std::optional<Config> config;  // both set exactly if no problem is an error
    std::shared_ptr<const gate::Snapshot> snapshot;
    std::vector<ConfigProblem> problems;
    bool try_again = false;                             // what failed may work soon, though nobody changes anything
    std::optional<directory::FileStamp> tenants_stamp;  // of the tenants file that was read, good or not
};

/// Of a tenants file that names nobody, where that has an effect: nothing can be authorised. nullopt: none, or everything is let through.
std::optional<ConfigProblem> warning_of_no_tenants(const Config& config, const tenant::Index& tenants);

enum class ForceMonitor : std::uint8_t { no, yes };

/// Configuration, then the tenants that it names.
/// @param previous  in use now, nullptr at start: counts of limits go on, and a tenants file that lost more than a fifth of its domains
///                  is an error unless that was confirmed.
Loaded load_all(const std::function<LoadedConfig()>& read_config, ForceMonitor force_monitor, const gate::Snapshot* previous);

/// Only the tenants, under the configuration in use.
Loaded load_tenants(const Config& config, const gate::Snapshot* previous);

}  // namespace exota::app
