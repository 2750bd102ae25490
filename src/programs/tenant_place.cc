#include "programs/tenant_place.h"

#include <utility>

#include "app/openid_lookup.h"
#include "directory/ldap_store.h"
#include "directory/postgres_store.h"
#include "directory/shrink_guard.h"
#include "directory/tenants_file_store.h"
#include "net/https_base.h"
#include "programs/problems.h"
#include "programs/tenant_change.h"
#include "programs/tenant_output.h"

extern "C" char** environ;

namespace exota::programs {

void complain_of(std::string_view what) { complain("exota tenant: " + std::string(what) + '\n'); }

TenantPlace tenant_place(const std::optional<std::string>& named, directory::TenantsStore::Access access) {
    auto config = chosen_config(named, environ);
    if (!config) return {.config = {}, .store = {}, .exit = config.error()};
    TenantPlace out{.config = *std::move(config), .store = {}};
    const directory::TenantsSettings& tenants = out.config->tenants;
    if (tenants.ldap && access == directory::TenantsStore::Access::change) {
        complain_of("tenants in LDAP are changed by the directory's own programs (ldapmodify)");
        out.exit = Exit::usage;
    } else if (tenants.ldap) {
        out.store = std::make_unique<directory::LdapStore>(*tenants.ldap);
    } else if (tenants.postgresql) {
        out.store = std::make_unique<directory::PostgresStore>(*tenants.postgresql);
    } else {
        out.store = std::make_unique<directory::TenantsFileStore>(tenants.file);
    }
    return out;
}

Exit change_at(const TenantPlace& place, const ChangeOptions& options, const TenantsEdit& edit) {
    HowToChange how{.dry_run = options.dry_run, .accept_shrink = options.accept_shrink};
    if (const std::string& state = place.config->tenants.state_directory; !state.empty())
        how.note_acceptance = [&state](const directory::Fingerprint& content) {
            auto noted = directory::ShrinkGuard(state).accept(content);
            if (!noted) noted.error().detail = "cannot note for the daemon that the loss is meant: " + noted.error().detail;
            return noted;
        };
    const TenantsChanged changed = change_tenants(*place.store, place.config->tenant_defaults, edit, how);
    if (options.json) {
        print(change_as_json(changed, place.store->place(), options.dry_run));
    } else {
        print(difference_as_text(changed.difference));
        print(to_text(changed.problems));
        if (changed.exit == Exit::ok)
            print(changed.difference.empty() ? "nothing to change\n"
                  : changed.written          ? place.store->place() + ": written\n"
                                             : "nothing was written (--dry-run)\n");
    }
    if (!changed.complaint.empty()) complain_of(changed.complaint);
    return changed.exit;
}

std::expected<mail::TenantId, Exit> tenant_id_of(const mail::Domain& domain, const config::Config& config) {
    const auto id = app::look_up_tenant_id({.base = net::parse_https_base(config.tenants.openid_base).value()}, domain);
    if (!id) {
        complain_of("no tenant id was found for " + domain.text() + ": " + id.error().detail);
        const bool is_no_document = id.error().code == base::Errc::invalid_data || id.error().code == base::Errc::too_long;
        return std::unexpected(is_no_document ? Exit::bad_data : Exit::unavailable);
    }
    complain_of("Microsoft has " + domain.text() + " in the directory of tenant " + id->text() +
                ": that proves nothing about who owns this entry");
    return *id;
}

}  // namespace exota::programs
