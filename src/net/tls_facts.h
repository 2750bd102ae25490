// What a TLS handshake showed, as values.
//
// Tested by tls_stream_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exota::net {

/// What the extended key usages of a verified chain, all of its certificates together, let its peer do (RFC 5280 §4.2.1.12).
/// anyExtendedKeyUsage alone is neither of the two usages of TLS.
enum class CertificatePurpose : std::uint8_t {
    none,               // no certificate of the chain names usages: nothing is ruled out
    client,             // id-kp-clientAuth, not id-kp-serverAuth
    server,             // id-kp-serverAuth, not id-kp-clientAuth
    client_and_server,  // both
    neither,            // usages are named, and rule out both; or the key usage does
};
/// The words of logs and settings.
std::string_view name_of(CertificatePurpose purpose) noexcept;

struct PeerCertificate {
    /// Names beyond this many: the certificate has none (`why_no_names`), rather than some of them.
    static constexpr std::size_t max_names = 500;
    static constexpr std::size_t max_name_octets = 253;

    bool verified = false;                                     // by a chain to the roots, now, whatever its purpose
    std::string error;                                         // why not
    CertificatePurpose purpose = CertificatePurpose::neither;  // only of a verified chain
    /// The dNSName SANs, or, if there is none, the one CN; lower case, a wildcard is text. Several CNs, a NUL or any character that no
    /// host name has in one of them: none at all.
    std::vector<std::string> names;
    std::string why_no_names;
    /// One of StartTls::reference_names is a name of the certificate by the rules of RFC 9525: a dNSName (a wildcard is the whole first
    /// label), for an address an iPAddress; never the CN.
    bool name_matches = false;
    /// When all certificates of the verified chain are valid; of an unverified one, the first certificate alone.
    std::chrono::sys_seconds valid_from{}, valid_until{};
    /// What the peer sent, DER, its own first. Only if StartTls::keep_chain, and not after a resumption.
    std::vector<std::string> chain;

    bool is_valid_at(std::chrono::sys_seconds when) const noexcept { return valid_from <= when && when <= valid_until; }
};

struct TlsFacts {
    std::string protocol;  // "TLSv1.3"
    std::string cipher;    // "TLS_AES_256_GCM_SHA384"
    int cipher_bits = 0;
    bool resumed = false;                 // what is said of the certificate was found out when the session began
    std::optional<PeerCertificate> peer;  // nullopt: it showed none
};

}  // namespace exota::net
