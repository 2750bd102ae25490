// The certificates of certificate_helper.h.
#include "authn/certificate_helper.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace exota::authn::testing {
namespace {

void require(bool made) {
    if (!made) throw std::runtime_error("no certificate could be made");
}

void extend(X509* to, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX about;
    X509V3_set_ctx(&about, issuer, to, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> made(X509V3_EXT_conf_nid(nullptr, &about, nid, value.c_str()),
                                                                               X509_EXTENSION_free);
    require(made && X509_add_ext(to, made.get(), -1) == 1);
}

template <class T>
std::string der_by(int (*write)(const T*, unsigned char**), const T* from) {
    std::string out(static_cast<std::size_t>(write(from, nullptr)), '\0');
    auto* at = reinterpret_cast<unsigned char*>(out.data());
    write(from, &at);
    return out;
}

std::string digest(const std::string& octets, const EVP_MD* by) {
    std::string out(static_cast<std::size_t>(EVP_MD_get_size(by)), '\0');
    require(EVP_Digest(octets.data(), octets.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, by, nullptr) == 1);
    return out;
}

}  // namespace

Certificate Certificate::make(const CertificateOf& what, const Certificate* issuer) {
    static long serial = 0;
    Certificate made{what.key ? what.key : std::shared_ptr<EVP_PKEY>(EVP_EC_gen("P-256"), EVP_PKEY_free), {X509_new(), X509_free}};
    X509* const x = made.x509.get();
    X509* const by = issuer != nullptr ? issuer->x509.get() : x;
    require(X509_set_version(x, X509_VERSION_3) == 1 && X509_set_pubkey(x, made.key.get()) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(x), what.from);
    ASN1_TIME_set(X509_getm_notAfter(x), what.until);
    require(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(what.name.c_str()), -1, -1, 0) == 1);
    require(X509_set_issuer_name(x, X509_get_subject_name(by)) == 1);
    extend(x, by, NID_basic_constraints, what.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!what.usages.empty()) extend(x, by, NID_ext_key_usage, what.usages);
    require(X509_sign(x, (issuer != nullptr ? issuer : &made)->key.get(), EVP_sha256()) > 0);
    return made;
}

std::shared_ptr<EVP_PKEY> rsa_key_of_size(int bits, int exponent_bits) {
    const auto odd_number = [](int of_bits) {
        const std::shared_ptr<BIGNUM> number(BN_new(), BN_free);
        require(BN_set_bit(number.get(), of_bits - 1) == 1 && BN_set_bit(number.get(), 0) == 1);
        return number;
    };
    const auto modulus = odd_number(bits), exponent = odd_number(exponent_bits);
    const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
    require(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
            OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
    const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free);
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr),
                                                                              EVP_PKEY_CTX_free);
    EVP_PKEY* key = nullptr;
    require(EVP_PKEY_fromdata_init(context.get()) == 1 &&
            EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1);
    return {key, EVP_PKEY_free};
}

std::string Certificate::der() const { return der_by<X509>(i2d_X509, x509.get()); }
std::string Certificate::public_key() const { return der_by<X509_PUBKEY>(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x509.get())); }

std::string sha256_of(const std::string& octets) { return digest(octets, EVP_sha256()); }
std::string sha512_of(const std::string& octets) { return digest(octets, EVP_sha512()); }

}  // namespace exota::authn::testing
