// An entry of a directory server as a tenant: which attributes are read, and what they are called in a tenants file.
//
// Everything in it is text by whoever may write there; what a value may be is tenant/'s to say. Tested by ldap_entry_test.cc and
// fuzz/ldap_entry_fuzz.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "directory/ldap_client.h"
#include "tenant/answers.h"
#include "tenant/found_tenant.h"

namespace exota::directory {

/// Of schema 2: LDAP's name and the tenants file's. packaging/ldap/exota.schema has their OIDs and syntaxes.
struct LdapAttribute {
    std::string_view name, field;
};
inline constexpr LdapAttribute own_attributes[] = {
    {"exotaMilterTenantId", "tenant_ids"},  // the predecessor's, which takes one value
    {"exotaTenantId", "tenant_ids"},
    {"exotaOrganization", "organizations"},
    {"exotaDomain", "domains"},
    {"exotaDkimDomain", "dkim_domains"},
    {"exotaProof", "proofs"},
    {"exotaConnectorClient", "connector_clients"},
    {"exotaLimit", "limits"},
    {"exotaAlignment", "alignment"},
    {"exotaLimitAction", "limit_action"},
    {"exotaMode", "mode"},
    {"exotaForwarding", "forwarding"},
    {"exotaHybrid", "hybrid"},
    {"exotaRecipients", "recipients"},
};
/// The tenant's name; without it that is the DN.
inline constexpr std::string_view name_attribute = "exotaTenantName";

/// To be asked for in a search.
std::vector<std::string> wanted_attributes(const LdapSettings& settings);

/// @param asked  the domain that the entry was found by; schema 1 has it nowhere else.
tenant::ReadTenant read_entry(const LdapEntry& entry, std::string_view asked, const LdapSettings& settings,
                              const tenant::Defaults& defaults);

/// "DN: FIELD: why; …" of all errors, for the log: one line, of at most about a thousand octets.
std::string errors_of(const LdapEntry& entry, const std::vector<tenant::Problem>& problems);

}  // namespace exota::directory
