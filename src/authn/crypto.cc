// SHA-256 and public keys over OpenSSL 3 (EVP).
//
// Every OpenSSL object has an owner; the error queue is left empty behind each call that may fail, because it belongs to the thread
// and TLS code of the same loop would read our leftovers as its own.
//
// Tested by crypto_test.cc and fuzz/dkim_key_fuzz.cc.
#include "authn/crypto.h"

#include <new>
#include <optional>
#include <string>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace exota::authn {
namespace {

using base::Errc;
using base::fail;
using base::Result;

const unsigned char* octets_of(std::string_view text) noexcept { return reinterpret_cast<const unsigned char*>(text.data()); }

/// Fetched once: an implicit fetch costs more than hashing a header.
const EVP_MD* sha256_method() {
    static const EVP_MD* const method = [] {
        const EVP_MD* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
        return fetched != nullptr ? fetched : EVP_sha256();
    }();
    return method;
}

void check_memory(bool ok) {
    if (ok) return;
    ERR_clear_error();
    throw std::bad_alloc();  // EVP digest calls with a valid method fail for lack of memory only
}

// --- DER (ITU-T X.690), as much of it as a public key needs --------------------------------------------------------------------

constexpr char der_integer = 0x02, der_bit_string = 0x03, der_oid = 0x06, der_sequence = 0x30;
constexpr std::string_view der_null("\x05\x00", 2);
constexpr std::string_view oid_rsa_encryption("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9);  // 1.2.840.113549.1.1.1

/// Takes one element with `tag` off the front of `in`. Lengths are in the shortest form (DER) and of at most three octets.
std::optional<std::string_view> take_der(std::string_view& in, char tag) noexcept {
    if (in.size() < 2 || in[0] != tag) return std::nullopt;
    std::size_t length = static_cast<unsigned char>(in[1]);
    std::size_t head = 2;
    if (length >= 0x80) {
        const std::size_t count = length & 0x7f;
        if (count == 0 || count > 3 || in.size() < 2 + count) return std::nullopt;
        length = 0;
        for (std::size_t i = 0; i < count; ++i) length = length << 8 | static_cast<unsigned char>(in[2 + i]);
        if (length < 0x80 || length >> (8 * (count - 1)) == 0) return std::nullopt;  // longer than it needs
        head += count;
    }
    if (in.size() - head < length) return std::nullopt;
    const std::string_view content = in.substr(head, length);
    in.remove_prefix(head + length);
    return content;
}

/// A positive INTEGER without its sign octet.
std::optional<std::string_view> take_der_positive(std::string_view& in) noexcept {
    std::optional<std::string_view> number = take_der(in, der_integer);
    if (!number || number->empty() || (number->front() & 0x80) != 0) return std::nullopt;
    if (number->front() == 0) {
        number->remove_prefix(1);
        if (number->empty() || (number->front() & 0x80) == 0) return std::nullopt;  // zero, or a sign octet that is not needed
    }
    return number;
}

unsigned bits_of(std::string_view number) noexcept {
    unsigned bits = static_cast<unsigned>(number.size() - 1) * 8;
    for (unsigned first = static_cast<unsigned char>(number.front()); first != 0; first >>= 1) ++bits;
    return bits;
}

struct RsaNumbers {
    std::string_view modulus, exponent;
};

std::optional<RsaNumbers> rsa_numbers(std::string_view der) noexcept {
    std::optional<std::string_view> outer = take_der(der, der_sequence);
    if (!outer || !der.empty()) return std::nullopt;
    std::string_view inner = *outer;
    if (inner.starts_with(der_sequence)) {  // SubjectPublicKeyInfo: unwrap the RSAPublicKey
        std::optional<std::string_view> algorithm = take_der(inner, der_sequence);
        if (!algorithm || take_der(*algorithm, der_oid) != oid_rsa_encryption) return std::nullopt;
        if (!algorithm->empty() && *algorithm != der_null) return std::nullopt;  // RFC 3279: NULL; some leave it out
        const std::optional<std::string_view> bit_string = take_der(inner, der_bit_string);
        if (!bit_string || !inner.empty() || !bit_string->starts_with('\0')) return std::nullopt;
        std::string_view key = bit_string->substr(1);
        outer = take_der(key, der_sequence);
        if (!outer || !key.empty()) return std::nullopt;
        inner = *outer;
    }
    const std::optional<std::string_view> modulus = take_der_positive(inner);
    const std::optional<std::string_view> exponent = take_der_positive(inner);
    if (!modulus || !exponent || !inner.empty()) return std::nullopt;
    return RsaNumbers{*modulus, *exponent};
}

template <auto function>
struct FreeWith {
    template <class T>
    void operator()(T* object) const noexcept {
        function(object);
    }
};
using BigNumber = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;

BigNumber big_number(std::string_view number) {
    BigNumber big(BN_bin2bn(octets_of(number), static_cast<int>(number.size()), nullptr));
    check_memory(big != nullptr);
    return big;
}

}  // namespace

// --- SHA-256 -------------------------------------------------------------------------------------------------------------------

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    check_memory(context_ && EVP_DigestInit_ex2(context_.get(), sha256_method(), nullptr) == 1);
}

void Sha256::update(std::string_view octets) { check_memory(EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1); }

Sha256 Sha256::clone() const {
    Sha256 copy;
    check_memory(EVP_MD_CTX_copy_ex(copy.context_.get(), context_.get()) == 1);
    return copy;
}

Sha256Digest Sha256::finish() {
    Sha256Digest digest;
    check_memory(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
    check_memory(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1);
    return digest;
}

// --- keys ----------------------------------------------------------------------------------------------------------------------

std::string_view name_of(KeyType type) noexcept { return type == KeyType::rsa ? "rsa" : "ed25519"; }

void PublicKey::FreeKey::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }
void PublicKey::FreeContext::operator()(evp_pkey_ctx_st* context) const noexcept { EVP_PKEY_CTX_free(context); }

Result<PublicKey> PublicKey::rsa(std::string_view der) {
    const std::optional<RsaNumbers> numbers = rsa_numbers(der);
    if (!numbers) return fail(Errc::invalid_data, "key is no RSA public key in DER");
    PublicKey key;
    key.type_ = KeyType::rsa;
    key.bits_ = bits_of(numbers->modulus);
    if (key.bits_ > max_rsa_modulus_bits) return fail(Errc::too_long, "RSA modulus of " + std::to_string(key.bits_) + " bits");
    if ((numbers->modulus.back() & 1) == 0) return fail(Errc::invalid_data, "RSA modulus is even");
    const unsigned exponent_bits = bits_of(numbers->exponent);
    if (exponent_bits > max_rsa_exponent_bits) return fail(Errc::too_long, "RSA exponent of " + std::to_string(exponent_bits) + " bits");
    if ((numbers->exponent.back() & 1) == 0 || exponent_bits < 2) return fail(Errc::invalid_data, "RSA exponent is even or 1");

    const BigNumber modulus = big_number(numbers->modulus), exponent = big_number(numbers->exponent);
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    check_memory(builder && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
                 OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
    const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext maker(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    check_memory(params && maker);
    EVP_PKEY* made = nullptr;
    const bool good =
        EVP_PKEY_fromdata_init(maker.get()) == 1 && EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
    key.key_.reset(made);
    if (good) key.context_.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key.key_.get(), nullptr));
    if (!key.context_ || EVP_PKEY_verify_init(key.context_.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(key.context_.get(), RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(key.context_.get(), sha256_method()) != 1) {
        ERR_clear_error();
        return fail(Errc::invalid_data, "RSA key is not usable");
    }
    return key;
}

Result<PublicKey> PublicKey::ed25519(std::string_view raw) {
    if (raw.size() != 32) return fail(Errc::invalid_data, "Ed25519 key of " + std::to_string(raw.size()) + " octets, not 32");
    PublicKey key;
    key.type_ = KeyType::ed25519;
    key.bits_ = 256;
    key.key_.reset(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets_of(raw), raw.size()));
    if (!key.key_) {
        ERR_clear_error();
        return fail(Errc::invalid_data, "Ed25519 key is not usable");
    }
    return key;
}

bool PublicKey::verify(const Sha256Digest& digest, std::string_view signature) {
    bool good = false;
    if (type_ == KeyType::rsa) {
        good = EVP_PKEY_verify(context_.get(), octets_of(signature), signature.size(), digest.data(), digest.size()) == 1;
    } else {  // one-shot only, and rare: a new context each time
        const std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
        check_memory(context != nullptr);
        good = EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
               EVP_DigestVerify(context.get(), octets_of(signature), signature.size(), digest.data(), digest.size()) == 1;
    }
    if (!good) ERR_clear_error();
    return good;
}

}  // namespace exota::authn
