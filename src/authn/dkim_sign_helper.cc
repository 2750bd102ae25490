// The keys of dkim_sign_helper.h.
#include "authn/dkim_sign_helper.h"

#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace exota::authn {
namespace {

std::string take_der(int size, unsigned char* der) {
    if (size <= 0) throw std::runtime_error("no DER of a test key");
    std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

}  // namespace

TestSigner::TestSigner(evp_pkey_st* key, KeyType type) : key_(key, EVP_PKEY_free), type_(type) {
    if (key == nullptr) throw std::runtime_error("no test key");
}

TestSigner TestSigner::rsa(unsigned bits) { return {EVP_RSA_gen(bits), KeyType::rsa}; }
TestSigner TestSigner::ed25519() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), KeyType::ed25519}; }

std::string TestSigner::public_octets() const {
    if (type_ == KeyType::ed25519) {
        std::size_t size = 32;
        std::string raw(size, '\0');
        if (EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size) != 1)
            throw std::runtime_error("no raw key");
        return raw;
    }
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    return take_der(size, der);
}

std::string TestSigner::public_pkcs1() const {
    unsigned char* der = nullptr;
    const int size = i2d_PublicKey(key_.get(), &der);
    return take_der(size, der);
}

std::string TestSigner::sign(const Sha256Digest& digest) const {
    std::size_t size = 1024;
    std::string signature(size, '\0');
    auto* out = reinterpret_cast<unsigned char*>(signature.data());
    bool good = false;
    if (type_ == KeyType::rsa) {
        EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key_.get(), nullptr);
        good = EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
               EVP_PKEY_sign(context, out, &size, digest.data(), digest.size()) == 1;
        EVP_PKEY_CTX_free(context);
    } else {
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        good = EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_.get()) == 1 &&
               EVP_DigestSign(context, out, &size, digest.data(), digest.size()) == 1;
        EVP_MD_CTX_free(context);
    }
    if (!good) throw std::runtime_error("test signature failed");
    signature.resize(size);
    return signature;
}

}  // namespace exota::authn
