#include "directory/ldap_store.h"

#include <utility>

#include "directory/ldap_client.h"
#include "directory/ldap_rows.h"
#include "directory/ldap_snapshot_source.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;

}  // namespace

LdapStore::LdapStore(LdapSettings settings) : settings_(std::move(settings)), place_(held_of(settings_).name) {}

base::Result<TenantsStore::Opened> LdapStore::open(Access access) {
    if (access == Access::change) return fail(Errc::invalid_data, place_ + " is changed by the directory's own programs (ldapmodify)");
    if (settings_.schema != LdapSettings::Schema::own)
        return fail(Errc::invalid_data, place_ + " has entries of schema 1, which are domains and no tenants");
    const auto servers = read_servers(settings_);
    if (!servers) return fail(Errc::invalid_data, place_ + ' ' + servers.error().detail);
    const auto tree = read_tree(settings_, *servers);
    if (!tree) return fail(tree.error().code, place_ + ' ' + tree.error().detail);
    Opened opened{.text = {}, .tenants = tenant::RawTenants(), .each_by_itself = true};
    for (const TenantRow& row : rows_of(tree->entries)) {
        auto read = row.wrong.empty() ? tenant::read_raw_tenant(row.name, row.document) : fail(Errc::invalid_data, row.wrong);
        if (read)
            opened.tenants->put(*std::move(read));
        else
            opened.unreadable.push_back({row.name, read.error().detail});
    }
    opened.text = opened.tenants->text();
    return opened;
}

base::Result<void> LdapStore::change(const Change&) { return fail(Errc::invalid_data, place_ + " is not changed here"); }

}  // namespace exota::directory
