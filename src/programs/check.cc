// exota check: is what `exota serve` would load right? Every error and warning with its place; nothing is changed but, with
// --accept-shrink, the note that a smaller tenants file is meant.
//
// Tested by tests/cli_check_test.py.
#include <chrono>
#include <memory>

#include "app/look_up_once.h"
#include "base/counted.h"
#include "config/build.h"
#include "config/endpoints_state.h"
#include "config/keys.h"
#include "directory/fed_source.h"
#include "directory/tenants_settings.h"
#include "programs/check_system.h"
#include "programs/installed_documents.h"
#include "programs/json_output.h"
#include "programs/options.h"
#include "programs/problems.h"

extern "C" char** environ;

namespace exota::programs {
namespace {

using base::JsonArray;
using base::JsonObject;
using Severity = config::Problem::Severity;

struct Options {
    std::optional<std::string> config;
    bool strict = false, json = false, accept_shrink = false, keys = false;
};

/// The table of keys: for people; as JSON for scripts/settings, which writes the documents from it.
std::string keys_as_text() {
    std::string out;
    for (const config::Key& key : config::keys()) {
        out += std::string(key.name) + "\n    " + std::string(key.meaning) + "\n    " + std::string(name_of(key.type));
        if (!key.choices.empty()) out += ' ' + std::string(key.choices);
        if (!key.unit.empty()) out += ", " + std::string(key.unit);
        if (key.most > 0 && key.type != config::KeyType::mode_bits)
            out += ", " + std::to_string(key.least) + " to " + std::to_string(key.most);
        out += key.fallback.empty() ? ", required\n" : ", default " + std::string(key.fallback) + '\n';
    }
    return out;
}

std::string keys_as_json() {
    const auto add = [](JsonArray& keys, const config::Key& key) {
        keys.add([&key](JsonObject& members) {
            members.add("key", key.name);
            members.add("type", name_of(key.type));
            members.add("default", base::null_if_empty(key.fallback));
            members.add("unit", key.unit);
            members.add("choices", key.choices);
            members.add("least", key.least);
            members.add("most", key.most);
            members.add("meaning", key.meaning);
            members.add("changed_by", key.takes == config::Takes::restart ? "restart" : "reload");
            members.add("since", key.since);
        });
    };
    return json_output([&add](JsonArray& keys) {
        keys.set_lines({"", ",\n ", ""});
        for (const config::Key& key : config::keys()) add(keys, key);
    });
}

/// A tenants file that lost more than a fifth of the domains that the daemon serves: the reload will refuse it.
void look_at_shrink(const Options& options, app::ReadFiles& files) {
    const directory::TenantsSettings& tenants = files.config->tenants;
    if (!files.tenants || tenants.state_directory.empty()) return;
    const bool fed = directory::is_fed(tenants);
    const std::string place = fed ? directory::held_of(tenants).name : tenants.file;
    const std::string key = fed ? directory::held_of(tenants).shrink_key : tenants.file;
    const directory::ShrinkGuard guard(tenants.state_directory);
    const auto before = guard.last_domain_count(key);
    const std::size_t now = files.tenants->domain_count();
    const auto note = [&](Severity severity, std::string text) { files.problems.push_back({severity, place, 0, 0, "", std::move(text)}); };
    if (options.accept_shrink) {
        if (errors_in(files) > 0 && !fed) return;  // bad rows of a server stop no others
        // What the server will have when it is back is nothing that anybody has seen.
        if (files.tenants_are_kept) return note(Severity::error, "the server cannot be asked: there is nothing to accept");
        if (const auto done = guard.accept(files.tenants_fingerprint); !done)
            note(Severity::error, "cannot note that the loss is meant: " + done.error().detail);
        return;
    }
    if (before && directory::shrinks_too_much(*before, now) && !guard.is_accepted(files.tenants_fingerprint))
        note(Severity::warning, "has " + base::counted(now, "domain") + ", the daemon found " + std::to_string(*before) +
                                    " when it last loaded: a reload refuses this until you say exota check --accept-shrink");
}

/// An endpoint list that nobody has asked after for long. `exota endpoints update` notes when the service had no other one.
void look_at_endpoints(app::ReadFiles& files) {
    const config::EndpointsFile& file = files.config->endpoints;
    if (file.path.empty()) return;
    const auto now = std::chrono::system_clock::now();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
    const std::chrono::system_clock::time_point confirmed(
        config::endpoints_confirmed(file, files.config->tenants.state_directory, seconds));
    auto old = config::endpoint_age_warning(file.path, now, confirmed);
    if (old) files.problems.push_back({Severity::warning, file.path, 0, 0, "", "endpoint list " + *std::move(old)});
}

/// A directory server: whether it can be asked, and what it cannot be asked. That it is away stops no start, so it is no error.
void look_at_directory(app::ReadFiles& files, std::vector<std::string>& notes) {
    const config::Config& config = *files.config;
    if (!directory::looks_up(config.tenants)) return;
    const auto warn = [&](std::string key, std::string text) {
        files.problems.push_back({Severity::warning, config.path, 0, 0, std::move(key), std::move(text)});
    };
    for (std::string& rule : directory::lost_rules(*config.tenants.ldap)) warn("tenants.ldap", std::move(rule));
    // A name that nobody has asks the server all that a message would.
    const tenant::Keys nobody{.domains = {"exota-check.invalid"},
                              .wildcards = {"exota-check.invalid"},
                              .organizations = {"exota-check.invalid"},
                              .sdids = {"exota-check.invalid"},
                              .tenant_ids = {mail::TenantId::parse("00000000-0000-4000-8000-000000000000").value()}};
    const app::LookedUp asked = app::look_up_once(config, nobody);
    if (!asked.trouble.empty()) warn("tenants.ldap.servers", "cannot be asked now: " + asked.trouble);
    for (const std::string& problem : asked.problems) warn("tenants.ldap.filter", "finds somebody for a name that nobody has: " + problem);
    const bool anybody = asked.trouble.empty() && asked.problems.empty() && asked.found.is(decltype(asked.found)::yes);
    if (anybody) warn("tenants.ldap.filter", "finds somebody for a name that nobody has: whoever that is would be everybody's tenant");
    if (asked.trouble.empty() && asked.problems.empty() && !anybody) notes.emplace_back("the directory server answers");
}

std::string summary(const app::ReadFiles& files) {
    std::string out = base::counted(errors_in(files), "error") + ", " + base::counted(warnings_in(files), "warning");
    if (files.config && files.tenants)
        out += "; mode " + std::string(name_of(files.config->rules.mode)) + ", " + base::counted(files.tenants->tenant_count(), "tenant") +
               ", " + base::counted(files.tenants->domain_count(), "domain");
    return out;
}

std::string as_json(const app::ReadFiles& files, const std::vector<std::string>& notes) {
    return json_output([&](JsonObject& members) {
        members.add("errors", errors_in(files));
        members.add("warnings", warnings_in(files));
        if (files.tenants) {
            members.add("tenants", files.tenants->tenant_count());
            members.add("domains", files.tenants->domain_count());
        }
        members.add("problems", [&files](JsonArray& problems) { add_problems(problems, files.problems); });
        members.add("notes", notes);
    });
}

Exit run(const Options& options) {
    if (options.keys) {
        print(options.json ? keys_as_json() : keys_as_text());
        return Exit::ok;
    }
    app::ReadFiles files = app::read_chosen_files(options.config, environ);
    std::vector<std::string> notes;
    if (files.config) {
        const config::Config& config = *files.config;
        notes = config::notes(config);
        look_at_endpoints(files);
        for (config::Problem& problem : problems_of_system(config)) files.problems.push_back(std::move(problem));
        look_at_shrink(options, files);
        look_at_directory(files, notes);
        for (std::string& note : notes) note = with_installed_documents(note);
    }
    if (options.json) {
        print(as_json(files, notes));
    } else {
        print(to_text(files.problems));
        for (const std::string& note : notes) print("note: " + note + '\n');
        print(summary(files) + '\n');
    }
    if (errors_in(files) > 0) return exit_of(files);
    return options.strict && warnings_in(files) > 0 ? Exit::bad_config : Exit::ok;
}

}  // namespace

void add_check(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command command = program.command("check", "Check configuration, tenants and endpoint list; print every error and warning");
    command.option({.names = "-c,--config", .about = "Configuration file (default: /etc/exota/exota.toml)", .type = "FILE"},
                   options->config);
    command.flag("--strict", options->strict, "Count warnings as errors");
    command.flag("--accept-shrink", options->accept_shrink, "Let the next reload take this tenants file although it lost many domains");
    command.flag("--keys", options->keys, "Print every key of the configuration with its default, and stop");
    command.flag("--json", options->json, "Print JSON");
    command.action([options] { return run(*options); });
}

}  // namespace exota::programs
