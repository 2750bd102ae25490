// Whether what TLS showed proves the server that we dialled: one rule for all who dial by themselves. (A gateway's legs are judged by
// gate/, which has its own words for the same facts.)
//
// Tested by client_stream_test.cc, https_get_test.cc and directory/ldap_tunnel_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "net/tls_facts.h"

namespace exota::net {

/// Asks for a certificate whose chain leads to our roots, with one of StartTls::reference_names, that is for a server or whose usages rule
/// nothing out (RFC 5280 section 4.2.1.12).
/// @param host  what messages call it.
/// @return      why it is not proven, for people, in words that follow the server's name; empty: it is.
std::string why_not_proven(const TlsFacts& shown, std::string_view host);

}  // namespace exota::net
