// Microsoft's OpenID document of a domain (https://login.microsoftonline.com/DOMAIN/.well-known/openid-configuration): which tenant has the
// domain in its directory. Anybody may ask for any domain, so it proves nothing about who asks.
//
// Tested by openid_document_test.cc and fuzz/openid_fuzz.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "mail/tenant_id.h"

namespace exota::tenant {

inline constexpr std::size_t max_openid_octets = 65536;
/// Where Microsoft has outlook.com, hotmail.com and their like. Who opens an account there is nobody's customer. Their mail names another
/// tenant (mail::consumer_tenant_id), which counts as theirs here, too.
inline constexpr std::string_view personal_accounts = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// "/DOMAIN/.well-known/openid-configuration", behind the path of a base address.
/// @param domain  canonical.
std::string openid_target(std::string_view base_path, std::string_view domain);

/// The tenant in "issuer": "https://sts.windows.net/GUID/" or "https://login.microsoftonline.com/GUID/v2.0", at any host: other clouds
/// have their own.
/// @return  invalid_data: no JSON object, no such issuer, two, or that of personal accounts.
base::Result<mail::TenantId> tenant_in_openid_document(std::string_view json);

}  // namespace exota::tenant
