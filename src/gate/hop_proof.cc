#include "gate/hop_proof.h"

#include "authn/tlsa.h"
#include "gate/server_proof.h"

namespace exota::gate {
namespace {

/// By a chain to the roots, its purpose, its name and its dates.
std::expected<void, std::string> check_chain(const LegTls& shown, std::chrono::sys_seconds now) {
    if (auto proven = check_server(shown); !proven) return proven;
    const LegCertificate& certificate = *shown.certificate;
    if (now < certificate.valid_from || now > certificate.valid_until) return std::unexpected("the certificate is not valid now");
    return {};
}

std::expected<void, std::string> check_tlsa(const HopTls& wanted, const LegTls& shown, std::chrono::sys_seconds now) {
    if (!shown.certificate) return std::unexpected("no certificate");
    const authn::TlsaMatch match = authn::match_tlsa(wanted.tlsa, shown.certificate->chain, now);
    if (match.by == authn::TlsaMatch::By::none) return std::unexpected("no TLSA record matches");
    if (match.needs_name() && !shown.certificate->name_matches)
        return std::unexpected("TLSA matches, but the certificate has another name");
    return {};
}

}  // namespace

std::string_view name_of(TlsProof proof) noexcept {
    constexpr std::string_view names[] = {"none", "encrypted", "verified", "dane"};
    return names[static_cast<std::size_t>(proof)];
}

std::expected<TlsProof, std::string> check_tls(const HopTls& wanted, const LegTls* shown, std::chrono::sys_seconds now) {
    if (shown == nullptr) {
        if (wanted.level == TlsLevel::may) return TlsProof::none;
        return std::unexpected("no TLS");
    }
    if (wanted.level == TlsLevel::dane) {
        if (auto checked = check_tlsa(wanted, *shown, now); !checked) return std::unexpected(std::move(checked.error()));
        return TlsProof::dane;
    }
    auto checked = check_chain(*shown, now);
    if (!checked && wanted.level == TlsLevel::verify) return std::unexpected(std::move(checked.error()));
    return checked ? TlsProof::verified : TlsProof::encrypted;
}

}  // namespace exota::gate
