// One tenant as a source found it that is asked for single names: whatever it was found by, it is known whole.
//
// Read from texts, by the same rules as a tenants file (entry.h, domain_entry.h), so a problem has the same words. Immutable and shared: an
// answer that is kept points to it. Tested by found_tenant_test.cc and fuzz/ldap_entry_fuzz.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenant/found.h"
#include "tenant/index.h"
#include "tenant/tenants_file.h"

namespace exota::tenant {

struct FoundTenant {
    /// Equal for what is one tenant: in version 1 entries of one tenant id are.
    std::string name;
    /// Which entry it was read from, where a source has names for entries (the DN); two entries of one name are not one tenant.
    std::string entry = {};
    /// The predecessor's: an entry for one domain, with a policy of its own.
    bool is_domain_entry = false;
    std::string tenant_id;  // of a domain entry; empty: it has none
    Policy policy;
    /// Of it alone, under Number 0.
    Index own;
};
using FoundTenantRef = std::shared_ptr<const FoundTenant>;

/// One question's answer. unknown: nobody could say, or what was said cannot be used.
using Answer = Found<FoundTenantRef>;

struct ReadTenant {
    FoundTenantRef tenant;          // null: some problem is an error
    std::vector<Problem> problems;  // `path` is the field's name
};

/// A field as a source has it, which has nothing but texts.
struct TextField {
    std::string_view name;  // as in a version-2 file: "tenant_ids"
    std::vector<std::string_view> values;
};
/// @param where  the entry.
ReadTenant read_found_tenant(std::string_view name, const std::vector<TextField>& fields, const Defaults& defaults,
                             std::string_view where = {});

/// The predecessor's attributes. nullopt: it is not there.
struct DomainFields {
    std::optional<std::string_view> tenant_id, dkim_enabled, dkim_alignment_required;
};
/// @param domain  canonical. Flags are "TRUE" or "FALSE" in any letter case; what is not there is true, as in a file.
ReadTenant read_found_domain(std::string_view domain, const DomainFields& fields, const Defaults& defaults);

}  // namespace exota::tenant
