#include "authn/tlsa.h"

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
    /// The first certificate is signed by this one, directly or through others that were sent, and all are valid.
    bool leads_to(std::size_t anchor, std::chrono::sys_seconds now);

private:
    std::span<const std::string> der_;
    std::vector<Owned<X509>> read_;
};

bool Chain::leads_to(std::size_t anchor, std::chrono::sys_seconds now) {
    const Owned<X509_STORE> store(X509_STORE_new());
    const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
    const Owned<STACK_OF(X509)> others(sk_X509_new_null());
    if (!store || !context || !others) throw std::bad_alloc();
    X509* const own = certificate(0);
    X509* const trusted = certificate(anchor);
    if (own == nullptr || trusted == nullptr) return false;
    for (std::size_t at = 1; at < size(); ++at)
        if (X509* const one = certificate(at); one != nullptr && sk_X509_push(others.get(), one) == 0) throw std::bad_alloc();
    if (X509_STORE_add_cert(store.get(), trusted) != 1 || X509_STORE_CTX_init(context.get(), store.get(), own, others.get()) != 1)
        throw std::bad_alloc();
    X509_VERIFY_PARAM* const how = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN);  // an anchor need not be a root
    X509_VERIFY_PARAM_set_purpose(how, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(how, now.time_since_epoch().count());
    X509_VERIFY_PARAM_set_auth_level(how, 1);  // 80 bits: neither MD5 nor SHA-1 nor RSA below 1,024 bits
    return X509_verify_cert(context.get()) == 1;
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
    for (const TlsaRecord& record : usable)
        for (std::size_t at = 1; record.usage == TlsaUsage::trust_anchor && at < sent.size(); ++at)
            if (sent.matches(at, record) && sent.leads_to(at, now)) return {TlsaMatch::By::trust_anchor, record.text()};
    return {};
}

}  // namespace exota::authn
