// Everything seen of one message. A plain value: gathered by the Collector, judged by decision/, printed and read back as JSON
// (evidence/json.h), so that a case from the field becomes a test.
//
// Nothing here is a judgement. Which claims are believed (peer proof, authserv-ids, positions) is decided behind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "evidence/eop.h"
#include "evidence/fact.h"
#include "mail/author.h"
#include "mail/domain.h"
#include "mail/tenant_id.h"

namespace exota::evidence {

struct Client {
    Fact<base::IpAddress> address;  // Absent: a local submission or a Unix-socket client
    std::string name;               // as the MTA resolved it, or "[192.0.2.1]", "unknown"
    friend bool operator==(const Client&, const Client&) = default;
};

/// Why a certificate name is missing, for the hint in reason and log.
enum class CertificateHint : std::uint8_t {
    none,
    no_certificate_seen,  // TLS in use, the MTA names no verified certificate: see exchange-online facts on clientAuth
    no_verify_macro,      // an MTA other than Postfix that sends no {verify}
    not_verified,         // the MTA says that verification failed
};
std::string_view name_of(CertificateHint hint) noexcept;

/// Replaced as a whole at connect, STARTTLS and HELO.
struct Tls {
    std::string version;  // "TLSv1.3"; empty: no TLS
    std::string cipher;
    /// Observed only if somebody *verified* the chain; the empty name is a verified certificate without a name.
    Fact<std::string> certificate_name;
    std::vector<std::string> certificate_dns_names;  // SAN dNSName, our own TLS only
    /// Extended key usages of the verified chain: "none", "clientAuth", "serverAuth", "clientAuth+serverAuth"; empty: who verified it does
    /// not say, as an MTA.
    std::string certificate_purpose;
    CertificateHint hint = CertificateHint::none;
    bool in_use() const noexcept { return !version.empty(); }
    friend bool operator==(const Tls&, const Tls&) = default;
};

struct Session {
    Client client;
    Tls tls;
    std::string helo;
    std::string mta;             // "Postfix 3.7.11", macro v; empty when unknown
    bool authenticated = false;  // by SASL to the MTA; never from {auth_type}=XCLIENT or AUTH= on MAIL
    friend bool operator==(const Session&, const Session&) = default;
};

struct Envelope {
    std::string reverse_path;             // MAIL FROM without brackets; empty: the null sender
    bool has_mail = false;                // false: no MAIL was seen (explain without --mail-from)
    std::vector<std::string> recipients;  // the first max_recipients_kept
    std::uint32_t recipient_count = 0;
    Fact<mail::Domain> xoorg;
    std::string queue_id;
    friend bool operator==(const Envelope&, const Envelope&) = default;
};
inline constexpr std::size_t max_recipients_kept = 100;

/// One Authentication-Results field, unread: its text and how many Received fields stand above it.
struct AuthresField {
    std::string value;
    std::uint32_t received_above = 0;
    std::uint32_t index = 1;  // the how-manieth Authentication-Results field of the message, from 1
    friend bool operator==(const AuthresField&, const AuthresField&) = default;
};

/// X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=<uuid>;Ip=[203.0.113.7];Helo=[host]
struct AttributedConnection {
    mail::TenantId tenant_id;
    base::IpAddress address;
    friend bool operator==(const AttributedConnection&, const AttributedConnection&) = default;
};

enum class MailClass : std::uint8_t { ordinary, non_delivery_report, auto_reply, forward, journal, connector_validation };
std::string_view name_of(MailClass mail_class) noexcept;

/// A kind of field that clean-up or the header firewall may remove: counted without regard to letter case.
struct RemovableField {
    std::string name;  // as first written
    std::uint32_t count = 0;
    friend bool operator==(const RemovableField&, const RemovableField&) = default;
};

/// A field that should be there once (mail/single_field.h) and is there more often.
struct RepeatedField {
    std::string name;
    std::uint32_t count = 0;
    /// Which value each has, from the top down: equal numbers are equal values in relaxed form. Fewer than `count`: not all were compared.
    std::vector<std::uint32_t> values;
    friend bool operator==(const RepeatedField&, const RepeatedField&) = default;
};

/// What only an inbound door looks at (inbound_fields.h).
struct InboundHeader {
    std::vector<std::string> indirect_marks;  // names of fields that tell of an indirect way: "List-Id", "ARC-Seal" … each once
    std::uint32_t disposition_count = 0;      // X-ExOTA-Disposition, any letter case
    friend bool operator==(const InboundHeader&, const InboundHeader&) = default;
};

struct Header {
    std::vector<std::string> from;  // values of all From fields (bounded; from_count has the number)
    std::uint32_t from_count = 0;
    Fact<mail::Mailbox> author;  // of them (author.h); not in JSON, as it follows from them
    std::vector<std::string> resent_from;
    std::vector<std::string> sender;
    std::vector<mail::Domain> originator_orgs;  // every readable X-OriginatorOrg, in order; empty fields left out
    Fact<mail::Domain> originator_org;          // Conflicting: differing values; Malformed: one that is no domain
    Fact<mail::TenantId> tenant_id;             // X-MS-Exchange-CrossTenant-Id, any letter case; equal repeats are one
    Fact<std::string> auth_as;                  // X-MS-Exchange-CrossTenant-AuthAs
    Fact<AttributedConnection> attributed_connection;
    std::vector<AuthresField> authentication_results;
    std::uint32_t authentication_results_count = 0;
    std::uint32_t received_count = 0;
    std::uint32_t dkim_signature_count = 0;
    // Where a validator's results are read, what they are compared with (cross_check.h); else empty:
    std::vector<std::string> dkim_signatures;    // values of DKIM-Signature from the top (bounded; dkim_signature_count has the number)
    std::vector<RepeatedField> repeated_fields;  // in the order of mail::single_fields
    bool unreadable_field_name = false;          // some field's name is empty or has 8-bit or control octets
    std::uint32_t own_result_count = 0;          // X-ExOTA-Authentication-Results, any letter case
    std::vector<RemovableField> firewall;        // fields only Microsoft may write; empty where the header firewall is off
    bool firewall_incomplete = false;            // there are more of them, of names that were not kept: they cannot be removed
    MailClass mail_class = MailClass::ordinary;
    std::string forward_mark;  // name of the first field that tells of a forwarder or list; empty: none, or nobody looked
    std::uint32_t field_count = 0;
    std::uint64_t octets = 0;
    std::optional<Eop> eop;                // what EOP says; none where nobody reads it, or it says nothing
    std::optional<InboundHeader> inbound;  // none but at an inbound door
    friend bool operator==(const Header&, const Header&) = default;
};

/// One DKIM result, from a believed Authentication-Results field or from our own verification.
struct DkimResult {
    enum class Value : std::uint8_t { pass, fail, permerror, temperror, neutral, policy, none } value = Value::none;
    std::optional<mail::Domain> sdid;
    Source source = Source::header_field;
    bool counts = true;  // false: passes, but must not authorise (short l=, a repeated field with an unsigned value); detail says why
    std::string detail;
    friend bool operator==(const DkimResult&, const DkimResult&) = default;
};
std::string_view name_of(DkimResult::Value value) noexcept;

enum class SpfValue : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
enum class ArcValue : std::uint8_t { none, pass, fail, temperror };
enum class DmarcValue : std::uint8_t { none, pass, fail, temperror, permerror };
enum class IprevValue : std::uint8_t { pass, fail, temperror, permerror };
std::string_view name_of(IprevValue value) noexcept;
std::string_view name_of(SpfValue value) noexcept;
std::string_view name_of(ArcValue value) noexcept;
std::string_view name_of(DmarcValue value) noexcept;

// The parts of Verification. Outside of it, because a class is default-constructible only where its enclosing class is complete,
// and optional<>::emplace() asks inside.
struct SpfVerification {
    SpfValue value = SpfValue::none;
    std::optional<mail::Domain> domain;
    std::string detail;
    friend bool operator==(const SpfVerification&, const SpfVerification&) = default;
};
struct ArcVerificationInstance {
    std::uint32_t instance = 0;
    std::string sealer;                  // d= of the seal
    std::string authentication_results;  // the AAR's payload behind "i=N;"
    friend bool operator==(const ArcVerificationInstance&, const ArcVerificationInstance&) = default;
};
struct ArcVerification {
    ArcValue value = ArcValue::none;
    std::vector<ArcVerificationInstance> instances;  // 1 first
    std::string detail;
    friend bool operator==(const ArcVerification&, const ArcVerification&) = default;
};
/// What the owner of the author's domain published, asked for by an inbound door.
struct DmarcPublished {
    bool has_record = false;
    std::string enforced;       // the policy for this domain after t: "none", "quarantine", "reject"
    std::string policy_domain;  // where it was found; empty: nowhere
    friend bool operator==(const DmarcPublished&, const DmarcPublished&) = default;
};
struct DmarcVerification {
    DmarcValue value = DmarcValue::none;
    bool aligned_dkim = false, aligned_spf = false;
    std::string policy;
    std::string detail;
    std::optional<DmarcPublished> published = {};
    friend bool operator==(const DmarcVerification&, const DmarcVerification&) = default;
};

/// Names of the client's address that have the address (RFC 8601 section 3).
struct IprevVerification {
    IprevValue value = IprevValue::temperror;
    std::vector<mail::Domain> names;
    friend bool operator==(const IprevVerification&, const IprevVerification&) = default;
};

/// The detail of a temperror that no DNS is to blame for: the MTA was told at the beginning of its connection that no bodies are wanted,
/// and a reload has switched verification on since. Messages of a new connection are verified.
inline constexpr std::string_view connection_without_bodies = "connection-without-bodies";

/// What we verified ourselves. Each member is empty where nothing was asked of it.
struct Verification {
    using Spf = SpfVerification;
    using ArcInstance = ArcVerificationInstance;
    using Arc = ArcVerification;
    using Dmarc = DmarcVerification;
    std::optional<std::vector<DkimResult>> dkim;
    std::optional<Spf> spf;
    std::optional<Arc> arc;
    std::optional<Dmarc> dmarc;
    std::optional<IprevVerification> iprev;
    friend bool operator==(const Verification&, const Verification&) = default;
};

struct Evidence {
    Session session;
    Envelope envelope;
    Header header;
    Verification verification;
    /// A limit on the message that was passed ("header fields above 2000"): the verdict is too-complex.
    std::string too_complex;
    friend bool operator==(const Evidence&, const Evidence&) = default;
};

}  // namespace exota::evidence
