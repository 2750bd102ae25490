#include "programs/tenant_change.h"

#include <algorithm>
#include <set>
#include <utility>

#include "app/loading.h"
#include "base/counted.h"
#include "directory/shrink_guard.h"

namespace exota::programs {
namespace {

std::size_t domains_in(const tenant::RawTenants& tenants) {
    std::size_t count = 0;
    for (const tenant::RawTenant& one : tenants.all())
        if (const auto domains = one.values.find(tenant::Field::domains); domains != one.values.end())
            if (const auto* list = std::get_if<std::vector<std::string>>(&domains->second)) count += list->size();
    return count;
}

/// Without those that were there before.
std::vector<config::Problem> news(std::vector<config::Problem> problems, const std::vector<config::Problem>& before) {
    std::set<std::pair<std::string, std::string>> known;
    for (const config::Problem& problem : before) known.emplace(problem.key, problem.text);
    std::erase_if(problems, [&](const config::Problem& problem) {
        return problem.severity == config::Problem::Severity::warning && known.contains({problem.key, problem.text});
    });
    return problems;
}

TenantsChanged refused(TenantsChanged so_far, Exit exit, std::string complaint) {
    so_far.exit = exit;
    so_far.complaint = std::move(complaint);
    return so_far;
}

}  // namespace

Exit exit_of(const base::Error& error) {
    switch (error.code) {
        case base::Errc::not_found:
            return Exit::no_input;
        case base::Errc::invalid_data:
            return Exit::bad_config;
        default:
            return Exit::unavailable;
    }
}

std::vector<config::Problem> problems_of_text(const std::string& text, const tenant::Defaults& defaults, const std::string& place,
                                              TextIs is) {
    tenant::LoadedTenants loaded = tenant::read_tenants(text, defaults);
    if (loaded.version == 1 && loaded.index)
        loaded.problems.push_back({tenant::Problem::Severity::error, {}, {}, "is of version 1: exota migrate makes version 2 of it"});
    if (is == TextIs::to_be_written)
        for (tenant::Problem& problem : loaded.problems) problem.place = {};
    return app::problems_in(place, std::move(loaded.problems));
}

TenantsChanged change_tenants(directory::TenantsStore& store, const tenant::Defaults& defaults,
                              const std::function<base::Result<void>(tenant::RawTenants&)>& edit, const HowToChange& how) {
    TenantsChanged out;
    auto opened = store.open(directory::TenantsStore::Access::change);
    if (!opened) return refused(std::move(out), exit_of(opened.error()), opened.error().detail);
    const std::vector<config::Problem> before = problems_of_text(opened->text, defaults, store.place(), TextIs::in_the_file);
    if (!opened->tenants) {
        out.problems = before;
        std::erase_if(out.problems, [](const auto& problem) { return problem.severity == config::Problem::Severity::warning; });
        return refused(std::move(out), Exit::bad_config, "nothing was changed: what is there must be mended first");
    }
    tenant::RawTenants after = *opened->tenants;
    if (const base::Result<void> edited = edit(after); !edited) return refused(std::move(out), Exit::bad_data, edited.error().detail);
    out.difference = tenant::difference(*opened->tenants, after);
    if (out.difference.empty()) return out;

    out.problems = news(problems_of_text(after.text(), defaults, store.place(), TextIs::to_be_written), before);
    if (app::has_error(out.problems)) return refused(std::move(out), Exit::bad_config, "nothing was changed");
    const std::size_t had = domains_in(*opened->tenants), has = domains_in(after);
    const bool shrinks = directory::shrinks_too_much(had, has);
    if (shrinks && !how.accept_shrink)
        return refused(std::move(out), Exit::bad_config,
                       "nothing was changed: it would leave " + std::to_string(has) + " of " + base::counted(had, "domain") +
                           "; if that is meant, say --accept-shrink");
    if (how.dry_run) return out;
    directory::TenantsStore::Change change{after, out.difference};
    if (shrinks) change.before_it_counts = how.note_acceptance;
    if (const base::Result<void> changed = store.change(change); !changed)
        return refused(std::move(out), exit_of(changed.error()), changed.error().detail);
    out.written = true;
    return out;
}

}  // namespace exota::programs
