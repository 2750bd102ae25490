#include "gate/mta_macros.h"

#include "base/text.h"

namespace exota::gate {
namespace {

using evidence::CertificateHint;
using evidence::Source;
using milter::Macros;

/// Views of what an evidence::Tls would hold, so that an unchanged one need not be built.
struct TlsView {
    std::string_view version, cipher;
    std::optional<std::string_view> certificate_name;  // of a verified certificate
    CertificateHint hint = CertificateHint::none;
};

TlsView read_tls(const Macros& macros, std::string_view mta) noexcept {
    const auto macro = [&](std::string_view name) { return macros.find(name, Macros::Scope::since_helo); };
    TlsView tls{.version = macro("tls_version").value_or(""), .cipher = macro("cipher").value_or(""), .certificate_name = {}};
    if (is_postfix(mta)) {
        tls.certificate_name = macro("cert_subject");
        if (!tls.certificate_name && !tls.version.empty()) tls.hint = CertificateHint::no_certificate_seen;
        return tls;
    }
    const auto verify = macro("verify");
    const auto name = macro("cn_subject");
    if (!verify) {
        // A certificate is spoken of, or TLS is in use, but nobody says whether anything was verified.
        if (name || macro("cert_subject") || !tls.version.empty()) tls.hint = CertificateHint::no_verify_macro;
    } else if (*verify == "OK") {
        tls.certificate_name = name.value_or("");
    } else if (*verify == "NO" || *verify == "NOT" || *verify == "NONE" || verify->empty()) {
        // NO: no certificate presented, NOT: none requested, NONE: no STARTTLS.
        if (!tls.version.empty()) tls.hint = CertificateHint::no_certificate_seen;
    } else {
        tls.hint = CertificateHint::not_verified;  // FAIL, TEMP, PROTOCOL, SOFTWARE, CONFIG …
    }
    return tls;
}

bool says_the_same(const TlsView& view, const evidence::Tls& tls) noexcept {
    const std::string* const known = evidence::value_of(tls.certificate_name);
    return view.version == tls.version && view.cipher == tls.cipher && view.hint == tls.hint && tls.certificate_dns_names.empty() &&
           (known ? view.certificate_name == std::string_view(*known)
                  : !view.certificate_name && std::holds_alternative<evidence::Absent>(tls.certificate_name));
}

evidence::Tls built(const TlsView& view) {
    evidence::Tls tls;
    tls.version = view.version;
    tls.cipher = view.cipher;
    tls.hint = view.hint;
    if (view.certificate_name) tls.certificate_name = evidence::Observed<std::string>{std::string(*view.certificate_name), Source::mta};
    return tls;
}

}  // namespace

bool is_postfix(std::string_view mta) noexcept { return mta.starts_with("Postfix"); }

evidence::Client client_of(const milter::Connect& event, const Macros& macros) {
    evidence::Client client;
    client.name = event.host;
    if (event.family != milter::Family::inet && event.family != milter::Family::inet6) return client;
    const auto address = base::IpAddress::parse(event.address);
    if (!address) {
        client.address = evidence::Malformed{std::string(event.address), address.error().detail};
        return client;
    }
    client.address = evidence::Observed<base::IpAddress>{*address, Source::mta};
    const auto named = macros.find("client_addr");
    if (!named) return client;
    const auto other = base::IpAddress::parse(*named);
    if (other && *other != *address) client.address = evidence::Conflicting{{address->text(), other->text()}};
    return client;
}

evidence::Tls tls_of(const Macros& macros, std::string_view mta) { return built(read_tls(macros, mta)); }

bool authenticated_of(const Macros& macros) noexcept {
    const auto type = macros.find("auth_type");
    const auto identity = macros.find("auth_authen");
    return type && identity && !type->empty() && !identity->empty() && !base::iequals(*type, "XCLIENT");
}

void note_session_macros(const Macros& macros, evidence::Collector& collector) {
    const evidence::Session& session = collector.session();
    const TlsView tls = read_tls(macros, macros.find("v").value_or(session.mta));
    if (!says_the_same(tls, session.tls)) collector.tls(built(tls));
    const bool authenticated = authenticated_of(macros);
    if (authenticated != session.authenticated) collector.authenticated(authenticated);
}

}  // namespace exota::gate
