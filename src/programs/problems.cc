#include "programs/problems.h"

#include "base/encode.h"
#include "programs/installed_documents.h"

namespace exota::programs {

using Severity = config::Problem::Severity;

std::size_t errors_in(const app::ReadFiles& files) { return app::count_of(files.problems, Severity::error); }
std::size_t warnings_in(const app::ReadFiles& files) { return app::count_of(files.problems, Severity::warning); }

Exit exit_of(const app::ReadFiles& files) {
    if (errors_in(files) == 0) return Exit::ok;
    return files.file_missing ? Exit::no_input : Exit::bad_config;
}

std::string to_text(const std::vector<config::Problem>& problems) {
    std::string out;
    for (const config::Problem& problem : problems) out += config::to_text(problem) + '\n' + problem.shown;
    return with_installed_documents(out);
}

std::string json_string(std::string_view text) {
    std::string out;
    base::append_json_string(out, text);
    return out;
}

std::string to_json(const std::vector<config::Problem>& problems) {
    std::string out = "[";
    for (const config::Problem& problem : problems) {
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
