// Certificates as values: what OpenSSL knows of one, or of a chain, put into PeerCertificate. Private to net.
//
// Tested by tls_stream_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/tls_facts.h"

struct asn1_string_st;
struct x509_st;
struct x509_store_ctx_st;

namespace exota::net {

/// What the handshake found out of the peer's chain, before anybody asks; in a ticket it is what a resumed session has of it.
struct ChainVerdict {
    int error = -1;  // X509_V_…; -1: no certificate was shown
    CertificatePurpose purpose = CertificatePurpose::neither;
    std::int64_t valid_from = 0, valid_until = 0;  // seconds since 1970; an unreadable date leaves no second between them
};

/// Verifies the chain without a purpose, then tells the purposes apart over all of it.
ChainVerdict judge_chain(x509_store_ctx_st& store);
/// Fills `names` or `why_no_names`.
void read_names(x509_st& certificate, PeerCertificate& into);
/// A host name or an address, by the rules of PeerCertificate::name_matches. A certificate without names by the rules of
/// PeerCertificate::names is no host's.
bool is_named(x509_st& certificate, const PeerCertificate& read, std::string_view reference);
/// Of an ASN1_TIME; null is unreadable, too.
std::int64_t seconds_of(const asn1_string_st* time, std::int64_t if_unreadable);
std::string_view octets_of(const asn1_string_st* text);
/// Empty if OpenSSL has no memory.
std::string der_of(x509_st& certificate);

}  // namespace exota::net
