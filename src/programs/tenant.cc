// exota tenant: looks at the tenants and changes them, where the configuration says that they are kept.
//
// Tested by tests/cli_tenant_test.py.
#include <algorithm>
#include <array>
#include <iostream>
#include <iterator>
#include <memory>
#include <utility>

#include "config/whole_file.h"
#include "programs/json_output.h"
#include "programs/options.h"
#include "programs/problems.h"
#include "programs/tenant_candidates.h"
#include "programs/tenant_change.h"
#include "programs/tenant_output.h"
#include "programs/tenant_place.h"

namespace exota::programs {
namespace {

using directory::TenantsStore;
using tenant::Field;

constexpr std::size_t max_import_octets = std::size_t{1024} * 1024 * 1024;

/// What `add` takes, each an option for a field.
struct AddOption {
    Field field;
    const char *name, *type, *about;
};
constexpr auto lists = std::to_array<AddOption>({
    {Field::domains, "--domain", "DOMAIN", "Author domain, or *.DOMAIN for all below it"},
    {Field::tenant_ids, "--tenant-id", "UUID", "Entra tenant id"},
    {Field::organizations, "--organization", "DOMAIN", "Organisation, as Exchange Online writes it in XOORG="},
    {Field::dkim_domains, "--dkim-domain", "DOMAIN", "Further domain that signs for the tenant"},
    {Field::proofs, "--proof", "FACTORS", "Factors that suffice together: \"client-cert + dkim\""},
    {Field::limits, "--limit", "LIMIT", "\"1000 messages / hour\", \"5000 recipients / day\""},
    {Field::connector_clients, "--connector-client", "PREFIX", "Address behind the tenant's connector"},
});
constexpr auto words = std::to_array<AddOption>({
    {Field::alignment, "--alignment", "WORD", "strict or relaxed"},
    {Field::forwarding, "--forwarding", "WORD", "true, false or journal"},
    {Field::hybrid, "--hybrid", "WORD", "true or false"},
    {Field::limit_action, "--limit-action", "WORD", "tempfail or reject"},
    {Field::recipients, "--recipients", "WORD", "authoritative, internal-relay or external-relay; or DOMAIN:WORD,..."},
    {Field::mode, "--mode", "WORD", "enforce, defer, quarantine or monitor"},
});

struct Options {
    std::optional<std::string> config;
    ChangeOptions change;  // `json` is of those that look, too
    bool replace = false, look_up = false;
    std::string tenant, file;
    std::vector<std::string> tenants, settings;
    std::array<std::vector<std::string>, lists.size()> lists;
    std::array<std::optional<std::string>, words.size()> words;
};

// --- Looking ------------------------------------------------------------------------------------------------------------------------

/// @param show  prints what was asked for.
Exit look(const Options& options, const std::function<Exit(const TenantsStore::Opened&)>& show) {
    const TenantPlace place = tenant_place(options.config, TenantsStore::Access::read);
    if (!place.store) return place.exit;
    const auto opened = place.store->open(TenantsStore::Access::read);
    if (!opened) {
        complain_of(opened.error().detail);
        return exit_of(opened.error());
    }
    if (opened->tenants) {
        std::vector<config::Problem> left_out;
        for (const auto& one : opened->unreadable) left_out.push_back(unreadable(place.store->place(), one.name, one.why));
        complain(to_text(left_out));
        const Exit shown = show(*opened);
        return left_out.empty() || shown != Exit::ok ? shown : Exit::bad_config;
    }
    complain(to_text(problems_of_text(opened->text, place.config->tenant_defaults, place.store->place(), TextIs::in_the_file)));
    return Exit::bad_config;
}

Exit list(const Options& options) {
    return look(options, [&options](const TenantsStore::Opened& opened) {
        print(options.change.json ? list_as_json(*opened.tenants) : list_as_text(*opened.tenants));
        return Exit::ok;
    });
}

Exit no_such_tenant(const std::string& name) {
    complain_of("there is no tenant " + base::json_text(name));
    return Exit::bad_data;
}

Exit show(const Options& options) {
    return look(options, [&options](const TenantsStore::Opened& opened) {
        const tenant::RawTenant* found = opened.tenants->find(options.tenant);
        const bool is_unreadable =
            std::ranges::find(opened.unreadable, options.tenant, &TenantsStore::Opened::Unreadable::name) != opened.unreadable.end();
        if (!found) return is_unreadable ? Exit::bad_config : no_such_tenant(options.tenant);  // look() told of it
        print(options.change.json ? tenant_as_json(*found) : tenant_as_text(*found));
        return Exit::ok;
    });
}

Exit write_all(const Options& options) {
    return look(options, [&options](const TenantsStore::Opened& opened) {
        const tenant::RawTenants& tenants = *opened.tenants;
        if (!options.change.json) {
            print(tenants.text());
            return Exit::ok;
        }
        print(json_output([&tenants](base::JsonObject& file) {
            file.add("version", 2);
            file.add("tenants", [&tenants](base::JsonObject& all) {
                for (const tenant::RawTenant& one : tenants.all())
                    all.add(one.name, [&one](base::JsonObject& fields) { add_fields(fields, one); });
            });
        }));
        return Exit::ok;
    });
}

// --- Changing -----------------------------------------------------------------------------------------------------------------------

using Edit = TenantsEdit;

Exit change(const Options& options, const Edit& edit) {
    const TenantPlace place = tenant_place(options.config, TenantsStore::Access::change);
    return place.store ? change_at(place, options.change, edit) : place.exit;
}

std::unexpected<base::Error> unknown_tenant(const std::string& name) {
    return base::fail(base::Errc::invalid_data, "there is no tenant " + base::json_text(name));
}

const std::vector<std::string>& given(const Options& options, Field field) {
    return options.lists[static_cast<std::size_t>(std::ranges::find(lists, field, &AddOption::field) - lists.begin())];
}

/// The tenant id of the first domain, as Microsoft has it; else the exit code, and what is wrong was said.
std::expected<std::string, Exit> look_up(const Options& options, const config::Config& config) {
    std::string_view name = given(options, Field::domains).front();
    if (name.starts_with("*.")) name.remove_prefix(2);
    const auto domain = mail::Domain::parse(name);
    if (!domain) {
        complain_of(base::json_text(name) + " is no domain: " + domain.error().detail);
        return std::unexpected(Exit::bad_data);
    }
    const auto id = tenant_id_of(*domain, config);
    if (!id) return std::unexpected(id.error());
    return id->text();
}

Exit add(const Options& options) {
    if (options.look_up && given(options, Field::domains).empty()) {
        complain_of("--look-up asks for the first --domain, and there is none");
        return Exit::usage;
    }
    if (options.look_up && !given(options, Field::tenant_ids).empty()) {
        complain_of("--look-up and --tenant-id are two answers to one question");
        return Exit::usage;
    }
    const TenantPlace place = tenant_place(options.config, TenantsStore::Access::change);
    if (!place.store) return place.exit;
    std::optional<std::string> looked_up;
    if (options.look_up) {
        auto found = look_up(options, *place.config);  // before the store is locked
        if (!found) return found.error();
        looked_up = *std::move(found);
    }
    return change_at(place, options.change, [&](tenant::RawTenants& tenants) -> base::Result<void> {
        if (tenants.find(options.tenant))
            return base::fail(base::Errc::invalid_data,
                              "there is a tenant " + base::json_text(options.tenant) + " already: exota tenant set changes it");
        tenant::RawTenant added{options.tenant, {}};
        for (std::size_t i = 0; i < lists.size(); ++i)
            if (!options.lists[i].empty()) added.values[lists[i].field] = options.lists[i];
        if (looked_up) added.values[Field::tenant_ids] = std::vector{*looked_up};
        for (std::size_t i = 0; i < words.size(); ++i)
            if (options.words[i])
                if (const auto set = apply_setting(added, std::string(name_of(words[i].field)) + '=' + *options.words[i]); !set) return set;
        tenants.put(std::move(added));
        return {};
    });
}

Exit set(const Options& options) {
    return change(options, [&options](tenant::RawTenants& tenants) -> base::Result<void> {
        const tenant::RawTenant* found = tenants.find(options.tenant);
        if (!found) return unknown_tenant(options.tenant);
        tenant::RawTenant changed = *found;
        for (const std::string& setting : options.settings)
            if (const auto done = apply_setting(changed, setting); !done) return done;
        tenants.put(std::move(changed));
        return {};
    });
}

Exit remove(const Options& options) {
    return change(options, [&options](tenant::RawTenants& tenants) -> base::Result<void> {
        for (const std::string& name : options.tenants)
            if (!tenants.remove(name)) return unknown_tenant(name);
        return {};
    });
}

base::Result<std::string> text_to_import(const std::string& file) {
    if (file != "-") return config::read_whole_file(file, max_import_octets);
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

Exit import(const Options& options) {
    const base::Result<std::string> text = text_to_import(options.file);
    if (!text) {
        complain_of(text.error().detail);
        return text.error().code == base::Errc::not_found ? Exit::no_input : Exit::bad_data;
    }
    auto imported = tenant::RawTenants::read(*text);
    if (!imported) {
        const TenantPlace place = tenant_place(options.config, TenantsStore::Access::change);
        if (!place.store) return place.exit;
        complain(to_text(problems_of_text(*text, place.config->tenant_defaults, options.file, TextIs::in_the_file)));
        return Exit::bad_config;
    }
    return change(options, [&](tenant::RawTenants& tenants) -> base::Result<void> {
        if (options.replace) tenants = {};
        for (const tenant::RawTenant& one : imported->all()) tenants.put(one);
        return {};
    });
}

// --- The command line ---------------------------------------------------------------------------------------------------------------

/// What all actions take.
Command action_of(Command& tenant, const std::shared_ptr<Options>& options, const char* name, const char* about,
                  Exit (*run)(const Options&)) {
    Command command = tenant.command(name, about);
    command.option({.names = "-c,--config", .about = "Configuration file (default: /etc/exota/exota.toml)", .type = "FILE"},
                   options->config);
    command.flag("--json", options->change.json, "Print JSON");
    command.action([options, run] { return run(*options); });
    return command;
}

/// What those take that change something.
Command changing(Command& tenant, const std::shared_ptr<Options>& options, const char* name, const char* about,
                 Exit (*run)(const Options&)) {
    Command command = action_of(tenant, options, name, about, run);
    command.flag("--dry-run", options->change.dry_run, "Print what would change, and change nothing");
    command.flag("--accept-shrink", options->change.accept_shrink, "Even if more than a fifth of all domains is lost");
    return command;
}

}  // namespace

void add_tenant(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command tenant = program.command("tenant", "Look at and change tenants, where the configuration says that they are kept");
    action_of(tenant, options, "list", "Print all tenants, one a line", &list);
    const Value name{.names = "TENANT", .about = "Name of the tenant", .required = true};
    action_of(tenant, options, "show", "Print one tenant", &show).option(name, options->tenant);
    Command adding = changing(tenant, options, "add", "Add a tenant", &add);
    adding.option(name, options->tenant);
    for (std::size_t i = 0; i < lists.size(); ++i)
        adding.option({.names = lists[i].name, .about = std::string(lists[i].about) + " (repeatable)", .type = lists[i].type},
                      options->lists[i]);
    for (std::size_t i = 0; i < words.size(); ++i)
        adding.option({.names = words[i].name, .about = words[i].about, .type = words[i].type}, options->words[i]);
    adding.flag("--look-up", options->look_up, "Add the tenant id that Microsoft has for the first domain");
    Command setting = changing(tenant, options, "set", "Change fields of a tenant", &set);
    setting.option(name, options->tenant);
    setting.option(
        {.names = "SETTING", .about = "KEY=VALUE,… sets; KEY+=VALUE and KEY-=VALUE change a list; KEY= takes away", .required = true},
        options->settings);
    changing(tenant, options, "remove", "Remove tenants", &remove)
        .option({.names = "TENANT", .about = "Names of tenants", .required = true}, options->tenants);
    Command importing = changing(tenant, options, "import", "Add and replace the tenants of a version-2 file", &import);
    importing.option({.names = "FILE", .about = "Tenants file; - is standard input", .required = true}, options->file);
    importing.flag("--replace", options->replace, "Make them the whole set: all others are removed");
    action_of(tenant, options, "export", "Print all tenants as a version-2 file", &write_all);
    add_tenant_candidates(tenant);
}

}  // namespace exota::programs
