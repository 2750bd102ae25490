#include "net/certificate_text.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <limits>
#include <memory>

#include "base/encode.h"
#include "base/text.h"
#include "net/tls_certificate.h"

namespace exota::net {

namespace {

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* what) const noexcept {
        free(what);
    }
};

std::string text_of(const X509_NAME* name) {
    const std::unique_ptr<BIO, Freed<BIO_free_all>> out(BIO_new(BIO_s_mem()));
    if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    const char* text = nullptr;
    const long octets = BIO_get_mem_data(out.get(), &text);
    return octets > 0 ? std::string(text, static_cast<std::size_t>(octets)) : std::string();
}

std::string serial_of(const X509& certificate) {
    const std::unique_ptr<BIGNUM, Freed<BN_free>> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr));
    if (!number) return {};
    char* const digits = BN_bn2hex(number.get());
    if (digits == nullptr) return {};
    const std::string serial = base::lower(digits);
    OPENSSL_free(digits);
    return serial;
}

std::optional<std::chrono::sys_seconds> time_of(const ASN1_TIME* time) {
    constexpr std::int64_t none = std::numeric_limits<std::int64_t>::min();
    const std::int64_t seconds = seconds_of(time, none);
    return seconds == none ? std::nullopt : std::optional(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

std::optional<std::vector<std::string>> key_usage_of(X509& certificate) {
    constexpr struct {
        std::uint32_t bit;
        const char* name;
    } usages[] = {{KU_DIGITAL_SIGNATURE, "digitalSignature"},
                  {KU_NON_REPUDIATION, "nonRepudiation"},
                  {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
                  {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
                  {KU_KEY_AGREEMENT, "keyAgreement"},
                  {KU_KEY_CERT_SIGN, "keyCertSign"},
                  {KU_CRL_SIGN, "cRLSign"},
                  {KU_ENCIPHER_ONLY, "encipherOnly"},
                  {KU_DECIPHER_ONLY, "decipherOnly"}};
    if ((X509_get_extension_flags(&certificate) & EXFLAG_KUSAGE) == 0) return std::nullopt;
    const std::uint32_t bits = X509_get_key_usage(&certificate);
    std::vector<std::string> names;
    for (const auto& usage : usages)
        if ((bits & usage.bit) != 0) names.emplace_back(usage.name);
    return names;
}

std::string name_of(const ASN1_OBJECT* usage) {
    const int known = OBJ_obj2nid(usage);
    if (known != NID_undef) return OBJ_nid2sn(known);
    std::array<char, 128> text{};
    OBJ_obj2txt(text.data(), static_cast<int>(text.size()), usage, 1);
    return text.data();
}

std::optional<std::vector<std::string>> extended_key_usage_of(const X509& certificate) {
    const std::unique_ptr<EXTENDED_KEY_USAGE, Freed<EXTENDED_KEY_USAGE_free>> usages(
        static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(&certificate, NID_ext_key_usage, nullptr, nullptr)));
    if (!usages) return std::nullopt;
    std::vector<std::string> names;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) names.push_back(name_of(sk_ASN1_OBJECT_value(usages.get(), i)));
    return names;
}

std::vector<std::string> dns_names_of(const X509& certificate) {
    const std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::vector<std::string> found;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i)
        if (const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i); name->type == GEN_DNS)
            found.emplace_back(octets_of(name->d.dNSName));
    return found;
}

std::string sha256_of(std::string_view der) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int octets = 0;
    if (EVP_Digest(der.data(), der.size(), digest.data(), &octets, EVP_sha256(), nullptr) != 1) return {};
    return base::hex_encode({reinterpret_cast<const char*>(digest.data()), octets});
}

}  // namespace

base::Result<CertificateText> text_of_certificate(std::string_view der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<X509, Freed<X509_free>> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    ERR_clear_error();
    if (!certificate || at != reinterpret_cast<const unsigned char*>(der.data()) + der.size())
        return base::fail(base::Errc::invalid_data, "this is no certificate");
    CertificateText text{.subject = text_of(X509_get_subject_name(certificate.get())),
                         .issuer = text_of(X509_get_issuer_name(certificate.get())),
                         .serial = serial_of(*certificate),
                         .not_before = time_of(X509_get0_notBefore(certificate.get())),
                         .not_after = time_of(X509_get0_notAfter(certificate.get())),
                         .authority = X509_check_ca(certificate.get()) == 1,
                         .key_usage = key_usage_of(*certificate),
                         .extended_key_usage = extended_key_usage_of(*certificate),
                         .dns_names = dns_names_of(*certificate),
                         .sha256 = sha256_of(der)};
    ERR_clear_error();  // extensions that cannot be read
    return text;
}

}  // namespace exota::net
