#include "programs/loading.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "base/encode.h"

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

tenant::LoadedTenants read_tenants_file(const std::string& path, tenant::Defaults defaults, app::Fingerprint& fingerprint, bool& missing) {
    const auto failed = [&](const std::string& why) {
        tenant::LoadedTenants out;
        out.problems.push_back({tenant::Problem::Severity::error, 0, "", why});
        return out;
    };
    missing = is_missing(path);
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) return failed(std::generic_category().message(errno != 0 ? errno : EIO));
    tenant::TenantsReader reader(std::move(defaults));
    std::array<char, 256 * 1024> buffer;
    do {
        errno = 0;
        file.read(buffer.data(), buffer.size());
        const std::string_view piece(buffer.data(), static_cast<std::size_t>(file.gcount()));
        fingerprint.feed(piece);
        reader.feed(piece);
    } while (file);
    if (file.bad()) return failed("cannot be read: " + std::generic_category().message(errno != 0 ? errno : EIO));
    return reader.finish();
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
    out.tenants = read_tenants_file(config.tenants.file, config.tenant_defaults, out.fingerprint, out.file_missing);
    for (const tenant::Problem& problem : out.tenants.problems)
        out.problems.push_back({problem.severity == tenant::Problem::Severity::error ? Severity::error : Severity::warning,
                                config.tenants.file, problem.line, 0, problem.path, problem.text});
    return out;
}

std::string to_text(const std::vector<app::ConfigProblem>& problems) {
    std::string out;
    for (const app::ConfigProblem& problem : problems) out += app::to_text(problem) + '\n';
    return out;
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
