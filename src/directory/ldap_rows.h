// Entries of a directory server as rows (tenant_rows.h): what a tree that is read whole gives. Schema 2 only: an entry of schema 1 does not
// say whose domain it is.
//
// Values are texts by whoever may write there; what they may be is tenant/'s to say, in the words that a tenants file is refused with. A
// directory keeps no order of values, so rows have their lists sorted: the same entry is the same row, whichever server gave it.
// Tested by ldap_rows_test.cc and fuzz/ldap_entry_fuzz.cc.
#pragma once

#include <vector>

#include "directory/ldap_client.h"
#include "directory/tenant_rows.h"

namespace exota::directory {

/// Which entries are tenants.
inline constexpr const char* tenants_filter = "(objectClass=exotaTenant)";

/// @param entries  of a whole tree.
/// @return         each name once: exotaTenantName, without it the DN. Two entries of one name are two tenants that nobody can tell apart,
///                 and an entry of two names is neither: such rows are `wrong`, and so served as they were.
std::vector<TenantRow> rows_of(const std::vector<LdapEntry>& entries);

}  // namespace exota::directory
