#include "net/server_proof.h"

namespace exota::net {

std::string why_not_proven(const TlsFacts& shown, std::string_view host) {
    if (!shown.peer) return "it shows no certificate";
    if (!shown.peer->verified) return "its certificate is not verified: " + shown.peer->error;
    if (!shown.peer->name_matches) return "its certificate does not name " + std::string(host);
    if (shown.peer->purpose == CertificatePurpose::client || shown.peer->purpose == CertificatePurpose::neither)
        return "its certificate is not for a server";
    return {};
}

}  // namespace exota::net
