// Certificates made at run time and a blocking TLS client, for the tests of net.
#pragma once

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/descriptor.h"

struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct x509_st;

namespace exota::net::testing {

/// As the daemon has it.
class WithoutPipeSignal {
public:
    WithoutPipeSignal() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
    ~WithoutPipeSignal() { std::signal(SIGPIPE, before_); }
    WithoutPipeSignal(const WithoutPipeSignal&) = delete;
    WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;

private:
    void (*before_)(int);
};

struct CertificateOf {
    std::vector<std::string> common_names{"Test"};  // octets as they are
    std::vector<std::string> dns_names;             // likewise
    std::vector<std::string> addresses;             // "192.0.2.1"
    std::string usages;                             // as OpenSSL writes them: "clientAuth,serverAuth"; empty: none named
    std::string key_usages;                         // likewise: "digitalSignature"
    bool authority = false;
    long from_seconds = -3600, until_seconds = 3600;  // from now
};

/// A certificate, its key, and those that issued it.
class Identity {
public:
    static Identity root(const std::string& name);
    Identity issue(const CertificateOf& what) const;

    /// Itself and what is between it and the root, in PEM; a root is itself.
    std::string chain() const;
    std::string key() const;
    /// DER of itself.
    std::string der() const;

private:
    friend class TlsClient;
    Identity() = default;
    std::shared_ptr<evp_pkey_st> key_;
    std::vector<std::shared_ptr<x509_st>> chain_;  // its own first, the root not but for itself
    bool is_root_ = false;
};

void write_file(const std::string& path, std::string_view text);

struct TlsClientOptions {
    const Identity* identity = nullptr;
    int version = 0;  // the only one: TLS1_2_VERSION; 0: any
    bool close_notify = true;
};

/// One connection, and what a server gave it to resume the session with.
class TlsClient {
public:
    explicit TlsClient(Descriptor socket, const TlsClientOptions& options = {}, const TlsClient* resume = nullptr);
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    bool handshake();
    bool send(std::string_view text);
    /// Until a line's end, which is included; what came if the peer ends before.
    std::string line();
    /// The peer said close_notify, and nothing before.
    bool at_regular_end();
    bool resumed() const;
    bool asked_for_certificate() const noexcept { return asked_; }
    const Descriptor& socket() const noexcept { return socket_; }

private:
    Descriptor socket_;
    TlsClientOptions options_;
    ssl_ctx_st* context_ = nullptr;
    ssl_st* ssl_ = nullptr;
    ssl_session_st* session_ = nullptr;
    bool asked_ = false;
};

}  // namespace exota::net::testing
