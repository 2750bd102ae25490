// What an operator sets of a directory server: section [tenants.ldap] of the configuration. docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace exota::directory {

struct LdapSettings {
    enum class Mode : std::uint8_t { lookup, snapshot } mode = Mode::lookup;
    enum class Sasl : std::uint8_t { none, external } sasl = Sasl::none;
    enum class Schema : std::uint8_t { predecessors = 1, own = 2 } schema = Schema::own;

    std::vector<std::string> servers;        // ldap://HOST[:PORT], ldaps://…, ldapi://%2Fpath; tried in order
    std::string bind_dn;                     // empty: anonymous
    std::string password;                    // read from password_file; in no message, log or core
    bool starttls = true;                    // of ldap://
    std::string ca_file;                     // empty: the system's
    std::string certificate_file, key_file;  // ours, for sasl = external
    std::string base;
    // Each for one kind of name; empty: that kind is not asked.
    std::string filter = "(domainName=%d)";
    std::string tenant_id_filter, organization_filter, dkim_domain_filter;
    bool wildcards = false;
    // Schema 1:
    std::string tenant_id_attribute = "exotaMilterTenantId";
    std::string dkim_enabled_attribute = "exotaMilterDkimEnabled";
    std::string dkim_alignment_attribute = "exotaMilterDkimAlignmentRequired";

    std::chrono::milliseconds timeout{2'000};  // of one question, and of connecting
    std::chrono::seconds cache_ttl{300}, negative_ttl{60};
    std::size_t cache_entries = 100'000;         // of each loop
    std::chrono::seconds refresh_interval{600};  // of a snapshot
};

}  // namespace exota::directory
