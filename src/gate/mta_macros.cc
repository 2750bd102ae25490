#include "gate/mta_macros.h"

#include <array>

#include "base/text.h"

namespace exota::gate {
namespace {

using evidence::CertificateHint;
using evidence::Source;
using milter::Macros;

/// All macros that are asked for, found in one walk.
class KnownMacros {
public:
    explicit KnownMacros(const Macros& macros) noexcept { macros.find(all_); }

    using Value = std::optional<std::string_view>;
    const Value& mta() const noexcept { return all_[0].value; }
    const Value& tls_version() const noexcept { return all_[1].value; }
    const Value& cipher() const noexcept { return all_[2].value; }
    const Value& certificate_subject() const noexcept { return all_[3].value; }
    const Value& verify() const noexcept { return all_[4].value; }
    const Value& common_name() const noexcept { return all_[5].value; }
    const Value& login_type() const noexcept { return all_[6].value; }
    const Value& login() const noexcept { return all_[7].value; }
    const Value& client_address() const noexcept { return all_[8].value; }
    const Value& queue_id() const noexcept { return all_[9].value; }

private:
    static constexpr Macros::Scope tls = Macros::Scope::since_helo;
    std::array<Macros::Wanted, 10> all_{{{"v"},
                                         {"tls_version", tls},
                                         {"cipher", tls},
                                         {"cert_subject", tls},
                                         {"verify", tls},
                                         {"cn_subject", tls},
                                         {"auth_type"},
                                         {"auth_authen"},
                                         {"client_addr"},
                                         {"i"}}};
    static_assert(std::tuple_size_v<decltype(all_)> <= Macros::max_wanted);
};

evidence::Tls read_tls(const KnownMacros& macros, std::string_view mta, Unnamed unnamed) {
    evidence::Tls tls;
    tls.version = std::string(macros.tls_version().value_or(""));
    tls.cipher = std::string(macros.cipher().value_or(""));
    const auto& subject = macros.certificate_subject();
    const auto& verify = macros.verify();
    const auto& name = macros.common_name();
    const auto verified = [&tls](std::string_view of) {
        tls.certificate_name.emplace<evidence::Observed<std::string>>(std::string(of), Source::mta);
    };
    if (is_postfix(mta) || (unnamed == Unnamed::postfix && mta.empty() && !verify)) {
        if (subject)
            verified(*subject);
        else if (tls.in_use())
            tls.hint = CertificateHint::no_certificate_seen;
    } else if (!verify) {
        // A certificate is spoken of, or TLS is in use, but nobody says whether anything was verified.
        if (name || subject || tls.in_use()) tls.hint = CertificateHint::no_verify_macro;
    } else if (*verify == "OK") {
        verified(name.value_or(""));
    } else if (*verify == "NO" || *verify == "NOT" || *verify == "NONE" || verify->empty()) {
        // NO: no certificate presented, NOT: none requested, NONE: no STARTTLS.
        if (tls.in_use()) tls.hint = CertificateHint::no_certificate_seen;
    } else {
        tls.hint = CertificateHint::not_verified;  // FAIL, TEMP, PROTOCOL, SOFTWARE, CONFIG …
    }
    return tls;
}

bool is_logged_in(const KnownMacros& macros) noexcept {
    const auto& type = macros.login_type();
    const auto& identity = macros.login();
    return type && identity && !type->empty() && !identity->empty() && !base::iequals(*type, "XCLIENT");
}

evidence::Client client_of(const milter::Connect& event, const KnownMacros& macros) {
    evidence::Client client{.address = {}, .name = std::string(event.host)};
    if (event.family != milter::Family::inet && event.family != milter::Family::inet6) return client;
    const auto address = base::IpAddress::parse(event.address);
    if (!address) {
        client.address = evidence::Malformed{std::string(event.address), address.error().detail};
        return client;
    }
    client.address.emplace<evidence::Observed<base::IpAddress>>(*address, Source::mta);
    const auto& named = macros.client_address();
    if (!named || *named == event.address) return client;
    const auto other = base::IpAddress::parse(*named);
    if (other && *other != *address) client.address = evidence::Conflicting{{address->text(), other->text()}};
    return client;
}

}  // namespace

bool is_postfix(std::string_view mta) noexcept { return mta.starts_with("Postfix"); }

evidence::Client client_of(const milter::Connect& event, const Macros& macros) { return client_of(event, KnownMacros(macros)); }

evidence::Tls tls_of(const Macros& macros, std::string_view mta, Unnamed unnamed) { return read_tls(KnownMacros(macros), mta, unnamed); }

bool authenticated_of(const Macros& macros) noexcept { return is_logged_in(KnownMacros(macros)); }

void note_mta_facts(const milter::Connect& event, std::string_view helo, const Macros& macros, Unnamed unnamed,
                    evidence::Collector& collector) {
    const KnownMacros now(macros);
    const std::string_view mta = now.mta().value_or("");
    collector.session({.client = client_of(event, now),
                       .tls = read_tls(now, mta, unnamed),
                       .helo = std::string(helo),
                       .mta = std::string(mta),
                       .authenticated = is_logged_in(now)});
    if (now.queue_id()) collector.queue_id(*now.queue_id());
}

}  // namespace exota::gate
