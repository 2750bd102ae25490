// Configuration texts, TOML and JSON: reading never fails silently. Either there is a configuration and no error, or there are errors and
// each says where (a line in TOML, or the key) and what. The first octet chooses the language.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/build.h"
#include "config/config.h"
#include "config/tree.h"

namespace {

using namespace exota::config;

void check(const LoadedConfig& loaded) {
    const bool failed = std::ranges::any_of(loaded.problems, [](const Problem& p) { return p.severity == Problem::Severity::error; });
    if (failed == loaded.config.has_value()) std::abort();
    for (const Problem& problem : loaded.problems) {
        if (problem.text.empty()) std::abort();
        if (problem.severity == Problem::Severity::error && problem.line == 0 && problem.key.empty()) std::abort();
        if (to_text(problem).empty()) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (text.find("endpoints_file") != std::string_view::npos) return 0;  // would open files of the machine
    if (data[0] % 2 == 0) {
        const auto tree = parse_toml(text);
        if (tree)
            check(build(*tree, "/nowhere/exota.toml", Origin::file));
        else if (tree.error().text.empty() || tree.error().line == 0)
            std::abort();
    } else {
        const auto tree = parse_json(text);
        if (!tree && (tree.error().text.empty() || tree.error().line == 0)) std::abort();
        if (tree) check(build(*tree, "", Origin::json));
    }
    return 0;
}
