// Tenants of a directory server for `exota tenant`: looked at, never changed. The directory's own programs change them.
//
// Tested by tests/system/test_ldap_snapshot.py.
#pragma once

#include <string>

#include "directory/ldap_settings.h"
#include "directory/tenants_store.h"

namespace exota::directory {

class LdapStore final : public TenantsStore {
public:
    explicit LdapStore(LdapSettings settings);

    /// Reads the whole tree. @return  invalid_data besides: the entries are of schema 1, which name no tenants; or they are to be changed.
    base::Result<Opened> open(Access access) override;
    base::Result<void> change(const Change& change) override;
    const std::string& place() const noexcept override { return place_; }

private:
    const LdapSettings settings_;
    const std::string place_;
};

}  // namespace exota::directory
