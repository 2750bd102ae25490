// A candidate becomes a tenant with the id that Microsoft's OpenID document of its very domain has, if its messages named that one: they
// may have come through another tenant, redirected with their signature whole. In mode monitor, as whoever is new may be incomplete.
#include "programs/tenant_candidates.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "app/discovery.h"
#include "base/counted.h"
#include "base/joined.h"
#include "base/text.h"
#include "programs/json_output.h"
#include "programs/problems.h"
#include "programs/tenant_place.h"
#include "tenant/raw_tenants.h"

extern "C" char** environ;

namespace exota::programs {
namespace {

using tenant::Candidate;
using tenant::Field;

struct Options {
    std::optional<std::string> config, name;
    ChangeOptions change;
    bool force = false;
    std::vector<std::string> domains;
};

/// "2026-11-29T13:00:00Z"
std::string time_text(std::chrono::sys_seconds time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const auto two = [](auto number) {
        std::string digits = std::to_string(number);
        return digits.size() < 2 ? '0' + digits : digits;
    };
    return std::to_string(static_cast<int>(date.year())) + '-' + two(static_cast<unsigned>(date.month())) + '-' +
           two(static_cast<unsigned>(date.day())) + 'T' + two(clock.hours().count()) + ':' + two(clock.minutes().count()) + ':' +
           two(clock.seconds().count()) + 'Z';
}

struct Names {
    const char* name;
    const tenant::SeenNames Candidate::* names;
};
constexpr Names kinds_of_names[] = {
    {"tenant_ids", &Candidate::tenant_ids}, {"organizations", &Candidate::organizations}, {"dkim_domains", &Candidate::sdids}};

// --- Looking ------------------------------------------------------------------------------------------------------------------------

/// What discovery keeps; else the exit code, and what is wrong was said.
std::expected<tenant::Candidates, Exit> candidates_of(const config::Config& config) {
    auto candidates = app::load_candidates(config.discovery.file, {.most = tenant::most_candidates_read});
    if (candidates) return *std::move(candidates);
    if (candidates.error().code == base::Errc::not_found) {
        if (!config.rules.discovery) complain_of("nobody is recorded: discovery.enabled is false");
        return tenant::Candidates();
    }
    complain_of(candidates.error().detail);
    return std::unexpected(candidates.error().code == base::Errc::invalid_data ? Exit::bad_data : Exit::unavailable);
}

Exit list(const Options& options) {
    const auto config = chosen_config(options.config, environ);
    if (!config) return config.error();
    const auto candidates = candidates_of(*config);
    if (!candidates) return candidates.error();
    const auto all = candidates->by_messages();
    print(options.change.json ? candidates_as_json(all) : candidates_as_text(all));
    return Exit::ok;
}

// --- Turning one into a tenant ------------------------------------------------------------------------------------------------------

std::expected<mail::TenantId, Exit> refused(const std::string& why) {
    complain_of(why);
    return std::unexpected(Exit::bad_data);
}

/// The id with which this candidate becomes a tenant.
std::expected<mail::TenantId, Exit> id_for(const Candidate& candidate, const Options& options, const config::Config& config) {
    if (options.force) {
        if (candidate.is_conflicting() || candidate.tenant_ids.names.empty())
            return refused(candidate.domain +
                           (candidate.is_conflicting() ? " was seen with more than one tenant id" : " was seen without a tenant id") +
                           ": exota tenant add --tenant-id says which is meant");
        return mail::TenantId::parse(candidate.usual_tenant_id()).value();
    }
    const auto id = tenant_id_of(mail::Domain::parse(candidate.domain).value(), config);
    if (!id) return id;
    const auto& seen = candidate.tenant_ids.names;
    if (!seen.empty() && std::ranges::find(seen, id->text(), &tenant::SeenNames::Name::text) == seen.end())
        return refused(candidate.domain + " was seen with other tenant ids than Microsoft's " + id->text() +
                       ": its mail came through somebody else's tenant (--force takes the one that was seen)");
    return id;
}

/// Of all the domains together.
std::expected<mail::TenantId, Exit> common_id(const std::vector<const Candidate*>& candidates, const Options& options,
                                              const config::Config& config) {
    std::optional<mail::TenantId> common;
    for (const Candidate* candidate : candidates) {
        const auto id = id_for(*candidate, options, config);
        if (!id) return id;
        if (common && *common != *id)
            return refused(candidates.front()->domain + " and " + candidate->domain + " are domains of different tenants");
        common = *id;
    }
    return *common;
}

bool has_id(const tenant::RawTenant& one, const mail::TenantId& id) {
    const auto found = one.values.find(Field::tenant_ids);
    const auto* ids = found == one.values.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
    return ids != nullptr && std::ranges::any_of(*ids, [&id](const std::string& text) { return base::iequals(text, id.text()); });
}

base::Result<void> add_to(tenant::RawTenants& tenants, const std::string& name, const std::vector<std::string>& domains,
                          const mail::TenantId& id) {
    if (tenants.find(name))
        return base::fail(base::Errc::invalid_data, "there is a tenant " + base::json_text(name) + " already: exota tenant set changes it");
    const auto owner = std::ranges::find_if(tenants.all(), [&id](const tenant::RawTenant& one) { return has_id(one, id); });
    if (owner != tenants.all().end())
        return base::fail(base::Errc::invalid_data, "tenant " + base::json_text(owner->name) +
                                                        " has this tenant id: exota tenant set NAME domains+=" +
                                                        base::joined(domains, ",") + " gives it the domains");
    tenants.put({name, {{Field::domains, domains}, {Field::tenant_ids, std::vector{id.text()}}, {Field::mode, std::string("monitor")}}});
    return {};
}

Exit adopt(const Options& options) {
    const TenantPlace place = tenant_place(options.config, directory::TenantsStore::Access::change);
    if (!place.store) return place.exit;
    const auto kept = candidates_of(*place.config);
    if (!kept) return kept.error();
    std::vector<const Candidate*> chosen;
    std::vector<std::string> domains;
    for (const std::string& text : options.domains) {
        const auto domain = mail::Domain::parse(text);
        const Candidate* const candidate = domain ? kept->find(domain->text()) : nullptr;
        if (candidate == nullptr) {
            complain_of(base::json_text(text) + " is no candidate");
            return Exit::bad_data;
        }
        if (std::ranges::find(chosen, candidate) != chosen.end()) continue;
        chosen.push_back(candidate);
        domains.push_back(candidate->domain);
    }
    const auto id = common_id(chosen, options, *place.config);  // before the store is locked
    if (!id) return id.error();
    return change_at(place, options.change,
                     [&](tenant::RawTenants& tenants) { return add_to(tenants, options.name.value_or(domains.front()), domains, *id); });
}

}  // namespace

std::string candidates_as_text(const std::vector<const Candidate*>& candidates) {
    if (candidates.empty()) return "no candidates\n";
    std::string out;
    for (const Candidate* one : candidates) {
        out += one->domain + "  " + base::counted(one->messages, "message") + ", " + time_text(one->first_seen) + " to " +
               time_text(one->last_seen) + (one->is_conflicting() ? ", CONFLICTING tenant ids\n" : "\n");
        for (const auto& [name, names] : kinds_of_names) {
            const tenant::SeenNames& seen = one->*names;
            if (seen.names.empty()) continue;
            const auto shown = [](const tenant::SeenNames::Name& each) { return each.text + " (" + std::to_string(each.messages) + ')'; };
            out.append("  ")
                .append(name)
                .append(": ")
                .append(base::joined(seen.names, ", ", shown))
                .append(seen.more ? ", and more\n" : "\n");
        }
    }
    return out;
}

std::string candidates_as_json(const std::vector<const Candidate*>& candidates) {
    return json_output([&](base::JsonArray& array) {
        for (const Candidate* one : candidates)
            array.add([one](base::JsonObject& members) {
                members.add("domain", one->domain);
                members.add("organizational_domain", one->organizational_domain);
                members.add("messages", one->messages);
                members.add("first_seen", time_text(one->first_seen));
                members.add("last_seen", time_text(one->last_seen));
                members.add("conflicting", one->is_conflicting());
                for (const auto& [name, names] : kinds_of_names) {
                    const tenant::SeenNames& seen = one->*names;
                    members.add(name, [&seen](base::JsonArray& list) {
                        for (const tenant::SeenNames::Name& each : seen.names)
                            list.add([&each](base::JsonObject& entry) {
                                entry.add("name", each.text);
                                entry.add("messages", each.messages);
                            });
                    });
                }
                members.add("incomplete", one->tenant_ids.more || one->organizations.more || one->sdids.more);
            });
    });
}

void add_tenant_candidates(Command& tenant) {
    const auto options = std::make_shared<Options>();
    const auto usual = [&options](Command& command) {
        command.option({.names = "-c,--config", .about = "Configuration file (default: /etc/exota/exota.toml)", .type = "FILE"},
                       options->config);
        command.flag("--json", options->change.json, "Print JSON");
    };
    Command candidates = tenant.command("candidates", "Print whom discovery has recorded, the most seen first");
    usual(candidates);
    candidates.action([options] { return list(*options); });
    Command adopting = candidates.further_command("adopt", "Make a tenant of candidates, in mode monitor");
    usual(adopting);
    adopting.option({.names = "DOMAIN", .about = "Domains of one tenant", .required = true}, options->domains);
    adopting.option({.names = "--name", .about = "Name of the tenant (default: the first domain)", .type = "TENANT"}, options->name);
    adopting.flag("--force", options->force, "Take the tenant id that was seen; do not ask Microsoft whose the domain is");
    adopting.flag("--dry-run", options->change.dry_run, "Print what would change, and change nothing");
    adopting.action([options] { return adopt(*options); });
}

}  // namespace exota::programs
