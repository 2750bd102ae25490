// The servers of the settings, as the client dials them.
#include "directory/ldap_client.h"

#include <utility>

namespace exota::directory {

using base::Errc;
using base::fail;

base::Result<LdapServers> read_servers(const LdapSettings& settings) {
    LdapServers servers;
    bool tls = false;
    for (const std::string& text : settings.servers) {
        auto url = LdapUrl::parse(text);
        if (!url) return fail(Errc::invalid_data, text + ": " + url.error().detail);
        tls = tls || url->scheme == LdapUrl::Scheme::ldaps || (url->scheme == LdapUrl::Scheme::ldap && settings.starttls);
        servers.urls.push_back(*std::move(url));
    }
    if (servers.urls.empty()) return fail(Errc::invalid_data, "there is no server");
    if (!tls) return servers;
    auto context = net::TlsContext::make(
        net::TlsRole::client,
        {.certificate_file = settings.certificate_file, .key_file = settings.key_file, .roots_file = settings.ca_file});
    if (!context) return std::unexpected(context.error());
    servers.context = *std::move(context);
    return servers;
}

}  // namespace exota::directory
