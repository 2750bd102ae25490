// What the tests of the inbound judgement share: mail that comes in from the internet, mail that one's own EOP handed over, and DMARC as
// the authors' owners publish it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "authn/dmarc.h"
#include "decision/compauth.h"
#include "decision/decision_fixture.h"
#include "decision/judge_inbound.h"
#include "decision/own_verification.h"

namespace exota::decision::fixture {

/// Own domains are those of the fixture's customers; fabrikam is the hybrid one.
inline Rules inbound_rules() {
    Rules rules = strict_rules();
    rules.dkim_source = DkimSource::verify;
    rules.inbound.emplace();
    rules.inbound->mode = tenant::Mode::enforce;
    rules.inbound->eop.results = EopUse::enforce;
    return rules;
}

/// DMARC records by domain; names that do not exist; names of which DNS says nothing.
struct Published {
    std::map<std::string, std::string> records;
    std::set<std::string> missing, dead;
};

inline authn::DnsAnswer answer_of(const authn::DnsQuestion& question, const Published& published) {
    std::string_view name = question.name;
    const bool is_policy = name.starts_with("_dmarc.");
    if (is_policy) name.remove_prefix(7);
    if (published.dead.contains(std::string(name))) return {.status = authn::DnsStatus::temporary_failure};
    if (published.missing.contains(std::string(name))) return {.status = authn::DnsStatus::nxdomain};
    const auto record = published.records.find(std::string(name));
    if (is_policy && record != published.records.end()) return {.status = authn::DnsStatus::data, .records = {record->second}};
    return {.status = authn::DnsStatus::no_data};
}

/// A message as it comes in, with what was verified of it.
struct Incoming {
    Message message;
    std::vector<std::string> recipients{"bob@fabrikam.com"};
    Published published;
    InboundFacts facts;

    Incoming& with(std::string_view line) {
        message.with(line);
        return *this;
    }
    template <class Change>
    Incoming& but(Change change) {
        change(*this);
        return *this;
    }
    Incoming& signed_by(std::string_view sdid, evidence::DkimResult::Value value = evidence::DkimResult::Value::pass) {
        if (!message.verification.dkim) message.verification.dkim.emplace();
        message.verification.dkim->push_back(dkim_result(sdid, value));
        return *this;
    }
    Incoming& spf(evidence::SpfValue value, std::string_view of) {
        message.verification.spf = evidence::SpfVerification{.value = value, .domain = domain(of), .detail = {}};
        return *this;
    }
    Incoming& policy(std::string_view of, std::string_view record) {
        published.records[std::string(of)] = record;
        return *this;
    }
};

inline evidence::Evidence evidence_of(const Incoming& incoming, const Rules& rules) {
    evidence::Evidence evidence = evidence_of(incoming.message);
    evidence.envelope.recipients = incoming.recipients;
    evidence.envelope.recipient_count = static_cast<std::uint32_t>(incoming.recipients.size());
    const mail::Mailbox* author = value_of(evidence.header.author);
    if (author == nullptr) return evidence;
    authn::DmarcQuery query = dmarc_query(author->domain, evidence.verification, rules);
    query.align_without_record = true;
    authn::Dns dns;
    authn::DmarcResult result = authn::check_dmarc(query, dns);
    for (int rounds = 0; result.pending && rounds < 20; ++rounds) {
        for (authn::DnsQuestion& question : dns.take_pending()) {
            authn::DnsAnswer answer = answer_of(question, incoming.published);
            dns.put(std::move(question), std::move(answer));
        }
        result = authn::check_dmarc(query, dns);
    }
    EXPECT_FALSE(result.pending);
    evidence.verification.dmarc = meaning_of(result, {.published = true});
    return evidence;
}

inline Decision judged_inbound(const Incoming& incoming, const Rules& rules = inbound_rules(),
                               const tenant::Index* tenants = &all_customers()) {
    return judge_inbound(evidence_of(incoming, rules), tenants, rules, incoming.facts);
}

/// From the internet, without TLS. Nothing is verified of it.
inline Incoming strange_mail(std::string_view author = "boss@bank.example") {
    Incoming incoming;
    incoming.message.client = "198.51.100.7";
    incoming.message.tls_version.clear();
    incoming.message.certificate.reset();
    incoming.message.reverse_path = "<bounce@sender.example>";
    incoming.message.signed_as_reported = false;
    incoming.message.verification.dkim.emplace();
    incoming.spf(evidence::SpfValue::none, "sender.example");
    return incoming.with("Received: from sender.example by mx.example.net; Sat, 21 Nov 2026 10:00:00 +0000")
        .with("From: <" + std::string(author) + ">")
        .with("Subject: Invoice");
}

inline constexpr std::string_view eop_report = "X-Forefront-Antispam-Report: CIP:192.0.2.42;CTRY:US;LANG:en;SCL:1;SRV:;IPV:NLI;DIR:INB;";

inline std::string eop_results(std::string_view rest, std::string_view sender = "192.0.2.42") {
    return "Authentication-Results: spf=pass (sender IP is " + std::string(sender) +
           ")\r\n smtp.mailfrom=mail.example; dkim=none (message not signed)\r\n header.d=none;" + std::string(rest);
}

/// That message of 2024, as one's own EOP hands it over: the tenant is fabrikam, which is hybrid.
inline Incoming handed_over_mail(
    std::string_view results = "dmarc=fail action=oreject\r\n header.from=microsoft.com;compauth=none reason=451",
    std::string_view author = "security@microsoft.com") {
    Incoming incoming;
    incoming.message.reverse_path = "<bounce@mail.example>";
    incoming.message.signed_as_reported = false;
    incoming.message.verification.dkim.emplace();
    incoming.spf(evidence::SpfValue::fail, "mail.example");
    return incoming.with("Received: from outbound.protection.outlook.com by mx.example.net; Sat, 21 Nov 2026 10:00:00 +0000")
        .with("X-MS-Exchange-CrossTenant-Id: f0000000-0000-4000-8000-00000000000f")
        .with("X-EOPTenantAttributedMessage: f0000000-0000-4000-8000-00000000000f:0")
        .with("X-MS-Exchange-CrossTenant-AuthAs: Anonymous")
        .with("X-MS-Exchange-CrossTenant-FromEntityHeader: Internet")
        .with(eop_report)
        .with("X-Microsoft-Antispam: BCL:0;")
        .with(eop_results(results))
        .with("Received-SPF: Pass (protection.outlook.com: domain of mail.example designates 192.0.2.42 as permitted sender)")
        .with("Received: from mail.example (192.0.2.42) by frontend.prod.protection.outlook.com; Sat, 21 Nov 2026 09:59:58 +0000")
        .with("From: Security <" + std::string(author) + ">")
        .with("Subject: Your account")
        .policy("microsoft.com", "v=DMARC1; p=reject");
}

inline std::string compauth_text(const Decision& decision) {
    if (!decision.inbound || !decision.inbound->compauth) return "-";
    const Compauth& compauth = *decision.inbound->compauth;
    return std::string(name_of(compauth.result)) + ' ' + reason_text(compauth);
}

}  // namespace exota::decision::fixture
