// For the tests of this folder: problems as text, so that a test reads as a table.
#pragma once

#include <string>

#include "tenant/tenants_file.h"

namespace exota::tenant {

/// "error 3 tenants.contoso.mode: must be …" a line; only of one severity if asked.
inline std::string lines_of(const LoadedTenants& loaded, bool errors, bool warnings) {
    std::string out;
    for (const Problem& problem : loaded.problems) {
        const bool error = problem.severity == Problem::Severity::error;
        if (error ? !errors : !warnings) continue;
        out += std::string(error ? "error " : "warning ") + std::to_string(problem.place.line) + ' ' + problem.path + ": " + problem.text +
               '\n';
    }
    return out;
}
inline std::string errors_of(const LoadedTenants& loaded) { return lines_of(loaded, true, false); }
inline std::string warnings_of(const LoadedTenants& loaded) { return lines_of(loaded, false, true); }

inline std::string tenant_of(const LoadedTenants& loaded, std::string_view domain) {
    if (!loaded.index) return "(no index)";
    const auto coverage = loaded.index->covering(domain);
    return coverage ? std::string(loaded.index->name(coverage->tenant)) : "";
}

inline Defaults usual_defaults() {
    Defaults defaults;
    defaults.proofs = {*Proof::parse("client-cert + tenant-id + dkim-aligned")};
    defaults.shared_suffixes = {"onmicrosoft.com", "mail.onmicrosoft.com", "partner.onmschina.cn"};
    defaults.is_public_suffix = [](std::string_view name) { return name == "com" || name == "co.uk" || name == "example"; };
    return defaults;
}

}  // namespace exota::tenant
