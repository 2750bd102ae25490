#include "app/loading.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "app/endpoints_load.h"
#include "app/kept_endpoints.h"
#include "app/recipient_gaps.h"
#include "base/counted.h"
#include "directory/fed_source.h"
#include "directory/snapshot_file.h"
#include "directory/source.h"
#include "tenant/domains_kept.h"

namespace exota::app {

namespace {

using Severity = config::Problem::Severity;

bool is_missing(const std::string& path) { return ::access(path.c_str(), F_OK) != 0 && errno == ENOENT; }

/// Of a tenants file that names nobody, where that has an effect: nothing can be authorised. nullopt: none, or everything is let through.
std::optional<config::Problem> warning_of_no_tenants(const config::Config& config, const tenant::Index& tenants) {
    const tenant::Mode mode = config.rules.mode;
    if (tenants.tenant_count() > 0 || mode == tenant::Mode::monitor || config.rules.force_monitor) return std::nullopt;
    const std::string_view fate = mode == tenant::Mode::defer ? "deferred" : mode == tenant::Mode::quarantine ? "held" : "refused";
    return config::Problem{
        Severity::warning, config.tenants.file, 0, 0, {}, "names no tenant: every message that is judged is " + std::string(fate)};
}

/// Of gateways that may refuse at MAIL, where they never will.
void warn_of_early_refusal(const config::Config& config, const tenant::Index& tenants, std::vector<config::Problem>& problems) {
    if (tenants.all_have_organizations()) return;
    for (const config::GatewayConfig& gateway : config.gateways)
        if (gateway.session.early_refusal)
            problems.push_back({Severity::warning,
                                config.tenants.file,
                                0,
                                0,
                                {},
                                "has tenants that list no organizations: early_refusal of [gateway." + gateway.session.name +
                                    "] refuses nobody, as each of them could be meant"});
}

void add_tenants(ReadFiles& files) {
    const config::Config& config = *files.config;
    files.from_server = config.tenants.source != "file";
    if (files.from_server) return;
    const std::string& file = config.tenants.file;
    const auto take = [&](directory::Content content) {
        files.tenants_stamp = content.stamp;
        files.tenants_fingerprint = content.fingerprint;
        std::ranges::move(problems_in(file, std::move(content.problems)), std::back_inserter(files.problems));
    };
    directory::make_source({file, config.tenant_defaults})
        ->start(
            [&](directory::Arrived arrived) {
                take(std::move(arrived.content));
                files.tenants = std::move(arrived.index);
                if (auto warning = warning_of_no_tenants(config, *files.tenants)) files.problems.push_back(*std::move(warning));
                warn_of_early_refusal(config, *files.tenants, files.problems);
            },
            [&](directory::Trouble trouble) {
                files.file_missing = trouble.error.code == base::Errc::not_found;
                files.try_again = trouble.error.code == base::Errc::unavailable;
                if (!trouble.content) {
                    files.problems.push_back({Severity::error, file, 0, 0, {}, "cannot be read: " + trouble.error.detail});
                    return;
                }
                take(*std::move(trouble.content));
                if (!has_error(files.problems)) files.problems.push_back({Severity::error, file, 0, 0, {}, trouble.error.detail});
            });
}

/// What is wrong in the tenants file of a configuration that has errors of its own; the tenants are not kept.
std::vector<config::Problem> problems_of_tenants(const config::TenantsToCheck& tenants) {
    std::vector<config::Problem> problems;
    const auto take = [&](directory::Content content) { problems = problems_in(tenants.file, std::move(content.problems)); };
    directory::make_source({tenants.file, tenants.defaults})
        ->start([&](directory::Arrived arrived) { take(std::move(arrived.content)); },
                [&](directory::Trouble trouble) {
                    if (trouble.content) take(*std::move(trouble.content));
                    if (has_error(problems)) return;
                    const std::string why = trouble.content ? "" : "cannot be read: ";
                    problems.push_back({Severity::error, tenants.file, 0, 0, {}, why + trouble.error.detail});
                });
    if (tenants.errors_only) std::erase_if(problems, [](const config::Problem& p) { return p.severity != Severity::error; });
    return problems;
}

/// For a command: what the server has now; where it cannot be asked, what the daemon kept of it.
void read_server(ReadFiles& files) {
    const directory::TenantsSettings& tenants = files.config->tenants;
    const directory::HeldTenants::Of held = directory::held_of(tenants);
    const auto problem = [&](Severity severity, std::string text) {
        files.problems.push_back({severity, held.name, 0, 0, {}, std::move(text)});
    };
    auto read = directory::read_server_once(tenants, files.config->tenant_defaults);
    if (read) {
        files.tenants = std::move(read->taken.index);
        files.tenants_fingerprint = read->fingerprint;
        std::ranges::move(problems_in(held.name, std::move(read->taken.problems)), std::back_inserter(files.problems));
        for (std::string& warning : read->warnings) problem(Severity::warning, std::move(warning));
        return;
    }
    if (read.error().code == base::Errc::invalid_data) return problem(Severity::error, read.error().detail);
    problem(Severity::warning, "cannot be asked now: " + read.error().detail);
    if (tenants.snapshot_file.empty()) return;
    const auto kept = directory::load_snapshot(tenants.snapshot_file, held.origin);
    if (!kept) return problem(Severity::warning, kept.error().detail);
    directory::TenantRows rows(files.config->tenant_defaults, {});
    files.tenants_are_kept = true;
    if (auto taken = rows.restore(kept->lines)) files.tenants = std::move(taken->index);
}

/// Whether so many of the domains in use may be gone, and the note of how many there are now. Without a state directory nothing is guarded.
void guard_against_loss(const ReadFiles& files, const gate::Snapshot* previous, std::vector<config::Problem>& problems) {
    const directory::TenantsSettings& tenants = files.config->tenants;
    if (tenants.state_directory.empty()) return;
    const directory::ShrinkGuard guard(tenants.state_directory);
    const auto problem = [&](Severity severity, std::string text) {
        problems.push_back({severity, tenants.file, 0, 0, {}, std::move(text)});
    };
    if (previous && previous->tenants) {
        const auto [before, kept] = tenant::domains_kept(*previous->tenants, *files.tenants);
        if (directory::shrinks_too_much(before, kept) && !guard.is_accepted(files.tenants_fingerprint))
            return problem(Severity::error, "would leave " + std::to_string(kept) + " of " + base::counted(before, "domain") +
                                                ": if that is meant, say so with exota check --accept-shrink");
    }
    if (const base::Result<void> noted = guard.note_domain_count(tenants.file, files.tenants->domain_count()); !noted)
        problem(Severity::warning, "the number of domains could not be noted for `exota check`: " + noted.error().detail);
}

/// With what is the configuration's of it.
gate::Snapshot configured(const config::Config& config, const gate::Snapshot* previous) {
    gate::Snapshot snapshot;
    snapshot.rules = config.rules;
    snapshot.limits = config.limits;
    snapshot.milter = {config.milter.max_frame_octets, config.milter.max_macro_octets};
    snapshot.generation = previous ? previous->generation + 1 : 1;
    return snapshot;
}

std::shared_ptr<const gate::Snapshot> snapshot_of(const ReadFiles& files, const gate::Snapshot* previous) {
    auto snapshot = std::make_shared<gate::Snapshot>(configured(*files.config, previous));
    if (files.from_server) {
        snapshot->looks_up = directory::looks_up(files.config->tenants);
        if (previous) {
            snapshot->tenants = previous->tenants;
            snapshot->tenant_limits = previous->tenant_limits;
            snapshot->tenants_are = previous->tenants_are;
        }
        if (snapshot->looks_up) {
            snapshot->tenant_defaults = std::make_shared<const tenant::Defaults>(files.config->tenant_defaults);
        }
    } else if (files.tenants) {
        snapshot->tenants = files.tenants;
        snapshot->tenant_limits = std::make_shared<gate::TenantLimits>(*files.tenants, previous ? previous->tenant_limits.get() : nullptr);
    }
    snapshot->door = files.door.lists;
    return snapshot;
}

Loaded loaded_from(ReadFiles files, const gate::Snapshot* previous) {
    Loaded loaded;
    loaded.problems = std::move(files.problems);
    loaded.try_again = files.try_again;
    loaded.tenants_stamp = files.tenants_stamp;
    if (files.tenants) guard_against_loss(files, previous, loaded.problems);
    // Its socket stays open until a restart, and whoever comes there must not be asked whether he may relay.
    if (files.config && previous && previous->rules.inbound && !files.config->rules.inbound)
        loaded.problems.push_back({Severity::error, files.config->path, 0, 0, "inbound", "cannot be taken away by a reload: restart"});
    if ((!files.tenants && !files.from_server) || has_error(loaded.problems)) return loaded;
    loaded.snapshot = snapshot_of(files, previous);
    loaded.config = std::move(files.config);
    return loaded;
}

}  // namespace

bool has_error(const std::vector<config::Problem>& problems) noexcept { return count_of(problems, Severity::error) > 0; }

std::size_t count_of(const std::vector<config::Problem>& problems, config::Problem::Severity severity) noexcept {
    return static_cast<std::size_t>(std::ranges::count(problems, severity, &config::Problem::severity));
}

std::vector<config::Problem> problems_in(const std::string& file, std::vector<tenant::Problem> problems) {
    std::vector<config::Problem> out;
    out.reserve(problems.size());
    for (tenant::Problem& problem : problems)
        out.push_back({problem.severity == tenant::Problem::Severity::error ? Severity::error : Severity::warning, file, problem.place.line,
                       problem.place.column, std::move(problem.path), std::move(problem.text)});
    return out;
}

std::string errors_in_one_line(std::string_view what, const std::vector<config::Problem>& problems) {
    std::string out(what);
    out += ':';
    for (const config::Problem& problem : problems)
        if (problem.severity == Severity::error) out += ' ' + (problem.key.empty() ? "" : problem.key + ": ") + problem.text + ';';
    out.pop_back();
    return out;
}

ReadFiles read_files(config::LoadedConfig config, const gate::DoorLists* previous_door) {
    ReadFiles files;
    files.config = std::move(config.config);
    files.problems = std::move(config.problems);
    if (files.config) {
        add_tenants(files);
        files.door = read_door_files(*files.config, previous_door);
        files.try_again |= files.door.try_again;
        files.problems.insert(files.problems.end(), files.door.problems.begin(), files.door.problems.end());
        if (files.tenants && files.door.lists && files.door.lists->recipients)
            std::ranges::move(domains_without_recipients(*files.config, *files.tenants, *files.door.lists->recipients),
                              std::back_inserter(files.problems));
    } else if (!has_error(files.problems)) {
        files.problems.push_back({Severity::error, {}, 0, 0, {}, "there is no configuration"});
    } else if (config.tenants_to_check) {
        std::ranges::move(problems_of_tenants(*config.tenants_to_check), std::back_inserter(files.problems));
    }
    return files;
}

ReadFiles read_chosen_files(const std::optional<std::string>& named, const char* const* environment) {
    config::LoadedConfig config = config::choose(named, environment);
    if (config.config) std::ranges::move(compare_with_kept(*config.config), std::back_inserter(config.problems));
    ReadFiles files = read_files(std::move(config));
    if (files.config && directory::is_fed(files.config->tenants)) read_server(files);
    if (!files.config && (named || !config::drop_in_requested(environment)))
        files.file_missing = is_missing(named.value_or(std::string(config::default_config_path)));
    return files;
}

Loaded failed_load(std::string why) {
    Loaded loaded;
    loaded.problems.push_back({Severity::error, {}, 0, 0, {}, std::move(why)});
    return loaded;
}

Loaded load_all(const std::function<config::LoadedConfig()>& read_config, ForceMonitor force_monitor, const gate::Snapshot* previous,
                const config::EndpointsFile* endpoints) {
    config::LoadedConfig config = read_config();
    if (config.config && force_monitor == ForceMonitor::yes) config.config->rules.force_monitor = true;
    if (config.config && endpoints) {
        std::ranges::move(endpoint_problems(*config.config, *endpoints), std::back_inserter(config.problems));
        if (has_error(config.problems)) config.config.reset();
    } else if (config.config) {
        std::ranges::move(compare_with_kept(*config.config), std::back_inserter(config.problems));
    }
    if (previous) config.tenants_to_check.reset();  // the watch looks at the file in force, and says what is wrong there
    ReadFiles files = read_files(std::move(config), previous ? previous->door.get() : nullptr);
    std::optional<std::vector<DoorFile>> door_files;
    if (files.config) door_files = files.door.files;
    Loaded loaded = loaded_from(std::move(files), previous);
    // What was not taken was not read: whoever watches the files in force is to see their change yet.
    if (loaded.snapshot) loaded.door_files = std::move(door_files);
    if (loaded.snapshot)
        if (auto warning = keep_endpoints(*loaded.config)) loaded.problems.push_back(*std::move(warning));
    return loaded;
}

Loaded load_tenants(const config::Config& config, const gate::Snapshot* previous) {
    ReadFiles files;
    files.config = config;
    add_tenants(files);
    files.door.lists = previous->door;
    return loaded_from(std::move(files), previous);
}

Loaded load_door(const config::Config& config, const gate::Snapshot& previous) {
    DoorFiles door = read_door_files(config, previous.door.get(), FileAtFault::keeps_its_last);
    Loaded loaded;
    loaded.problems = std::move(door.problems);
    loaded.try_again = door.try_again;
    loaded.door_files = std::move(door.files);
    if (!door.lists) return loaded;
    auto snapshot = std::make_shared<gate::Snapshot>(configured(config, &previous));
    snapshot->tenants = previous.tenants;
    snapshot->looks_up = previous.looks_up;
    snapshot->tenants_are = previous.tenants_are;
    snapshot->tenant_defaults = previous.tenant_defaults;
    snapshot->tenant_limits = previous.tenant_limits;
    snapshot->door = std::move(door.lists);
    loaded.snapshot = std::move(snapshot);
    loaded.config = config;
    return loaded;
}

config::LoadedConfig with_source_of(const config::Config& running, config::LoadedConfig loaded) {
    if (!loaded.config) return loaded;
    if (loaded.config->tenants.source != running.tenants.source ||
        directory::looks_up(loaded.config->tenants) != directory::looks_up(running.tenants))
        loaded.config->tenants = running.tenants;
    // A server that is asked for recipients has its clients since the start.
    const directory::RecipientSourceSettings &now = loaded.config->recipient_source, &then = running.recipient_source;
    if (now.ldap.has_value() != then.ldap.has_value() || now.postgresql.has_value() != then.postgresql.has_value()) {
        loaded.problems.push_back({config::Problem::Severity::warning, loaded.config->path, 0, 0, "recipients.source",
                                   "whether a server is asked, and which, is only read at start; the old source stays until then"});
        loaded.config->recipients = running.recipients;
        loaded.config->recipient_source = running.recipient_source;
    }
    return loaded;
}

std::shared_ptr<const gate::Snapshot> with_tenants(const gate::Snapshot& previous, std::shared_ptr<const tenant::Index> tenants,
                                                   std::shared_ptr<const std::atomic<gate::TenantsAre>> tenants_are) {
    auto snapshot = std::make_shared<gate::Snapshot>(previous);
    snapshot->tenant_limits = std::make_shared<gate::TenantLimits>(*tenants, previous.tenant_limits.get());
    snapshot->tenants = std::move(tenants);
    snapshot->tenants_are = std::move(tenants_are);
    snapshot->generation = previous.generation + 1;
    return snapshot;
}

}  // namespace exota::app
