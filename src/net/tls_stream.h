// TLS over one non-blocking descriptor, by OpenSSL in the readiness idiom: SSL_set_fd, and no buffer that outlives an octet in transit, so
// that a session that says nothing keeps none. Private to net.
//
// Tested by tls_stream_test.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/session.h"
#include "net/stream.h"
#include "net/tls_certificate.h"

struct ssl_st;
struct ssl_session_st;

namespace exota::net {

/// What a ticket holds of the chain; nullopt: it is none of ours.
std::optional<ChainVerdict> verdict_in(const ssl_session_st& session);

class TlsStream {
public:
    /// @param descriptor  non-blocking; stays the caller's. Nothing is read or written yet.
    /// @return            io: OpenSSL has no memory, or does not take the server name.
    static base::Result<std::unique_ptr<TlsStream>> begin(int descriptor, const StartTls& start);
    ~TlsStream();
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;

    Moved handshake();
    Moved read(std::span<char> into);
    Moved write(std::string_view octets);
    /// Whether read() would bring something, without taking it.
    Moved peek();
    /// Says close_notify, if that can be said without waiting. What the peer says is read on.
    void end_writing() noexcept;
    /// The same, and nothing is read any more.
    void close() noexcept;
    bool pending() const noexcept;
    /// The peer said close_notify: nobody else has cut the stream off.
    bool ended_regularly() const noexcept;
    std::string why() const;
    /// After the handshake.
    TlsFacts facts(const StartTls& start) const;

    // For the context's callbacks:
    void judge(x509_store_ctx_st& store) { verdict_ = judge_chain(store); }
    const ChainVerdict& verdict() const noexcept { return verdict_; }

private:
    explicit TlsStream(std::shared_ptr<const TlsContext> context) noexcept : context_(std::move(context)) {}
    Moved moved(int result, std::size_t octets) noexcept;

    std::shared_ptr<const TlsContext> context_;
    ssl_st* ssl_ = nullptr;
    ChainVerdict verdict_;
    unsigned long error_ = 0;  // of OpenSSL
    int system_error_ = 0;
    bool broken_ = false;  // no more may be said
};

}  // namespace exota::net
