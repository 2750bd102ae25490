#include "gate/client_tls.h"

#include <algorithm>

#include "base/text.h"

namespace exota::gate {

std::string_view name_of(CertificatePurpose purpose) noexcept {
    switch (purpose) {
        case CertificatePurpose::none:
            return "none";
        case CertificatePurpose::client:
            return "clientAuth";
        case CertificatePurpose::server:
            return "serverAuth";
        case CertificatePurpose::client_and_server:
            return "clientAuth+serverAuth";
        case CertificatePurpose::neither:
            break;
    }
    return "neither";
}

bool TakenPurposes::takes(CertificatePurpose purpose) const noexcept {
    switch (purpose) {
        case CertificatePurpose::none:
            return none;
        case CertificatePurpose::client:
            return client;
        case CertificatePurpose::server:
            return server;
        case CertificatePurpose::client_and_server:
            return client || server;
        case CertificatePurpose::neither:
            break;
    }
    return false;
}

bool is_proven(const LegCertificate& certificate, const TakenPurposes& taken, std::chrono::sys_seconds now) noexcept {
    return certificate.verified && taken.takes(certificate.purpose) && certificate.valid_from <= now && now <= certificate.valid_until;
}

evidence::Tls evidence_of(const LegTls& tls, const TakenPurposes& taken, std::chrono::sys_seconds now) {
    evidence::Tls facts;
    facts.version = tls.version;
    facts.cipher = tls.cipher;
    if (!tls.certificate) {
        facts.hint = evidence::CertificateHint::no_certificate_seen;
    } else if (!is_proven(*tls.certificate, taken, now)) {
        facts.hint = evidence::CertificateHint::not_verified;
    } else {
        const std::vector<std::string>& names = tls.certificate->names;
        facts.certificate_name =
            evidence::Observed<std::string>{names.empty() ? std::string() : names.front(), evidence::Source::peer_certificate};
        if (names.size() > 1) facts.certificate_dns_names = names;
        facts.certificate_purpose = name_of(tls.certificate->purpose);
    }
    return facts;
}

bool has_name(const LegCertificate& certificate, const std::vector<std::string>& names) noexcept {
    return std::ranges::any_of(certificate.names, [&names](const std::string& name) {
        return std::ranges::any_of(names, [&name](const std::string& wanted) { return base::iequals(name, wanted); });
    });
}

}  // namespace exota::gate
