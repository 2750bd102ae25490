// What TLS connections of one kind share: certificate, key, roots, minimum version. Immutable: a reload makes a new one beside; who has
// begun with this one keeps it.
//
// A context never lets a handshake fail because of the peer's certificate: what it is worth is told in TlsFacts, and judged elsewhere.
// Sessions are resumed by tickets that only this very context can read, so nothing is resumed across reloads, listeners or sections.
// Our own connections to others are never resumed: each sees the whole chain.
//
// Any thread may use a context. OpenSSL writes to sockets by write(2): the process ignores SIGPIPE.
// Tested by tls_context_test.cc and tls_stream_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace exota::net {

enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };
enum class TlsRole : std::uint8_t { server, client };

struct TlsOptions {
    std::string certificate_file;  // PEM, the chain, our own certificate first; a server must have one
    std::string key_file;          // PEM, without a pass phrase; empty: in certificate_file
    std::string roots_file;        // PEM; empty: the system's
    TlsVersion minimum = TlsVersion::tls_1_2;
    bool request_certificate = false;  // a server's: of its clients
};

class TlsContext {
public:
    /// Certificates between the peer's own and the root.
    static constexpr int max_chain_depth = 10;
    /// Octets of all certificates that a peer sends; above, the handshake fails.
    static constexpr long max_chain_octets = 100 * 1024;

    /// Reads the files. @return  not_found, io: a file; invalid_data: what is in it, or a key that does not fit its certificate.
    static base::Result<std::shared_ptr<const TlsContext>> make(TlsRole role, const TlsOptions& options);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    TlsRole role() const noexcept { return role_; }
    ssl_ctx_st* native() const noexcept { return context_; }

private:
    TlsContext(TlsRole role, ssl_ctx_st* context) noexcept : role_(role), context_(context) {}

    TlsRole role_;
    ssl_ctx_st* context_;
};

}  // namespace exota::net
