// Which tenant has a domain in its directory, as Microsoft's OpenID document of the domain says: for a command, which waits.
//
// Tested by openid_lookup_test.cc and tests/system/test_tenant_look_up.py.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "mail/domain.h"
#include "mail/tenant_id.h"
#include "net/https_base.h"

namespace exota::app {

struct OpenidLookup {
    net::HttpsBase base;                       // tenants.openid_base
    std::chrono::milliseconds deadline{5000};  // of all: the host's name, TLS, the answer
    std::string roots_file = {};               // PEM; empty: the system's
};

/// @return  the id in the document's issuer. not_found: 404; unavailable, timeout: nobody at that host answers and proves that he is it, or
///          he answers with another status (Microsoft's: 400 for a domain that nobody has); invalid_data, too_long: it is no such document;
///          io: no roots. The detail begins with the host.
base::Result<mail::TenantId> look_up_tenant_id(const OpenidLookup& lookup, const mail::Domain& domain);

}  // namespace exota::app
