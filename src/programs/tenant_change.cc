#include "programs/tenant_change.h"

#include <algorithm>
#include <set>
#include <utility>

#include "app/loading.h"
#include "base/counted.h"
#include "base/json_writer.h"
#include "directory/shrink_guard.h"
#include "directory/tenant_rows.h"
#include "tenant/domains_kept.h"

namespace exota::programs {
namespace {

/// Without those that were there before.
std::vector<config::Problem> news(std::vector<config::Problem> problems, const std::vector<config::Problem>& before) {
    std::set<std::pair<std::string, std::string>> known;
    for (const config::Problem& problem : before) known.emplace(problem.key, problem.text);
    std::erase_if(problems, [&](const config::Problem& problem) {
        return problem.severity == config::Problem::Severity::warning && known.contains({problem.key, problem.text});
    });
    return problems;
}

/// Those that are wrong by themselves, or in another's way.
std::vector<std::string> bad_ones(const tenant::RawTenants& tenants, const tenant::Defaults& defaults) {
    std::vector<directory::TenantRow> rows;
    for (const tenant::RawTenant& one : tenants.all())
        rows.push_back({one.name, base::json_text([&one](base::JsonObject& fields) { add_fields(fields, one); })});
    directory::TenantRows all(defaults, {});
    if (!all.take_all(std::move(rows))) return {};
    return all.bad_ones();
}

/// Where names are kept in their canonical form: what is left of a difference then.
std::vector<tenant::TenantChange> canonical_difference(const std::vector<tenant::TenantChange>& difference,
                                                       const tenant::RawTenants& before, const tenant::RawTenants& after) {
    const auto changed_ones = [&difference](const tenant::RawTenants& all) {
        tenant::RawTenants out;
        for (const tenant::TenantChange& change : difference) {
            const tenant::RawTenant* const one = all.find(change.name);
            if (!one) continue;
            tenant::RawTenant canonical = tenant::in_canonical_form(*one);
            std::erase_if(canonical.values, [](const auto& value) {
                const auto* const list = std::get_if<std::vector<std::string>>(&value.second);
                return tenant::is_names(value.first) && list && list->empty();
            });
            out.put(std::move(canonical));
        }
        return out;
    };
    return tenant::difference(changed_ones(before), changed_ones(after));
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

config::Problem unreadable(const std::string& place, const std::string& name, const std::string& why) {
    return {config::Problem::Severity::warning, place, 0, 0, "tenants." + name, why};
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
    // What cannot be read is there by its name, so that it can be removed.
    tenant::RawTenants found = *opened->tenants;
    for (const auto& one : opened->unreadable) found.put({one.name, {}});
    tenant::RawTenants after = found;
    if (const base::Result<void> edited = edit(after); !edited) return refused(std::move(out), Exit::bad_data, edited.error().detail);
    out.difference = tenant::difference(found, after);
    if (opened->in_canonical_form) out.difference = canonical_difference(out.difference, found, after);
    if (out.difference.empty()) return out;
    const auto is_changed = [&out](const std::string& name) {
        return std::ranges::find(out.difference, name, &tenant::TenantChange::name) != out.difference.end();
    };

    tenant::RawTenants checked = after;
    for (const auto& one : opened->unreadable) {
        if (is_changed(one.name) && after.find(one.name))
            return refused(std::move(out), Exit::bad_config, base::json_text(one.name) + " " + one.why + ": it can only be removed");
        checked.remove(one.name);
    }
    std::vector<config::Problem> others;  // that are told of, for nobody may have seen them yet
    if (opened->each_by_itself && app::has_error(before)) {
        others = problems_of_text(checked.text(), defaults, store.place(), TextIs::to_be_written);
        std::erase_if(others, [](const auto& problem) { return problem.severity == config::Problem::Severity::warning; });
        for (const std::string& name : bad_ones(*opened->tenants, defaults))
            if (!is_changed(name)) checked.remove(name);
    }
    for (const auto& one : opened->unreadable)
        if (!is_changed(one.name)) others.push_back(unreadable(store.place(), one.name, one.why));
    out.problems = news(problems_of_text(checked.text(), defaults, store.place(), TextIs::to_be_written), before);
    if (app::has_error(out.problems)) return refused(std::move(out), Exit::bad_config, "nothing was changed");
    for (config::Problem& problem : others) {
        problem.severity = config::Problem::Severity::warning;
        out.problems.push_back(std::move(problem));
    }
    const auto [had, kept] = tenant::domains_kept(found, after);
    const bool shrinks = directory::shrinks_too_much(had, kept);
    if (shrinks && !how.accept_shrink)
        return refused(std::move(out), Exit::bad_config,
                       "nothing was changed: it would leave " + std::to_string(kept) + " of " + base::counted(had, "domain") +
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
