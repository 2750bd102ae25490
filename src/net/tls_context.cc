#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "net/tls_stream.h"

namespace exota::net {

namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr long session_lifetime_seconds = 7200;

std::string openssl_reason() {
    const unsigned long error = ERR_peek_last_error();
    const char* const reason = ERR_reason_error_string(error);
    ERR_clear_error();
    return reason != nullptr ? reason : "OpenSSL does not say why";
}

Result<void> can_be_read(const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "re");
    if (file == nullptr) return fail(errno == ENOENT ? Errc::not_found : Errc::io, path + ": " + std::strerror(errno));
    std::fclose(file);
    return {};
}

/// A pass phrase would be asked for on the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

TlsStream& stream_of(SSL* ssl) { return *static_cast<TlsStream*>(SSL_get_app_data(ssl)); }

/// Tickets hold what was found out of the chain: a resumed session does not have the chain any more.
int write_verdict(SSL* ssl, void*) {
    if (SSL_session_reused(ssl) == 1) return 1;  // it is in there already
    const ChainVerdict& verdict = stream_of(ssl).verdict();
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &verdict, sizeof verdict);
}

SSL_TICKET_RETURN read_ticket(SSL*, SSL_SESSION* session, const unsigned char*, std::size_t, SSL_TICKET_STATUS status, void*) {
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_IGNORE_RENEW;
    const std::optional<ChainVerdict> verdict = verdict_in(*session);
    const std::int64_t now = std::time(nullptr);
    // One that has expired since is looked at anew.
    if (!verdict || (verdict->error == X509_V_OK && (now < verdict->valid_from || now > verdict->valid_until)))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

Result<void> load_own(SSL_CTX* context, const TlsOptions& options) {
    const std::string& key = options.key_file.empty() ? options.certificate_file : options.key_file;
    for (const std::string* path : {&options.certificate_file, &key})
        if (const Result<void> readable = can_be_read(*path); !readable) return readable;
    if (SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) != 1)
        return fail(Errc::invalid_data, options.certificate_file + ": no certificate chain in PEM: " + openssl_reason());
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(context) != 1)
        return fail(Errc::invalid_data, key + ": no key of " + options.certificate_file + " in PEM: " + openssl_reason());
    return {};
}

/// The system's roots are read whole if they are in one file, as they nearly always are: no handshake reads files then.
Result<void> load_roots(SSL_CTX* context, const TlsOptions& options) {
    if (!options.roots_file.empty()) {
        if (const Result<void> readable = can_be_read(options.roots_file); !readable) return readable;
        if (SSL_CTX_load_verify_file(context, options.roots_file.c_str()) != 1)
            return fail(Errc::invalid_data, options.roots_file + ": no certificates in PEM: " + openssl_reason());
        return {};
    }
    const char* const named = std::getenv(X509_get_default_cert_file_env());
    const std::string file = named != nullptr ? named : X509_get_default_cert_file();
    if (can_be_read(file) && SSL_CTX_load_verify_file(context, file.c_str()) == 1) return {};
    ERR_clear_error();
    if (SSL_CTX_set_default_verify_paths(context) != 1) return fail(Errc::io, "the system's root certificates: " + openssl_reason());
    return {};
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make(TlsRole role, const TlsOptions& options) {
    ERR_clear_error();
    const bool is_server = role == TlsRole::server;
    SSL_CTX* const context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (context == nullptr) return fail(Errc::io, "TLS: " + openssl_reason());
    const std::shared_ptr<const TlsContext> result(new TlsContext(role, context));

    SSL_CTX_set_min_proto_version(context, options.minimum == TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_NO_AUTO_CHAIN);  // a chain is what stands in the file
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);       // who sends records without data lets others have their turn
    SSL_CTX_set_max_cert_list(context, max_chain_octets);
    SSL_CTX_set_verify_depth(context, max_chain_depth);
    SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);

    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets instead, of a server
    if (is_server) {
        std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> id{};
        if (RAND_bytes(id.data(), id.size()) != 1 || SSL_CTX_set_session_id_context(context, id.data(), id.size()) != 1)
            return fail(Errc::io, "TLS: " + openssl_reason());
        SSL_CTX_set_timeout(context, session_lifetime_seconds);
        SSL_CTX_set_num_tickets(context, 1);
        SSL_CTX_set_session_ticket_cb(context, write_verdict, read_ticket, nullptr);
        if (options.certificate_file.empty()) return fail(Errc::invalid_data, "a TLS server needs a certificate");
    }
    if (!is_server || options.request_certificate) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_cert_verify_callback(
            context,
            [](X509_STORE_CTX* store, void*) {
                auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
                stream_of(ssl).judge(*store);
                return 1;  // whatever it is worth, the handshake goes on
            },
            nullptr);
        if (const Result<void> loaded = load_roots(context, options); !loaded) return std::unexpected(loaded.error());
    }
    if (!options.certificate_file.empty())
        if (const Result<void> loaded = load_own(context, options); !loaded) return std::unexpected(loaded.error());
    return result;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace exota::net
