#include "app/loading.h"

#include <algorithm>

#include "base/counted.h"
#include "directory/tenants_file_source.h"

namespace exota::app {

namespace {

using Severity = ConfigProblem::Severity;

bool has_error(const std::vector<ConfigProblem>& problems) {
    return std::ranges::any_of(problems, [](const ConfigProblem& p) { return p.severity == Severity::error; });
}

/// Adds the tenants to what is loaded of the configuration.
void add_tenants(Loaded& loaded, const gate::Snapshot* previous) {
    const Config& config = *loaded.config;
    const auto problem = [&](Severity severity, std::string text, tenant::TextPlace place = {}, std::string key = {}) {
        loaded.problems.push_back({severity, config.tenants.file, place.line, place.column, std::move(key), std::move(text)});
    };
    base::Result<directory::LoadedFile> read = directory::load_tenants_file(config.tenants.file, config.tenant_defaults);
    if (!read) {
        loaded.try_again = read.error().code == base::Errc::unavailable;
        return problem(Severity::error, "cannot be read: " + read.error().detail);
    }
    loaded.tenants_stamp = read->stamp;
    for (tenant::Problem& p : read->tenants.problems)
        problem(p.severity == tenant::Problem::Severity::error ? Severity::error : Severity::warning, std::move(p.text), p.place,
                std::move(p.path));
    if (!read->tenants.index) {
        if (!has_error(loaded.problems)) problem(Severity::error, "cannot be used");
        return;
    }
    const auto index = std::make_shared<const tenant::Index>(std::move(*read->tenants.index));
    if (auto warning = warning_of_no_tenants(config, *index)) loaded.problems.push_back(*std::move(warning));
    if (!config.tenants.state_directory.empty()) {
        const directory::ShrinkGuard guard(config.tenants.state_directory);
        if (previous && previous->tenants) {
            const std::size_t before = previous->tenants->domain_count();
            if (directory::shrinks_too_much(before, index->domain_count()) && !guard.is_accepted(read->fingerprint))
                return problem(Severity::error, "would leave " + std::to_string(index->domain_count()) + " of " +
                                                    base::counted(before, "domain") +
                                                    ": if that is meant, say so with exota check --accept-shrink");
        }
        if (const base::Result<void> noted = guard.note_domain_count(config.tenants.file, index->domain_count()); !noted)
            problem(Severity::warning, "the number of domains could not be noted for `exota check`: " + noted.error().detail);
    }
    if (has_error(loaded.problems)) return;
    auto snapshot = std::make_shared<gate::Snapshot>();
    snapshot->rules = config.rules;
    snapshot->limits = config.limits;
    snapshot->milter = {config.milter.max_frame_octets, config.milter.max_macro_octets};
    snapshot->tenants = index;
    snapshot->tenant_limits = std::make_shared<gate::TenantLimits>(*index, previous ? previous->tenant_limits.get() : nullptr);
    snapshot->generation = previous ? previous->generation + 1 : 1;
    loaded.snapshot = std::move(snapshot);
}

}  // namespace

std::optional<ConfigProblem> warning_of_no_tenants(const Config& config, const tenant::Index& tenants) {
    const tenant::Mode mode = config.rules.mode;
    if (tenants.tenant_count() > 0 || mode == tenant::Mode::monitor || config.rules.force_monitor) return std::nullopt;
    const std::string_view fate = mode == tenant::Mode::defer ? "deferred" : mode == tenant::Mode::quarantine ? "held" : "refused";
    return ConfigProblem{
        Severity::warning, config.tenants.file, 0, 0, {}, "names no tenant: every message that is judged is " + std::string(fate)};
}

Loaded load_all(const std::function<LoadedConfig()>& read_config, ForceMonitor force_monitor, const gate::Snapshot* previous) {
    Loaded loaded;
    LoadedConfig read = read_config();
    loaded.config = std::move(read.config);
    loaded.problems = std::move(read.problems);
    if (!loaded.config) {
        if (!has_error(loaded.problems)) loaded.problems.push_back({Severity::error, {}, 0, 0, {}, "there is no configuration"});
        return loaded;
    }
    if (force_monitor == ForceMonitor::yes) loaded.config->rules.force_monitor = true;
    add_tenants(loaded, previous);
    if (!loaded.snapshot) loaded.config.reset();
    return loaded;
}

Loaded load_tenants(const Config& config, const gate::Snapshot* previous) {
    Loaded loaded;
    loaded.config = config;
    add_tenants(loaded, previous);
    if (!loaded.snapshot) loaded.config.reset();
    return loaded;
}

}  // namespace exota::app
