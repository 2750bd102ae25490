// Certificates made at run time, for the tests of tlsa.h.
#pragma once

#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace exota::authn::testing {

struct CertificateOf {
    std::string name;
    bool authority = false;
    long from = 1'700'000'000, until = 1'900'000'000;  // seconds since 1970
    std::string usages = {};                           // extended key usages as OpenSSL writes them
    std::shared_ptr<evp_pkey_st> key = nullptr;        // nullptr: a new one
};

struct Certificate {
    std::shared_ptr<evp_pkey_st> key;
    std::shared_ptr<x509_st> x509;

    /// @param issuer  nullptr: it signs itself.
    static Certificate make(const CertificateOf& what, const Certificate* issuer = nullptr);
    std::string der() const;
    /// DER of its SubjectPublicKeyInfo.
    std::string public_key() const;
};

/// An RSA key of that size whose modulus is no product of primes: it can stand in a certificate, and sign nothing.
std::shared_ptr<evp_pkey_st> rsa_key_of_size(int bits, int exponent_bits);

std::string sha256_of(const std::string& octets);
std::string sha512_of(const std::string& octets);

}  // namespace exota::authn::testing
