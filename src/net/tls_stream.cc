#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstring>

#include "base/ip.h"
#include "net/tls_context.h"

namespace exota::net {

namespace {

std::chrono::sys_seconds at(std::int64_t seconds) { return std::chrono::sys_seconds(std::chrono::seconds(seconds)); }

std::vector<std::string> chain_of(SSL* ssl, X509& own) {
    std::vector<std::string> chain{der_of(own)};
    const STACK_OF(X509)* const sent = SSL_get_peer_cert_chain(ssl);
    // A client has its server's own certificate in there, a server not that of its client.
    for (int i = SSL_is_server(ssl) == 1 ? 0 : 1; i < sk_X509_num(sent); ++i) chain.push_back(der_of(*sk_X509_value(sent, i)));
    return chain;
}

}  // namespace

std::optional<ChainVerdict> verdict_in(const SSL_SESSION& session) {
    void* data = nullptr;
    std::size_t size = 0;
    ChainVerdict verdict;
    if (SSL_SESSION_get0_ticket_appdata(const_cast<SSL_SESSION*>(&session), &data, &size) != 1 || size != sizeof verdict)
        return std::nullopt;
    std::memcpy(&verdict, data, size);
    return verdict;
}

base::Result<std::unique_ptr<TlsStream>> TlsStream::begin(int descriptor, const StartTls& start) {
    std::unique_ptr<TlsStream> stream(new TlsStream(start.context));
    ERR_clear_error();
    SSL* const ssl = stream->ssl_ = SSL_new(start.context->native());
    if (ssl == nullptr || SSL_set_fd(ssl, descriptor) != 1) return base::fail(base::Errc::io, "TLS: OpenSSL has no memory");
    SSL_set_app_data(ssl, stream.get());
    if (start.context->role() == TlsRole::server) {
        SSL_set_accept_state(ssl);
    } else {
        SSL_set_connect_state(ssl);
        // An address is no server name (RFC 6066 section 3).
        const bool is_name = !start.server_name.empty() && !base::IpAddress::parse(start.server_name);
        if (is_name && SSL_set_tlsext_host_name(ssl, start.server_name.c_str()) != 1)
            return base::fail(base::Errc::io, "TLS: OpenSSL does not take the server name '" + start.server_name + '\'');
    }
    return stream;
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

/// What came of a call, before anything else asks OpenSSL on this thread.
Moved TlsStream::moved(int result, std::size_t octets) noexcept {
    if (result > 0) return {Moved::Is::done, octets};
    const int system_error = errno;
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ:
            return {Moved::Is::wants_read};
        case SSL_ERROR_WANT_WRITE:
            return {Moved::Is::wants_write};
        case SSL_ERROR_ZERO_RETURN:
            error_ = 0;
            system_error_ = 0;
            return {Moved::Is::ended};
        case SSL_ERROR_SYSCALL:
            broken_ = true;
            error_ = 0;
            system_error_ = system_error;
            return {system_error == 0 || system_error == ECONNRESET || system_error == EPIPE || system_error == ETIMEDOUT
                        ? Moved::Is::ended
                        : Moved::Is::failed};
        default:
            broken_ = true;
            error_ = ERR_peek_error();
            ERR_clear_error();
            return {ERR_GET_LIB(error_) == ERR_LIB_SSL && ERR_GET_REASON(error_) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? Moved::Is::ended
                                                                                                                       : Moved::Is::failed};
    }
}

Moved TlsStream::handshake() {
    ERR_clear_error();
    errno = 0;
    return moved(SSL_do_handshake(ssl_), 0);
}

Moved TlsStream::read(std::span<char> into) {
    std::size_t octets = 0;
    ERR_clear_error();
    errno = 0;
    return moved(SSL_read_ex(ssl_, into.data(), into.size(), &octets), octets);
}

Moved TlsStream::peek() {
    char octet = 0;
    std::size_t octets = 0;
    ERR_clear_error();
    errno = 0;
    return moved(SSL_peek_ex(ssl_, &octet, 1, &octets), octets);
}

Moved TlsStream::write(std::string_view octets) {
    std::size_t written = 0;
    ERR_clear_error();
    errno = 0;
    return moved(SSL_write_ex(ssl_, octets.data(), octets.size(), &written), written);
}

void TlsStream::end_writing() noexcept {
    if (broken_ || SSL_is_init_finished(ssl_) != 1 || (SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) != 0) return;
    ERR_clear_error();
    SSL_shutdown(ssl_);  // whether the peer learns of it: the descriptor is shut or closed in any case
    ERR_clear_error();
}

void TlsStream::close() noexcept {
    end_writing();
    broken_ = true;
}

bool TlsStream::pending() const noexcept { return SSL_pending(ssl_) > 0; }

bool TlsStream::ended_regularly() const noexcept { return !broken_ && (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }

std::string TlsStream::why() const {
    if (error_ != 0) {
        const char* const reason = ERR_reason_error_string(error_);
        return reason != nullptr ? reason : "TLS error " + std::to_string(error_);
    }
    return system_error_ != 0 ? std::strerror(system_error_) : "closed by the peer";
}

TlsFacts TlsStream::facts(const StartTls& start) const {
    TlsFacts facts;
    facts.protocol = SSL_get_version(ssl_);
    facts.cipher = SSL_get_cipher_name(ssl_);
    facts.cipher_bits = SSL_get_cipher_bits(ssl_, nullptr);
    facts.resumed = SSL_session_reused(ssl_) == 1;
    X509* const own = SSL_get0_peer_certificate(ssl_);
    if (own == nullptr) return facts;
    const ChainVerdict verdict = facts.resumed ? verdict_in(*SSL_get_session(ssl_)).value_or(ChainVerdict{}) : verdict_;
    PeerCertificate peer;
    peer.verified = verdict.error == X509_V_OK;
    if (!peer.verified) peer.error = verdict.error < 0 ? "not looked at" : X509_verify_cert_error_string(verdict.error);
    peer.purpose = verdict.purpose;
    peer.valid_from = at(verdict.valid_from);
    peer.valid_until = at(verdict.valid_until);
    read_names(*own, peer);
    for (const std::string& reference : start.reference_names) peer.name_matches = peer.name_matches || is_named(*own, peer, reference);
    if (start.keep_chain && !facts.resumed) peer.chain = chain_of(ssl_, *own);
    facts.peer = std::move(peer);
    return facts;
}

}  // namespace exota::net
