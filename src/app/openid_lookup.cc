#include "app/openid_lookup.h"

#include "app/https_once.h"
#include "tenant/openid_document.h"

namespace exota::app {

using base::Result;

Result<mail::TenantId> look_up_tenant_id(const OpenidLookup& lookup, const mail::Domain& domain) {
    const auto answer = get_once(lookup.base, {.target = tenant::openid_target(lookup.base.path, domain.text()),
                                               .roots_file = lookup.roots_file,
                                               .most_octets = tenant::max_openid_octets,
                                               .deadline = lookup.deadline});
    if (!answer) return base::fail(answer.error().code, lookup.base.host + ": " + answer.error().detail);
    const Result<mail::TenantId> id = tenant::tenant_in_openid_document(answer->body);
    if (!id)
        return base::fail(id.error().code, lookup.base.host + ": its document of " + std::string(domain.text()) + ' ' + id.error().detail);
    return *id;
}

}  // namespace exota::app
