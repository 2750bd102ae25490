// Configuration and tenants, loaded whole: what the daemon starts with, what a reload puts in their place, and what `check`, `explain`
// and the other commands look at. All of them read by read_files(), so a problem has one text and one place whoever finds it.
//
// These functions block (a million domains take a second) and share nothing: a reload runs them on a thread of its own. They report every
// problem, not just the first. Tested by loading_test.cc and daemon_test.cc.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/door_files.h"
#include "config/config.h"
#include "directory/file_stamp.h"
#include "directory/shrink_guard.h"
#include "gate/judge.h"

namespace exota::app {

bool has_error(const std::vector<config::Problem>& problems) noexcept;
std::size_t count_of(const std::vector<config::Problem>& problems, config::Problem::Severity severity) noexcept;

/// Problems with tenants, as problems of the file that has them.
std::vector<config::Problem> problems_in(const std::string& file, std::vector<tenant::Problem> problems);
/// "WHAT: KEY: TEXT; KEY: TEXT" of all errors, for an answer of one line.
std::string errors_in_one_line(std::string_view what, const std::vector<config::Problem>& problems);

/// A configuration and the tenants that it names, as they were read.
struct ReadFiles {
    std::optional<config::Config> config;               // set if it has no error, whatever the tenants are
    std::shared_ptr<const tenant::Index> tenants;       // set if they have none either
    std::vector<config::Problem> problems;              // of both, in order
    std::optional<directory::FileStamp> tenants_stamp;  // of the tenants file that was read, good or not
    directory::Fingerprint tenants_fingerprint;         // of its content
    bool from_server = false;                           // the tenants are a server's: they come later, or are looked up
    bool tenants_are_kept = false;                      // the server could not be asked: they are what the daemon kept of it
    bool file_missing = false;                          // configuration or tenants file does not exist
    bool try_again = false;                             // what failed may work soon, though nobody changes anything
    DoorFiles door;                                     // of inbound doors; its problems are among those above
};

/// @param config         read already; if it is not good, the tenants file that it names is read for its problems only.
/// @param previous_door  as read_door_files() has it.
ReadFiles read_files(config::LoadedConfig config, const gate::DoorLists* previous_door = nullptr);
/// The configuration that `serve` would use (config::choose, and compare_with_kept), and its tenants.
/// @param named  what -c says.
ReadFiles read_chosen_files(const std::optional<std::string>& named, const char* const* environment);

struct Loaded {
    std::optional<config::Config> config;  // both set exactly if no problem is an error, but for load_door()
    std::shared_ptr<const gate::Snapshot> snapshot;
    std::vector<config::Problem> problems;
    bool try_again = false;                             // what failed may work soon, though nobody changes anything
    std::optional<directory::FileStamp> tenants_stamp;  // of the tenants file that was read, good or not
    std::optional<std::vector<DoorFile>> door_files;    // of inbound doors: read, and by load_door() good or not
};

/// Nothing but an error without a place: of a load that could not begin or went wrong as a whole.
Loaded failed_load(std::string why);

enum class ForceMonitor : std::uint8_t { no, yes };

/// Configuration, then the tenants that it names.
/// @param previous  in use now, nullptr at start: counts of limits go on, and a tenants file that lost more than a fifth of its domains
///                  is an error unless that was confirmed. Where the tenants are a server's, those of before go on as well.
/// @param endpoints  in use now: the same file must not have lost or won too much of them (endpoints_load.h). nullptr at start: if it
///                   lost or won too much of those that were in use before, these stay (kept_endpoints.h).
Loaded load_all(const std::function<config::LoadedConfig()>& read_config, ForceMonitor force_monitor, const gate::Snapshot* previous,
                const config::EndpointsFile* endpoints = nullptr);

/// For a reload: where tenants are kept is read at start, so another source waits for the next one.
config::LoadedConfig with_source_of(const config::Config& running, config::LoadedConfig loaded);

/// The snapshot in use with other tenants, which came without a reload.
std::shared_ptr<const gate::Snapshot> with_tenants(const gate::Snapshot& previous, std::shared_ptr<const tenant::Index> tenants,
                                                   std::shared_ptr<const std::atomic<gate::TenantsAre>> tenants_are);

/// Only the tenants, under the configuration in use.
/// @param previous  never null; what else it has stays.
Loaded load_tenants(const config::Config& config, const gate::Snapshot* previous);

/// Only the files of inbound doors, likewise; of one at fault what is in force stays. The snapshot is there unless all of them are.
Loaded load_door(const config::Config& config, const gate::Snapshot& previous);

}  // namespace exota::app
