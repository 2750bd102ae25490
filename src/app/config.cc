#include "app/config.h"

#include <unistd.h>

#include "app/config_build.h"
#include "app/config_file.h"

namespace exota::app {
namespace {

LoadedConfig refused(const std::string& path, const ConfigSyntaxError& error) {
    return {std::nullopt, {{ConfigProblem::Severity::error, path, error.line, error.column, "", error.text, error.shown}}};
}

}  // namespace

LoadedConfig load_config(const std::string& path) {
    const auto text = read_whole_file(path, max_config_octets);
    if (!text) return {std::nullopt, {{ConfigProblem::Severity::error, "", 0, 0, "", text.error().detail}}};
    const auto tree = parse_config_toml(*text);
    return tree ? build_config(*tree, path, ConfigOrigin::file) : refused(path, tree.error());
}

LoadedConfig config_from_json(std::string_view json) {
    const auto tree = parse_config_json(json);
    return tree ? build_config(*tree, "", ConfigOrigin::json) : refused("", tree.error());
}

std::string to_text(const ConfigProblem& problem) {
    std::string out = problem.file;
    if (problem.line > 0) out += ':' + std::to_string(problem.line);
    if (problem.line > 0 && problem.column > 0) out += ':' + std::to_string(problem.column);
    if (!out.empty()) out += ": ";
    out += problem.severity == ConfigProblem::Severity::error ? "error: " : "warning: ";
    if (!problem.key.empty()) out += problem.key + ": ";
    return out + problem.text;
}

LoadedConfig choose_config(const std::optional<std::string>& named, const char* const* environment, const std::string& default_path) {
    if (named) return load_config(*named);
    if (!drop_in_requested(environment)) return load_config(default_path);
    if (::access(default_path.c_str(), F_OK) == 0)
        return {std::nullopt,
                {{ConfigProblem::Severity::error, "", 0, 0, "",
                  "the environment has MILTER_* variables (drop-in mode) and " + default_path +
                      " exists too: unset the variables, or remove the file, or say -c FILE"}}};
    return config_from_environment(environment);
}

}  // namespace exota::app
