#include "programs/problems.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "programs/installed_documents.h"

namespace exota::programs {

using Severity = config::Problem::Severity;

std::size_t errors_in(const app::ReadFiles& files) { return app::count_of(files.problems, Severity::error); }
std::size_t warnings_in(const app::ReadFiles& files) { return app::count_of(files.problems, Severity::warning); }

Exit exit_of(const app::ReadFiles& files) {
    if (errors_in(files) == 0) return Exit::ok;
    return files.file_missing ? Exit::no_input : Exit::bad_config;
}

std::expected<config::Config, Exit> chosen_config(const std::optional<std::string>& named, const char* const* environment,
                                                  config::Endpoints endpoints) {
    const std::string default_path(config::default_config_path);
    config::LoadedConfig loaded = config::choose(named, environment, default_path, endpoints);
    if (loaded.config) return *std::move(loaded.config);
    complain(to_text(loaded.problems));
    std::error_code error;
    const bool from_file = named || !config::drop_in_requested(environment);
    const bool missing =
        from_file && std::filesystem::status(named.value_or(default_path), error).type() == std::filesystem::file_type::not_found;
    return std::unexpected(missing ? Exit::no_input : Exit::bad_config);
}

std::string to_text(const std::vector<config::Problem>& problems) {
    std::string out;
    for (const config::Problem& problem : problems) out += config::to_text(problem) + '\n' + problem.shown;
    return with_installed_documents(out);
}

void add_problems(base::JsonArray& array, const std::vector<config::Problem>& problems) {
    for (const config::Problem& problem : problems)
        array.add([&problem](base::JsonObject& members) {
            members.add("severity", problem.severity == Severity::error ? "error" : "warning");
            members.add("file", problem.file);
            members.add("line", problem.line);
            members.add("column", problem.column);
            members.add("key", problem.key);
            members.add("text", with_installed_documents(problem.text));
        });
}

}  // namespace exota::programs
