// exota migrate: prints what replaces the predecessor's environment and policy file. Changes nothing unless --output says where.
//
// Tested by tests/cli_test.py.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "config/whole_file.h"
#include "programs/installed_documents.h"
#include "programs/json_output.h"
#include "programs/migrate_files.h"
#include "programs/options.h"
#include "programs/problems.h"

extern "C" char** environ;

namespace exota::programs {
namespace {

constexpr std::size_t max_policy_octets = std::size_t{1024} * 1024 * 1024;

struct Options {
    std::optional<std::string> tenants_file;
    std::optional<std::string> output;
    bool json = false;
};

/// Never over a file that is there; where it cannot be written whole there is none.
bool write_new(const std::string& path, const std::string& content) {
    std::FILE* file = std::fopen(path.c_str(), "wxe");
    if (!file) {
        complain("exota migrate: " + path + ": " + std::generic_category().message(errno) + '\n');
        return false;
    }
    int error = std::fwrite(content.data(), 1, content.size(), file) == content.size() ? 0 : errno;
    if (std::fclose(file) != 0 && error == 0) error = errno;
    if (error == 0) return true;
    complain("exota migrate: " + path + ": " + std::generic_category().message(error) + '\n');
    std::remove(path.c_str());
    return false;
}

/// Both, or none.
bool write_files(const std::filesystem::path& folder, const std::string& configuration, const std::string* tenants) {
    const std::string tenants_path = folder / "tenants.json";
    if (tenants && !write_new(tenants_path, *tenants)) return false;
    if (write_new(folder / "exota.toml", configuration)) return true;
    if (tenants) std::remove(tenants_path.c_str());
    return false;
}

/// What the configuration calls the tenants file: what was asked for; else where --output writes it; else the usual place.
std::string tenants_file_of(const Options& options) {
    if (options.tenants_file) return *options.tenants_file;
    if (!options.output) return "/etc/exota/tenants.json";
    std::error_code error;
    const std::filesystem::path file = std::filesystem::path(*options.output) / "tenants.json";
    const std::filesystem::path absolute = std::filesystem::absolute(file, error);
    return (error ? file : absolute).lexically_normal();
}

/// @return  the exit code where there is nothing to print; what was wrong has been told.
std::expected<Migrated, Exit> migrate_policy(const Options& options, const config::Config& drop_in,
                                             std::vector<config::Problem>& problems) {
    const std::string& policy_file = drop_in.tenants.file;
    const auto policy = config::read_whole_file(policy_file, max_policy_octets);
    if (!policy) {
        complain(to_text(problems));
        complain("exota migrate: " + policy.error().detail + '\n');
        return std::unexpected(policy.error().code == base::Errc::not_found ? Exit::no_input : Exit::bad_config);
    }
    tenant::LoadedTenants checked = tenant::read_tenants(*policy, drop_in.tenant_defaults);
    std::ranges::move(app::problems_in(policy_file, std::move(checked.problems)), std::back_inserter(problems));
    complain(to_text(problems));
    if (!checked.index) return std::unexpected(Exit::bad_config);
    if (checked.version != 1 && checked.index->domain_count() > 0) {
        complain("exota migrate: " + policy_file + " is no version-1 policy file\n");
        return std::unexpected(Exit::bad_config);
    }
    auto migrated = migrate(drop_in, *policy, tenants_file_of(options));
    if (!migrated) {
        complain("exota migrate: " + policy_file + ": " + migrated.error().detail + '\n');
        return std::unexpected(Exit::bad_config);
    }
    return *std::move(migrated);
}

Exit run(const Options& options) {
    if (!config::drop_in_requested(environ)) {
        complain("exota migrate: no MILTER_* variable is set; run it with the environment of the Python ExOTA-Milter\n");
        return Exit::usage;
    }
    const config::LoadedConfig loaded = config::from_environment(environ);
    if (!loaded.config) {
        complain(to_text(loaded.problems));
        return Exit::bad_config;
    }
    std::vector<config::Problem> problems = loaded.problems;  // of the environment: what weakens it weakens what is made of it
    std::expected<Migrated, Exit> migrated = std::unexpected(Exit::bad_config);
    if (loaded.config->tenants.ldap) {
        complain(to_text(problems));
        migrated = migrate_ldap(*loaded.config);
    } else {
        migrated = migrate_policy(options, *loaded.config, problems);
    }
    if (!migrated) return migrated.error();
    const bool with_file = !loaded.config->tenants.ldap;
    for (const std::string& warning : migrated->warnings) complain("warning: " + with_installed_documents(warning) + '\n');
    if (!migrated->exact) complain("warning: not everything is decided as before, so the configuration says mode = \"monitor\"\n");
    const std::string configuration = with_installed_documents(migrated->configuration);
    if (options.output && !write_files(*options.output, configuration, with_file ? &migrated->tenants : nullptr)) return Exit::unavailable;
    if (options.json) {
        std::vector<std::string> warnings;
        for (const config::Problem& problem : problems) warnings.push_back(with_installed_documents(config::to_text(problem)));
        for (const std::string& warning : migrated->warnings) warnings.push_back(with_installed_documents(warning));
        std::string one_line = migrated->tenants;  // line breaks stand between tokens only: strings have them escaped
        std::ranges::replace(one_line, '\n', ' ');
        print(json_output([&](base::JsonObject& members) {
            members.add("configuration", configuration);
            if (with_file) members.add("tenants", base::JsonText{one_line});
            members.add("exact", migrated->exact);
            members.add("warnings", warnings);
        }));
    } else if (!options.output) {
        print("# ---- exota.toml ----\n" + configuration + (with_file ? "\n# ---- tenants.json ----\n" + migrated->tenants : ""));
    }
    return Exit::ok;
}

}  // namespace

void add_migrate(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command command = program.command("migrate", "Turn the Python ExOTA-Milter's environment and policy file into our files");
    command.option({.names = "--tenants-file",
                    .about = "Where the tenants file will lie (default: in the folder of --output, else /etc/exota/tenants.json)",
                    .type = "FILE"},
                   options->tenants_file);
    command.option({.names = "-o,--output",
                    .about = "Write exota.toml and tenants.json into this folder, over nothing that is there",
                    .type = "FOLDER"},
                   options->output);
    command.flag("--json", options->json, "Print JSON");
    command.footer(
        "Run it with the predecessor's environment, in bash:  mapfile -t settings < <(grep '^[A-Z]' milter.env); "
        "env \"${settings[@]}\" exota migrate");
    command.action([options] { return run(*options); });
}

}  // namespace exota::programs
