// Where tenants can be changed: what `exota tenant` works on, whatever keeps them.
//
//   open(read)    what there is
//   open(change)  the same, and nobody else changes it through a store until this is gone
//   change()      all of a difference, or nothing
//
// Blocks: for commands, not for a daemon. Nothing here judges what tenants may be. Tested by tenants_file_store_test.cc and
// tests/system/test_postgresql.py.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "directory/shrink_guard.h"
#include "tenant/raw_tenants.h"

namespace exota::directory {

class TenantsStore {
public:
    enum class Access : std::uint8_t { read, change };

    struct Opened {
        std::string text;                           // as it was found; of what is no file, a version-2 text of it
        std::optional<tenant::RawTenants> tenants;  // none: the text has what cannot be changed, and whoever checks it says what
        /// A tenant that is wrong stops no other, and no change of another.
        bool each_by_itself = false;
        /// Names are kept in their canonical form and in no order, and a list without names as none: who writes the same ones otherwise
        /// changes nothing.
        bool in_canonical_form = false;
        /// Tenants that are there and cannot be read, so in neither of the above: they can be removed, and nothing else.
        struct Unreadable {
            std::string name, why;
        };
        std::vector<Unreadable> unreadable{};
    };
    struct Change {
        const tenant::RawTenants& after;
        const std::vector<tenant::TenantChange>& difference;
        /// Called with what daemons will see, before it counts; what it returns stops the change. Empty: nobody has to know.
        std::function<base::Result<void>(const Fingerprint&)> before_it_counts = {};
    };

    TenantsStore() = default;
    virtual ~TenantsStore() = default;
    TenantsStore(const TenantsStore&) = delete;
    TenantsStore& operator=(const TenantsStore&) = delete;

    /// Once. Waits for whoever holds it, if it is to be changed.
    /// @return  not_found, io: a file that cannot be read. unavailable: the server cannot be asked, or not now. invalid_data: what is there
    ///          is not what this program reads. Each with a sentence that names the place.
    virtual base::Result<Opened> open(Access access) = 0;
    /// Once, after open(Access::change).
    /// @return  io, unavailable as above; invalid_data: the server takes it not. Nothing was changed then; where that is not known, the
    ///          sentence says so.
    virtual base::Result<void> change(const Change& change) = 0;
    /// For messages.
    virtual const std::string& place() const noexcept = 0;
};

}  // namespace exota::directory
