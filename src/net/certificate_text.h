// One certificate as texts for people: what `openssl x509 -text` would say of it, and no judgement.
//
// Tested by certificate_text_test.cc.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace exota::net {

struct CertificateText {
    std::string subject, issuer;                                    // RFC 2253: "CN=mail.test,O=Test"; octets that do not show are escaped
    std::string serial;                                             // hexadecimal digits, small letters
    std::optional<std::chrono::sys_seconds> not_before, not_after;  // nullopt: unreadable
    bool authority = false;                                         // may issue others (RFC 5280 section 4.2.1.9)
    std::optional<std::vector<std::string>> key_usage;              // nullopt: names none. RFC 5280's words: "digitalSignature"
    std::optional<std::vector<std::string>> extended_key_usage;     // likewise: "clientAuth", "serverAuth"; of others the object identifier
    std::vector<std::string> dns_names;                             // the dNSName SANs, octets as they are
    std::string sha256;                                             // of the whole, hexadecimal digits, small letters
};

/// @param der  as PeerCertificate::chain has it.
/// @return     invalid_data: that is no certificate.
base::Result<CertificateText> text_of_certificate(std::string_view der);

}  // namespace exota::net
