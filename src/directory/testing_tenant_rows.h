// For the tests of TenantRows: rows, and what is served of them.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "directory/tenant_rows.h"

namespace exota::directory::testing {

using Rows = std::vector<TenantRow>;

inline tenant::Defaults defaults() {
    tenant::Defaults out;
    out.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned")};
    return out;
}

/// @param domains  as JSON, without brackets; @param more  members of the document, with a comma before each.
inline TenantRow row(std::string name, const std::string& domains, const std::string& more = "") {
    return {std::move(name), "{\"tenant_ids\":[],\"domains\":[" + domains + "]" + more + "}"};
}

/// Which tenant each domain has: "a.test=a b.test=".
inline std::string served(const TenantRows::Taken& taken, std::initializer_list<const char*> domains) {
    std::string out;
    for (const char* domain : domains) {
        const auto covered = taken.index->covering(domain);
        out += std::string(out.empty() ? "" : " ") + domain + '=' + (covered ? std::string(taken.index->name(covered->tenant)) : "");
    }
    return out;
}

}  // namespace exota::directory::testing
