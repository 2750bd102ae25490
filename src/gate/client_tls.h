// What TLS showed of a peer, as values, and what it is worth as evidence. Whoever has the TLS (app/) fills it in.
//
// A certificate counts only if its chain was verified to the roots that were chosen, now, its dates hold now, and its purpose is one that
// the operator takes: public certificates lose the purpose clientAuth, so serverAuth, or none named at all, is taken too unless he says
// otherwise.
//
// Tested by client_tls_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/evidence.h"

namespace exota::gate {

/// What the extended key usages of a verified chain, all of its certificates together, let its peer do (RFC 5280 section 4.2.1.12).
enum class CertificatePurpose : std::uint8_t {
    none,               // no certificate of the chain names usages: nothing is ruled out
    client,             // id-kp-clientAuth alone
    server,             // id-kp-serverAuth alone
    client_and_server,  // both
    neither,            // usages are named, and rule out both
};
/// "none", "clientAuth", "serverAuth", "clientAuth+serverAuth", "neither".
std::string_view name_of(CertificatePurpose purpose) noexcept;

/// Which purposes are taken (`client_purpose`). A chain for both is taken where either is.
struct TakenPurposes {
    bool none = true, client = true, server = true;
    bool takes(CertificatePurpose purpose) const noexcept;
};

struct LegCertificate {
    bool verified = false;                                     // the chain, whatever its purpose
    std::string error;                                         // why not
    CertificatePurpose purpose = CertificatePurpose::neither;  // only of a verified chain
    std::vector<std::string> names;                            // the dNSName SANs, else the one CN; lower case, a wildcard is text
    bool name_matches = false;                                 // of a server: one of the names that it was asked for by
    std::chrono::sys_seconds valid_from{}, valid_until{};
    std::vector<std::string> chain{};  // of a server, where it was asked to be kept: DER as it was sent, its own first
};
struct LegTls {
    std::string version;  // "TLSv1.3"
    std::string cipher;
    std::optional<LegCertificate> certificate;  // nullopt: it showed none
};

/// The certificate counts: chain, dates and purpose.
bool is_proven(const LegCertificate& certificate, const TakenPurposes& taken, std::chrono::sys_seconds now) noexcept;

/// A client's TLS as facts of a session. What does not count is Absent, with the hint why.
evidence::Tls evidence_of(const LegTls& tls, const TakenPurposes& taken, std::chrono::sys_seconds now);

/// A certificate that counts has one of these names, compared whole and without regard to letter case.
bool has_name(const LegCertificate& certificate, const std::vector<std::string>& names) noexcept;

}  // namespace exota::gate
