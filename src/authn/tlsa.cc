#include "authn/tlsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>

namespace exota::authn {
namespace {

struct Free {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(BIGNUM* number) const noexcept { BN_free(number); }
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
    void operator()(X509_STORE_CTX* context) const noexcept { X509_STORE_CTX_free(context); }
    void operator()(STACK_OF(X509) * certificates) const noexcept { sk_X509_free(certificates); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// What a stranger's DER leaves in OpenSSL's queue of errors is nobody's business.
struct WithoutErrors {
    WithoutErrors() { ERR_set_mark(); }
    ~WithoutErrors() { ERR_pop_to_mark(); }
    WithoutErrors(const WithoutErrors&) = delete;
    WithoutErrors& operator=(const WithoutErrors&) = delete;
};

const unsigned char* octets(std::string_view text) noexcept { return reinterpret_cast<const unsigned char*>(text.data()); }

/// The whole of `der`, nothing behind it.
Owned<X509> read_certificate(std::string_view der) {
    const unsigned char* at = octets(der);
    Owned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (certificate && at != octets(der) + der.size()) certificate.reset();
    return certificate;
}

bool is_public_key(std::string_view der) {
    const unsigned char* at = octets(der);
    const Owned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
    return key && at == octets(der) + der.size();
}

/// The SubjectPublicKeyInfo as it stands in the certificate; empty: it has none.
std::string public_key_of(const X509& certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
    if (size <= 0) return {};
    std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return text;
}

/// An RSA key with which nobody should have to verify.
bool is_too_large(const X509& certificate) {
    const EVP_PKEY* const key = X509_get0_pubkey(&certificate);
    if (key == nullptr || (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA_PSS)) return false;
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &number) != 1) return true;
    const Owned<BIGNUM> exponent(number);
    return EVP_PKEY_get_bits(key) > max_tlsa_rsa_bits || BN_num_bits(exponent.get()) > max_tlsa_rsa_exponent_bits;
}

std::size_t digest_octets(TlsaMatching matching) noexcept { return matching == TlsaMatching::sha512 ? 64 : 32; }

std::string matched_form(std::string_view der, TlsaMatching matching) {
    if (matching == TlsaMatching::full) return std::string(der);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const EVP_MD* const algorithm = matching == TlsaMatching::sha512 ? EVP_sha512() : EVP_sha256();
    if (EVP_Digest(der.data(), der.size(), digest.data(), &size, algorithm, nullptr) != 1) throw std::bad_alloc();
    return {reinterpret_cast<const char*>(digest.data()), size};
}

/// What a server sent, read as far as a record asks for it.
class Chain {
public:
    explicit Chain(std::span<const std::string> der) : der_(der.first(std::min(der.size(), max_tlsa_chain))), read_(der_.size()) {}

    std::size_t size() const noexcept { return der_.size(); }
    /// nullptr: it is no certificate.
    X509* certificate(std::size_t at) {
        if (!read_[at]) read_[at] = read_certificate(der_[at]);
        return read_[at].get();
    }
    bool matches(std::size_t at, const TlsaRecord& record) {
        if (record.selector == TlsaSelector::certificate) return matched_form(der_[at], record.matching) == record.data;
        const X509* const read = certificate(at);
        return read != nullptr && matched_form(public_key_of(*read), record.matching) == record.data;
    }
    /// @param anchors  certificates that are trusted.
    /// @return         that by which the first certificate is signed, directly or through others that were sent, where all are valid;
    ///                 nullopt: by none, or a key in the chain is too large.
    std::optional<std::size_t> led_to(std::span<const std::size_t> anchors, std::chrono::sys_seconds now);

private:
    std::span<const std::string> der_;
    std::vector<Owned<X509>> read_;
};

std::optional<std::size_t> Chain::led_to(std::span<const std::size_t> anchors, std::chrono::sys_seconds now) {
    const Owned<X509_STORE> store(X509_STORE_new());
    const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
    const Owned<STACK_OF(X509)> others(sk_X509_new_null());
    if (!store || !context || !others) throw std::bad_alloc();
    X509* const own = certificate(0);
    if (own == nullptr) return std::nullopt;
    for (std::size_t at = 0; at < size(); ++at) {
        X509* const one = certificate(at);
        if (one == nullptr) continue;
        if (is_too_large(*one)) return std::nullopt;
        if (at > 0 && sk_X509_push(others.get(), one) == 0) throw std::bad_alloc();
    }
    for (const std::size_t at : anchors)
        if (X509* const one = certificate(at); one != nullptr && X509_STORE_add_cert(store.get(), one) != 1) throw std::bad_alloc();
    if (X509_STORE_CTX_init(context.get(), store.get(), own, others.get()) != 1) throw std::bad_alloc();
    X509_VERIFY_PARAM* const how = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);  // an anchor need not be a root
    X509_VERIFY_PARAM_set_purpose(how, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(how, now.time_since_epoch().count());
    X509_VERIFY_PARAM_set_auth_level(how, 1);  // 80 bits: neither MD5 nor SHA-1 nor RSA below 1,024 bits
    if (X509_verify_cert(context.get()) != 1) return std::nullopt;
    const STACK_OF(X509)* const verified = X509_STORE_CTX_get0_chain(context.get());
    const X509* const last = sk_X509_value(verified, sk_X509_num(verified) - 1);
    const auto found =
        std::ranges::find_if(anchors, [&](std::size_t at) { return certificate(at) != nullptr && X509_cmp(certificate(at), last) == 0; });
    return found != anchors.end() ? std::optional(*found) : std::nullopt;
}

}  // namespace

std::optional<TlsaRecord> TlsaRecord::parse(std::string_view rdata) {
    const WithoutErrors quiet;
    if (rdata.size() < 4) return std::nullopt;
    const auto usage = static_cast<std::uint8_t>(rdata[0]), selector = static_cast<std::uint8_t>(rdata[1]),
               matching = static_cast<std::uint8_t>(rdata[2]);
    if (usage < 2 || usage > 3 || selector > 1 || matching > 2) return std::nullopt;
    TlsaRecord record{static_cast<TlsaUsage>(usage), static_cast<TlsaSelector>(selector), static_cast<TlsaMatching>(matching),
                      std::string(rdata.substr(3))};
    if (record.matching != TlsaMatching::full) {
        if (record.data.size() != digest_octets(record.matching)) return std::nullopt;
    } else if (record.selector == TlsaSelector::certificate ? !read_certificate(record.data) : !is_public_key(record.data)) {
        return std::nullopt;
    }
    return record;
}

std::string TlsaRecord::text() const {
    return std::to_string(static_cast<int>(usage)) + ' ' + std::to_string(static_cast<int>(selector)) + ' ' +
           std::to_string(static_cast<int>(matching));
}

std::vector<TlsaRecord> usable_tlsa(std::span<const std::string> rdata) {
    std::vector<TlsaRecord> usable;
    for (const std::string& one : rdata.first(std::min(rdata.size(), max_tlsa_records)))
        if (auto record = TlsaRecord::parse(one)) usable.push_back(*std::move(record));
    const auto is_outdone = [all = usable](const TlsaRecord& weak) {
        return weak.matching == TlsaMatching::sha256 && std::ranges::any_of(all, [&](const TlsaRecord& strong) {
                   return strong.matching == TlsaMatching::sha512 && strong.usage == weak.usage && strong.selector == weak.selector;
               });
    };
    std::erase_if(usable, is_outdone);
    return usable;
}

TlsaMatch match_tlsa(std::span<const TlsaRecord> usable, std::span<const std::string> chain, std::chrono::sys_seconds now) {
    const WithoutErrors quiet;
    Chain sent(chain);
    if (sent.size() == 0) return {};
    for (const TlsaRecord& record : usable)
        if (record.usage == TlsaUsage::end_entity && sent.matches(0, record)) return {TlsaMatch::By::end_entity, record.text()};
    std::vector<std::size_t> anchors;
    std::vector<const TlsaRecord*> record_of(sent.size(), nullptr);
    for (std::size_t at = 1; at < sent.size(); ++at) {
        const auto record = std::ranges::find_if(
            usable, [&](const TlsaRecord& one) { return one.usage == TlsaUsage::trust_anchor && sent.matches(at, one); });
        if (record == usable.end()) continue;
        record_of[at] = &*record;
        anchors.push_back(at);
    }
    if (anchors.empty()) return {};
    if (const auto anchor = sent.led_to(anchors, now)) return {TlsaMatch::By::trust_anchor, record_of[*anchor]->text()};
    return {};
}

}  // namespace exota::authn
