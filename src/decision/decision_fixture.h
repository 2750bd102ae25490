// What the tests of this room share: three customers, the rules of a careful operator, and messages written as raw header lines that go
// through the same Collector as those of the daemon.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "decision/decide.h"
#include "decision/findings.h"
#include "evidence/collector.h"
#include "tenant/tenants_file.h"

namespace exota::decision::fixture {

using evidence::Source;
using tenant::Factor;

inline constexpr std::string_view contoso_id = "1234abcd-18c5-45e8-88de-123456789abc";
inline constexpr std::string_view contoso_second_id = "1234abcd-18c5-45e8-88de-123456789abd";
inline constexpr std::string_view fabrikam_id = "f0000000-0000-4000-8000-00000000000f";
inline constexpr std::string_view unknown_id = "99999999-9999-4999-8999-999999999999";

/// contoso: everything known, two ids, a wildcard. fabrikam: may forward. northwind: neither ids nor organisations are known.
/// relaxed: relaxed alignment, below a shared suffix too. lenient: in monitor mode.
inline constexpr std::string_view customers = R"({
  "version": 2,
  "tenants": {
    "contoso": {
      "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc", "1234abcd-18c5-45e8-88de-123456789abd"],
      "organizations": ["contoso.example", "contoso-group.example"],
      "domains": ["contoso.com", "*.contoso.com", "contoso.onmicrosoft.com"],
      "dkim_domains": ["signer.example"],
      "proofs": ["client-cert + dkim", "client-cert + tenant-id", "client-cert + xoorg", "client-cert + originator-org + dkim-aligned"],
      "connector_clients": ["203.0.113.7"]
    },
    "fabrikam": {
      "tenant_ids": ["f0000000-0000-4000-8000-00000000000f"],
      "organizations": ["fabrikam.example"],
      "domains": ["fabrikam.com", "fabrikam.onmicrosoft.com"],
      "proofs": ["client-cert + dkim", "client-cert + tenant-id", "client-cert + xoorg", "client-cert + originator-org"],
      "forwarding": true, "hybrid": true
    },
    "northwind": {
      "domains": ["northwind.com", "northwind.onmicrosoft.com"],
      "proofs": ["client-cert + dkim"]
    },
    "relaxed": {
      "tenant_ids": ["aaaaaaaa-0000-4000-8000-00000000000a"],
      "organizations": ["relaxed.example"],
      "domains": ["relaxed.com", "mail.relaxed.com", "relaxed.onmicrosoft.com"],
      "proofs": ["client-cert + dkim-aligned"],
      "alignment": "relaxed", "limits": ["10 messages / hour"], "limit_action": "reject"
    },
    "lenient": {
      "tenant_ids": ["bbbbbbbb-0000-4000-8000-00000000000b"],
      "organizations": ["lenient.example"],
      "domains": ["lenient.com"],
      "proofs": ["client-cert + dkim"],
      "mode": "monitor", "forwarding": true, "limits": ["10 messages / hour"]
    }
  }
})";

inline tenant::Index index_of(std::string_view json, tenant::Defaults defaults = {}) {
    tenant::LoadedTenants loaded = tenant::read_tenants(json, std::move(defaults));
    for (const tenant::Problem& problem : loaded.problems)
        if (problem.severity == tenant::Problem::Severity::error) ADD_FAILURE() << problem.path << ": " << problem.text;
    return loaded.index ? std::move(*loaded.index) : tenant::Index{};
}

inline const tenant::Index& all_customers() {
    static const tenant::Index index = index_of(customers);
    return index;
}

inline std::vector<base::IpPrefix> prefixes(std::initializer_list<std::string_view> texts) {
    std::vector<base::IpPrefix> out;
    for (const auto text : texts) out.push_back(base::IpPrefix::parse(text).value());
    return out;
}

inline Rules strict_rules() {
    Rules rules;
    rules.mode = tenant::Mode::enforce;
    rules.exchange_online = prefixes({"40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17", "2a01:111:f400::/48"});
    rules.relay_pool = prefixes({"40.95.0.0/16"});
    rules.dkim_source = DkimSource::authentication_results;
    rules.authres.authserv_ids = {"mx.example.net"};
    rules.header.authserv_id = "mx.example.net";
    return rules;
}

inline mail::Domain domain(std::string_view text) { return mail::Domain::parse(text).value(); }
inline evidence::DkimResult dkim_result(std::string_view sdid, evidence::DkimResult::Value value = evidence::DkimResult::Value::pass) {
    evidence::DkimResult result;
    result.value = value;
    if (!sdid.empty()) result.sdid = domain(sdid);
    result.source = Source::own_verification;
    return result;
}

/// A signature in good form; only a validator can say whether it is one.
inline std::string signature_of(std::string_view sdid, std::string_view more = {}) {
    std::string field = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=";
    return field.append(sdid)
        .append("; s=selector1; h=From:Date:Subject; ")
        .append(more)
        .append("bh=")
        .append(std::string(43, 'A'))
        .append("=; b=AAAA");
}

/// A message as the MTA hands it over. By default it comes from Exchange Online through Postfix, with Microsoft's certificate.
struct Message {
    std::string client = "40.107.22.5";  // empty: a local submission
    std::string mta = "Postfix 3.7.11";
    std::string tls_version = "TLSv1.3";
    std::optional<std::string> certificate = "mail.protection.outlook.com";  // the verified name
    std::vector<std::string> certificate_dns_names;
    std::string certificate_purpose;
    evidence::CertificateHint hint = evidence::CertificateHint::none;
    bool authenticated = false;
    std::string reverse_path = "<jane@contoso.com>";
    std::string xoorg;
    std::string queue_id = "4XyZ1";
    std::vector<std::string> header;  // "Name: value" with its folding
    evidence::Verification verification;
    std::string too_complex;
    /// For every signing domain that its Authentication-Results name, the message has a signature: a forger writes that as well.
    bool signed_as_reported = true;

    Message& with(std::string_view line) {
        header.emplace_back(line);
        return *this;
    }
    /// The message without its header lines that begin so.
    Message& without(std::string_view beginning) {
        std::erase_if(header, [beginning](const std::string& line) { return line.starts_with(beginning); });
        return *this;
    }
    template <class Change>
    Message& but(Change change) {
        change(*this);
        return *this;
    }
};

/// A field as the milter protocol brings it: without the colon, the blank behind it kept or not.
inline std::pair<std::string_view, std::string_view> name_and_value(std::string_view line) {
    const std::size_t colon = line.find(':');
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    return {line.substr(0, colon), value};
}

/// The domains of results ("header.d=contoso.com") in a field's line.
inline std::vector<std::string> domains_reported(std::string_view line) {
    constexpr std::string_view property = "header.d=";
    std::vector<std::string> domains;
    if (!base::istarts_with(line, "authentication-results")) return domains;
    for (std::size_t at = line.find(property); at != std::string_view::npos; at = line.find(property, at)) {
        at += property.size();
        const std::string_view text = line.substr(at, line.find_first_of("; \t\r\n", at) - at);
        if (mail::Domain::parse(text)) domains.emplace_back(text);
    }
    return domains;
}

inline evidence::Evidence evidence_of(const Message& message) {
    static const evidence::MessageLimits limits;
    evidence::Collector collector(limits);
    evidence::Client client;
    if (!message.client.empty())
        client.address = evidence::Observed<base::IpAddress>{base::IpAddress::parse(message.client).value(), Source::mta};
    collector.connected(client, message.mta);
    evidence::Tls tls;
    tls.version = message.tls_version;
    tls.hint = message.hint;
    tls.certificate_dns_names = message.certificate_dns_names;
    tls.certificate_purpose = message.certificate_purpose;
    if (message.certificate) tls.certificate_name = evidence::Observed<std::string>{*message.certificate, Source::peer_certificate};
    collector.tls(tls);
    collector.helo("outbound.protection.outlook.com");
    if (!message.tls_version.empty()) collector.tls(tls);
    collector.authenticated(message.authenticated);
    collector.mail(message.reverse_path);
    if (!message.xoorg.empty()) collector.xoorg(message.xoorg, Source::smtp_parameter);
    collector.recipient("<bob@example.net>");
    collector.queue_id(message.queue_id);
    for (const std::string& line : message.header) {
        const auto [name, value] = name_and_value(line);
        collector.header_field(name, value);
    }
    if (message.signed_as_reported)
        for (const std::string& line : message.header)
            for (const std::string& sdid : domains_reported(line)) {
                const std::string field = signature_of(sdid);
                if (std::ranges::find(message.header, field) != message.header.end()) continue;
                const auto [name, value] = name_and_value(field);
                collector.header_field(name, value);
            }
    evidence::Evidence evidence = collector.finish();
    evidence.verification = message.verification;
    if (!message.too_complex.empty()) evidence.too_complex = message.too_complex;
    return evidence;
}

inline Decision judged(const Message& message, const Rules& rules = strict_rules(), const tenant::Index* tenants = &all_customers()) {
    return decide(evidence_of(message), tenants, rules);
}

/// Jane of contoso writes: signed by contoso's domain, the validator says so, Microsoft's fields name contoso.
inline Message honest_mail() {
    Message message;
    message.with("Authentication-Results: mx.example.net; dkim=pass header.d=contoso.com")
        .with("Received: from outbound.protection.outlook.com by mx.example.net; Sat, 21 Nov 2026 10:00:00 +0000")
        .with(signature_of("contoso.com"))
        .with("From: Jane <jane@contoso.com>")
        .with("Subject: Hello")
        .with("X-OriginatorOrg: contoso.example")
        .with("X-MS-Exchange-CrossTenant-Id: 1234abcd-18c5-45e8-88de-123456789abc")
        .with("X-MS-Exchange-CrossTenant-AuthAs: Internal");
    return message;
}

/// Nothing but a From: what a forger starts from.
inline Message bare_mail(std::string_view from = "From: Jane <jane@contoso.com>") {
    Message message;
    message.with("Received: from x by mx.example.net; Sat, 21 Nov 2026 10:00:00 +0000").with(from);
    return message;
}

inline Finding found(const Decision& decision, Factor factor) { return finding_of(decision.findings, factor).finding; }
inline std::string detail(const Decision& decision, Factor factor) { return finding_of(decision.findings, factor).detail; }

inline std::ostream& operator<<(std::ostream& out, const Message& message) {
    for (const std::string& line : message.header) out << line << '\n';
    return out;
}

}  // namespace exota::decision::fixture

namespace exota::decision {

// So that a failed expectation says what was decided, not 01-00.
inline void PrintTo(Finding finding, std::ostream* out) { *out << name_of(finding); }
inline void PrintTo(Verdict verdict, std::ostream* out) { *out << name_of(verdict); }
inline void PrintTo(Reason reason, std::ostream* out) { *out << name_of(reason); }

}  // namespace exota::decision
