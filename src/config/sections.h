// The readers of sections: each fills its part of the Config, and notes what it finds wrong. build.cc calls them in turn.
//
// Tested by config_test.cc, authentication_test.cc and gateway_test.cc.
#pragma once

#include "config/build.h"
#include "config/config.h"
#include "config/reader.h"

namespace exota::config {

void read_milter(Reader& in, Config& out);
void read_http(Reader& in, Config& out);
/// [gateway.NAME]: after read_client, whose names of certificates are the default.
void read_gateways(Reader& in, Config& out, Origin origin);
/// [inbound], [eop], [perimeter], [recipients]: after read_gateways and read_tenants. Files that they name are read with the tenants.
void read_inbound(Reader& in, Config& out, Origin origin);
void add_inbound_warnings(const Config& config, Reader& in);
/// After the four above: no two of their sockets may exclude each other.
void check_sockets(Reader& in, const Config& config);
void read_authorisation(Reader& in, Config& out);
/// [bypass], [client_ip] with the endpoint list, [client_cert].
void read_client(Reader& in, Config& out, Origin origin, Endpoints endpoints);
/// [dkim], [authentication_results], [arc]. After read_authorisation: some proofs need own verification.
void read_authentication(Reader& in, Config& out, Origin origin);
/// [dmarc], with the public suffix list. After read_authentication.
void read_dmarc(Reader& in, Config& out, Origin origin);
/// [reply], [header], [header_firewall], [log].
void read_output(Reader& in, Config& out, Origin origin);
/// After read_authentication: settings that libunbound does not take are an error only where names are looked up.
void read_dns(Reader& in, Config& out);
/// [limits] and [server].
void read_limits(Reader& in, Config& out);
void read_tenants(Reader& in, Config& out, Origin origin);
/// [discovery]: after read_authorisation.
void read_discovery(Reader& in, Config& out, Origin origin);
/// [tenants.ldap], where that is the source.
void read_ldap(Reader& in, Config& out, Origin origin);
/// [recipients.ldap] and [recipients.postgresql], where that is the source of recipients.
directory::LdapSettings read_recipients_ldap(Reader& in, const Config& config);
directory::PostgresSettings read_recipients_postgresql(Reader& in, const Config& config);
/// [limits_store].
void read_limits_store(Reader& in, Config& out, Origin origin);
/// After all of them: what gateways ask of other sections, and of each other.
void check_gateways(Reader& in, const Config& config);
/// Behind all that may ask DNS: what libunbound would only say with its first question.
void check_dns(Reader& in, const Config& config, Origin origin);
void add_gateway_warnings(const Config& config, Reader& in);

}  // namespace exota::config
