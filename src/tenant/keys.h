// What of the tenants one message may need: the names that a source is asked for.
//
// Values, canonical (mail/domain.h). Who may be asked by which name is decision's to say; which of them a source asks about is its own
// (answers.h has what becomes of the others).
//
// Tested by decision/keys_test.cc and decision/looked_up_test.cc.
#pragma once

#include <string>
#include <vector>

#include "mail/tenant_id.h"

namespace exota::tenant {

struct Keys {
    std::vector<std::string> domains;        // that a tenant may have literally
    std::vector<std::string> wildcards;      // "contoso.com": that a tenant may have as "*.contoso.com"
    std::vector<std::string> organizations;  // of XOORG= and X-OriginatorOrg
    std::vector<std::string> sdids;          // that may be a tenant's DKIM domains
    std::vector<mail::TenantId> tenant_ids;
    friend bool operator==(const Keys&, const Keys&) = default;
};

}  // namespace exota::tenant
