#include "config/config.h"

#include <unistd.h>

#include "base/one_line.h"
#include "config/build.h"
#include "config/whole_file.h"

namespace exota::config {
namespace {

LoadedConfig refused(const std::string& path, const SyntaxError& error) {
    return {std::nullopt, {{Problem::Severity::error, path, error.line, error.column, "", error.text, error.shown}}};
}

}  // namespace

LoadedConfig load(const std::string& path, Endpoints endpoints) {
    const auto text = read_whole_file(path, max_octets);
    if (!text) {
        std::string_view why = text.error().detail;
        if (const std::string place = path + ": "; why.starts_with(place)) why.remove_prefix(place.size());
        return {std::nullopt, {{Problem::Severity::error, path, 0, 0, "", "cannot be read: " + std::string(why)}}};
    }
    const auto tree = parse_toml(*text);
    return tree ? build(*tree, path, Origin::file, endpoints) : refused(path, tree.error());
}

LoadedConfig from_json(std::string_view json) {
    const auto tree = parse_json(json);
    return tree ? build(*tree, "", Origin::json) : refused("", tree.error());
}

std::string to_text(const Problem& problem) {
    std::string out = problem.file;
    if (problem.line > 0) out += ':' + std::to_string(problem.line);
    if (problem.line > 0 && problem.column > 0) out += ':' + std::to_string(problem.column);
    if (!out.empty()) out += ": ";
    out += problem.severity == Problem::Severity::error ? "error: " : "warning: ";
    if (!problem.key.empty()) out += problem.key + ": ";
    return base::in_one_line(out + problem.text);  // a value that is quoted there may be anybody's
}

LoadedConfig choose(const std::optional<std::string>& named, const char* const* environment, const std::string& default_path,
                    Endpoints endpoints) {
    if (named) return load(*named, endpoints);
    if (!drop_in_requested(environment)) return load(default_path, endpoints);
    if (::access(default_path.c_str(), F_OK) == 0)
        return {std::nullopt,
                {{Problem::Severity::error, "", 0, 0, "",
                  "the environment has MILTER_* variables (drop-in mode) and " + default_path +
                      " exists too: unset the variables, or remove the file, or say -c FILE"}}};
    return from_environment(environment);
}

}  // namespace exota::config
