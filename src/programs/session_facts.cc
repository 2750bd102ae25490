#include "programs/session_facts.h"

#include "gate/mta_macros.h"
#include "wire/milter/events.h"
#include "wire/milter/macros.h"

namespace exota::programs {
namespace {

constexpr std::size_t max_macro_octets = 64 * 1024;

/// The macros as if the MTA had sent them with HELO, from where they live for the whole session.
base::Result<milter::Macros> macros_of(const SessionFacts& facts) {
    std::string octets;
    for (const auto& [name, value] : facts.macros) {
        if (name.empty() || (name + value).find('\0') != std::string::npos)
            return base::fail(base::Errc::invalid_data, "a macro without name or with a NUL");
        octets.append(name).append(1, '\0').append(value).append(1, '\0');
    }
    milter::Macros macros;
    const milter::MacroDefinitions definitions{milter::Command::helo, milter::StringList(octets)};
    if (!octets.empty() && !macros.define(definitions, max_macro_octets))
        return base::fail(base::Errc::too_long, "more than 65536 octets of macros");
    macros.helo();
    return macros;
}

base::Result<evidence::Client> client_of(const SessionFacts& facts, const milter::Macros& macros) {
    evidence::Client client;
    const auto from_mta = macros.find("client_addr");
    const std::optional<std::string> text = facts.client_ip ? facts.client_ip
                                            : from_mta      ? std::optional(std::string(*from_mta))
                                                            : std::nullopt;
    if (text && !text->empty()) {
        const auto address = base::IpAddress::parse(*text);
        if (!address && facts.client_ip)
            return base::fail(base::Errc::invalid_data, "client address \"" + *text + "\": " + address.error().detail);
        if (address)
            client.address =
                evidence::Observed<base::IpAddress>{*address, facts.client_ip ? evidence::Source::given : evidence::Source::mta};
        else
            client.address = evidence::Malformed{*text, address.error().detail};
    }
    client.name = macros.find("client_name").value_or("");
    return client;
}

evidence::Tls tls_of(const SessionFacts& facts, const milter::Macros& macros, std::string_view mta, gate::Unnamed unnamed) {
    evidence::Tls tls = gate::tls_of(macros, mta, unnamed);
    if (facts.tls_version) {
        tls.version = *facts.tls_version;
        if (std::holds_alternative<evidence::Absent>(tls.certificate_name) && tls.hint == evidence::CertificateHint::none && tls.in_use())
            tls.hint = evidence::CertificateHint::no_certificate_seen;
    }
    if (facts.client_cert) {
        tls.certificate_name = evidence::Observed<std::string>{*facts.client_cert, evidence::Source::given};
        tls.hint = evidence::CertificateHint::none;
        if (tls.version.empty()) tls.version = "TLS";
    }
    return tls;
}

}  // namespace

base::Result<void> begin_message(const SessionFacts& facts, evidence::Collector& collector, gate::Unnamed unnamed) {
    const auto macros = macros_of(facts);
    if (!macros) return std::unexpected(macros.error());
    const std::string mta(macros->find("v").value_or(""));
    auto client = client_of(facts, *macros);
    if (!client) return std::unexpected(client.error());
    collector.connected(*std::move(client), mta);
    if (facts.helo) collector.helo(*facts.helo);
    collector.tls(tls_of(facts, *macros, mta, unnamed));
    collector.authenticated(facts.authenticated.value_or(gate::authenticated_of(*macros)));
    if (facts.mail_from)
        collector.mail(*facts.mail_from);
    else if (const auto sender = macros->find("mail_addr"))
        collector.mail(*sender);
    if (facts.xoorg) collector.xoorg(*facts.xoorg, evidence::Source::smtp_parameter);
    for (const std::string& recipient : facts.recipients) collector.recipient(recipient);
    if (facts.queue_id)
        collector.queue_id(*facts.queue_id);
    else if (const auto id = macros->find("i"))
        collector.queue_id(*id);
    return {};
}

void note_fields(const std::vector<mail::MessageField>& fields, evidence::Collector& collector) {
    for (const mail::MessageField& field : fields) collector.header_field(field.name, field.value);
}

}  // namespace exota::programs
