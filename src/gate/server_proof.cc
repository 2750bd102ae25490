#include "gate/server_proof.h"

namespace exota::gate {

std::expected<void, std::string> check_server(const LegTls& shown) {
    if (!shown.certificate) return std::unexpected("no certificate");
    const LegCertificate& certificate = *shown.certificate;
    if (!certificate.verified) return std::unexpected("certificate not verified: " + certificate.error);
    if (!TakenPurposes{.none = true, .client = false, .server = true}.takes(certificate.purpose))
        return std::unexpected("the certificate is not for servers");
    if (!certificate.name_matches) return std::unexpected("the certificate has another name");
    return {};
}

}  // namespace exota::gate
