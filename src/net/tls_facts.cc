#include "net/tls_facts.h"

namespace exota::net {

std::string_view name_of(CertificatePurpose purpose) noexcept {
    switch (purpose) {
        case CertificatePurpose::none:
            return "none";
        case CertificatePurpose::client:
            return "client";
        case CertificatePurpose::server:
            return "server";
        case CertificatePurpose::client_and_server:
            return "client-and-server";
        case CertificatePurpose::neither:
            break;
    }
    return "neither";
}

}  // namespace exota::net
