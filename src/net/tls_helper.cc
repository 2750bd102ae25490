// The certificates and the client of tls_helper.h.
#include "net/tls_helper.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <stdexcept>

namespace exota::net::testing {
namespace {

void must(bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string(what) + " of a test certificate");
}

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(memory);
    return text;
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

void add_names(X509* certificate, const CertificateOf& what) {
    GENERAL_NAMES* const all = GENERAL_NAMES_new();
    for (const std::string& address : what.addresses) {
        GENERAL_NAME* const one = GENERAL_NAME_new();
        GENERAL_NAME_set0_value(one, GEN_IPADD, a2i_IPADDRESS(address.c_str()));
        sk_GENERAL_NAME_push(all, one);
    }
    for (const std::string& name : what.dns_names) {
        GENERAL_NAME* const one = GENERAL_NAME_new();
        ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
        ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
        GENERAL_NAME_set0_value(one, GEN_DNS, text);
        sk_GENERAL_NAME_push(all, one);
    }
    must(X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1, "names");
    GENERAL_NAMES_free(all);
}

std::shared_ptr<evp_pkey_st> new_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

std::shared_ptr<x509_st> new_certificate(const CertificateOf& what, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
    static long serial = 1;
    std::shared_ptr<x509_st> certificate(X509_new(), X509_free);
    X509* const x = certificate.get();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), what.from_seconds);
    X509_gmtime_adj(X509_getm_notAfter(x), what.until_seconds);
    for (const std::string& name : what.common_names)
        must(X509_NAME_add_entry_by_NID(X509_get_subject_name(x), NID_commonName, MBSTRING_UTF8,
                                        reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0) == 1,
             "CN");
    X509_set_issuer_name(x, X509_get_subject_name(issuer != nullptr ? issuer : x));
    must(X509_set_pubkey(x, key) == 1, "key");
    add_extension(x, issuer != nullptr ? issuer : x, NID_basic_constraints, what.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!what.usages.empty()) add_extension(x, issuer != nullptr ? issuer : x, NID_ext_key_usage, what.usages.c_str());
    if (!what.key_usages.empty()) add_extension(x, issuer != nullptr ? issuer : x, NID_key_usage, what.key_usages.c_str());
    if (!what.dns_names.empty() || !what.addresses.empty()) add_names(x, what);
    must(X509_sign(x, issuer_key, EVP_sha256()) > 0, "signature");
    return certificate;
}

}  // namespace

Identity Identity::root(const std::string& name) {
    Identity root;
    root.is_root_ = true;
    root.key_ = new_key();
    root.chain_ = {new_certificate({.common_names = {name}, .authority = true}, root.key_.get(), nullptr, root.key_.get())};
    return root;
}

Identity Identity::issue(const CertificateOf& what) const {
    Identity issued;
    issued.key_ = new_key();
    issued.chain_ = {new_certificate(what, issued.key_.get(), chain_.front().get(), key_.get())};
    if (!is_root_) issued.chain_.insert(issued.chain_.end(), chain_.begin(), chain_.end());
    return issued;
}

std::string Identity::chain() const {
    BIO* const memory = BIO_new(BIO_s_mem());
    for (const auto& certificate : chain_) PEM_write_bio_X509(memory, certificate.get());
    return text_of(memory);
}

std::string Identity::key() const {
    BIO* const memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(memory, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(memory);
}

std::string Identity::der() const {
    BIO* const memory = BIO_new(BIO_s_mem());
    i2d_X509_bio(memory, chain_.front().get());
    return text_of(memory);
}

void write_file(const std::string& path, std::string_view text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path);
}

TlsClient::TlsClient(Descriptor socket, const TlsClientOptions& options, const TlsClient* resume)
    : socket_(std::move(socket)), options_(options), context_(SSL_CTX_new(TLS_client_method())) {
    if (options.version != 0) {
        SSL_CTX_set_min_proto_version(context_, options.version);
        SSL_CTX_set_max_proto_version(context_, options.version);
    }
    SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
    if (options.identity != nullptr) {
        SSL_CTX_use_certificate(context_, options.identity->chain_.front().get());
        SSL_CTX_use_PrivateKey(context_, options.identity->key_.get());
        for (std::size_t i = 1; i < options.identity->chain_.size(); ++i)
            SSL_CTX_add1_chain_cert(context_, options.identity->chain_[i].get());
    }
    // Where no certificate is set it is asked for one all the same.
    SSL_CTX_set_app_data(context_, this);
    SSL_CTX_set_client_cert_cb(context_, [](SSL* ssl, X509**, EVP_PKEY**) {
        static_cast<TlsClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->asked_ = true;
        return 0;
    });
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_, [](SSL* ssl, SSL_SESSION* session) {
        auto* const client = static_cast<TlsClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        SSL_SESSION_free(std::exchange(client->session_, session));
        return 1;
    });
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_.get());
    if (resume != nullptr && resume->session_ != nullptr) SSL_set_session(ssl_, resume->session_);
}

TlsClient::~TlsClient() {
    if (options_.close_notify && socket_ && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
    SSL_free(ssl_);
    SSL_SESSION_free(session_);
    SSL_CTX_free(context_);
    ERR_clear_error();
}

bool TlsClient::handshake() { return SSL_connect(ssl_) == 1; }

bool TlsClient::send(std::string_view text) {
    std::size_t written = 0;
    return SSL_write_ex(ssl_, text.data(), text.size(), &written) == 1;
}

std::string TlsClient::line() {
    std::string text;
    char octet = 0;
    std::size_t got = 0;
    while (!text.ends_with('\n') && SSL_read_ex(ssl_, &octet, 1, &got) == 1) text += octet;
    return text;
}

bool TlsClient::at_regular_end() {
    char octet = 0;
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_, &octet, 1, &got);
    return result != 1 && SSL_get_error(ssl_, result) == SSL_ERROR_ZERO_RETURN;
}

bool TlsClient::resumed() const { return SSL_session_reused(ssl_) == 1; }

}  // namespace exota::net::testing
