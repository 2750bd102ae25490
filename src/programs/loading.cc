#include "programs/loading.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "app/loading.h"
#include "base/encode.h"
#include "directory/tenants_file_source.h"
#include "programs/installed_documents.h"

extern "C" char** environ;

namespace exota::programs {
namespace {

using Severity = app::ConfigProblem::Severity;

std::size_t count(const std::vector<app::ConfigProblem>& problems, Severity severity) {
    return static_cast<std::size_t>(std::ranges::count(problems, severity, &app::ConfigProblem::severity));
}

bool is_missing(const std::string& path) { return ::access(path.c_str(), F_OK) != 0 && errno == ENOENT; }

}  // namespace

std::size_t LoadedFiles::errors() const { return count(problems, Severity::error); }
std::size_t LoadedFiles::warnings() const { return count(problems, Severity::warning); }
Exit LoadedFiles::exit() const {
    if (errors() == 0) return Exit::ok;
    return file_missing ? Exit::no_input : Exit::bad_config;
}

LoadedFiles load_files(const std::optional<std::string>& named) {
    LoadedFiles out;
    out.config = app::choose_config(named, environ);
    out.problems = out.config.problems;
    if (!out.config.config) {
        out.file_missing = (named || !app::drop_in_requested(environ)) && is_missing(named.value_or(std::string(app::default_config_path)));
        return out;
    }
    const app::Config& config = *out.config.config;
    base::Result<directory::LoadedFile> read = directory::load_tenants_file(config.tenants.file, config.tenant_defaults);
    if (!read) {
        out.file_missing = read.error().code == base::Errc::not_found;
        out.problems.push_back({Severity::error, config.tenants.file, 0, 0, "", "cannot be read: " + read.error().detail});
        return out;
    }
    out.tenants = std::move(read->tenants);
    out.fingerprint = read->fingerprint;
    for (const tenant::Problem& problem : out.tenants.problems)
        out.problems.push_back({problem.severity == tenant::Problem::Severity::error ? Severity::error : Severity::warning,
                                config.tenants.file, problem.place.line, problem.place.column, problem.path, problem.text});
    if (out.tenants.index)
        if (auto warning = app::warning_of_no_tenants(config, *out.tenants.index)) out.problems.push_back(*std::move(warning));
    return out;
}

std::string to_text(const std::vector<app::ConfigProblem>& problems) {
    std::string out;
    for (const app::ConfigProblem& problem : problems) out += app::to_text(problem) + '\n' + problem.shown;
    return with_installed_documents(out);
}

std::string json_string(std::string_view text) {
    std::string out;
    base::append_json_string(out, text);
    return out;
}

std::string to_json(const std::vector<app::ConfigProblem>& problems) {
    std::string out = "[";
    for (const app::ConfigProblem& problem : problems) {
        if (out.size() > 1) out += ", ";
        out += "{\"severity\": ";
        out += problem.severity == Severity::error ? "\"error\"" : "\"warning\"";
        out += ", \"file\": " + json_string(problem.file) + ", \"line\": " + std::to_string(problem.line) +
               ", \"column\": " + std::to_string(problem.column) + ", \"key\": " + json_string(problem.key) +
               ", \"text\": " + json_string(problem.text) + '}';
    }
    return out + ']';
}

}  // namespace exota::programs
