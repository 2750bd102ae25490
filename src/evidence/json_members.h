// Evidence as JSON: what is in what. Each type is described once, by the list of its members; the writer and the reader walk the same
// list, so they cannot disagree. For json_write.cc and json_read.cc only.
//
//   Fact<T>   absent: null   observed: {"value": T, "source": "…"}   {"conflicting": […]}   {"malformed": "…", "why": "…"} {"unavailable":
//   "…"} string    "…", or {"base64": "…"} if it is not UTF-8
//
// Tested by json_test.cc and fuzz/evidence_fuzz.cc.
#pragma once

#include <type_traits>

#include "evidence/evidence.h"

namespace exota::evidence {

// V is const for the Writer and not for the Reader.

template <class T, class U>
concept Is = std::is_same_v<std::remove_const_t<T>, U>;

template <class A, Is<Client> V>
void describe(A& a, V& v) {
    a.member("address", v.address);
    a.member("name", v.name);
}
template <class A, Is<Tls> V>
void describe(A& a, V& v) {
    a.member("version", v.version);
    a.member("cipher", v.cipher);
    a.member("certificate_name", v.certificate_name);
    a.member("certificate_dns_names", v.certificate_dns_names);
    a.member("certificate_purpose", v.certificate_purpose);
    a.member("hint", v.hint);
}
template <class A, Is<Session> V>
void describe(A& a, V& v) {
    a.member("client", v.client);
    a.member("tls", v.tls);
    a.member("helo", v.helo);
    a.member("mta", v.mta);
    a.member("authenticated", v.authenticated);
}
template <class A, Is<Envelope> V>
void describe(A& a, V& v) {
    a.member("reverse_path", v.reverse_path);
    a.member("has_mail", v.has_mail);
    a.member("recipients", v.recipients);
    a.member("recipient_count", v.recipient_count);
    a.member("xoorg", v.xoorg);
    a.member("queue_id", v.queue_id);
}
template <class A, Is<AuthresField> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("received_above", v.received_above);
    a.member("index", v.index);
}
template <class A, Is<AttributedConnection> V>
void describe(A& a, V& v) {
    a.member("tenant_id", v.tenant_id);
    a.member("address", v.address);
}
template <class A, Is<RemovableField> V>
void describe(A& a, V& v) {
    a.member("name", v.name);
    a.member("count", v.count);
}
template <class A, Is<RepeatedField> V>
void describe(A& a, V& v) {
    a.member("name", v.name);
    a.member("count", v.count);
    a.member("values", v.values);
}
template <class A, Is<EopPair> V>
void describe(A& a, V& v) {
    a.member("name", v.name);
    a.member("value", v.value);
}
template <class A, Is<EopStatement> V>
void describe(A& a, V& v) {
    a.member("method", v.method);
    a.member("result", v.result);
    a.member("comments", v.comments);
    a.member("properties", v.properties);
}
template <class A, Is<Eop> V>
void describe(A& a, V& v) {
    a.member("field", v.field);
    a.member("unreadable", v.unreadable);
    a.member("results", v.results);
    a.member("report", v.report);
    a.member("report_unreadable", v.report_unreadable);
    a.member("antispam", v.antispam);
    a.member("outbound_results", v.outbound_results);
}
template <class A, Is<InboundHeader> V>
void describe(A& a, V& v) {
    a.member("indirect_marks", v.indirect_marks);
    a.member("disposition_count", v.disposition_count);
}
template <class A, Is<Header> V>
void describe(A& a, V& v) {
    a.member("from", v.from);
    a.member("from_count", v.from_count);
    a.member("resent_from", v.resent_from);
    a.member("sender", v.sender);
    a.member("originator_orgs", v.originator_orgs);
    a.member("originator_org", v.originator_org);
    a.member("tenant_id", v.tenant_id);
    a.member("auth_as", v.auth_as);
    a.member("attributed_connection", v.attributed_connection);
    a.member("authentication_results", v.authentication_results);
    a.member("authentication_results_count", v.authentication_results_count);
    a.member("received_count", v.received_count);
    a.member("dkim_signature_count", v.dkim_signature_count);
    a.member("dkim_signatures", v.dkim_signatures);
    a.member("repeated_fields", v.repeated_fields);
    a.member("unreadable_field_name", v.unreadable_field_name);
    a.member("own_result_count", v.own_result_count);
    a.member("firewall", v.firewall);
    a.member("firewall_incomplete", v.firewall_incomplete);
    a.member("mail_class", v.mail_class);
    a.member("forward_mark", v.forward_mark);
    a.member("field_count", v.field_count);
    a.member("octets", v.octets);
    a.member("eop", v.eop);
    a.member("inbound", v.inbound);
}
template <class A, Is<DkimResult> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("sdid", v.sdid);
    a.member("source", v.source);
    a.member("counts", v.counts);
    a.member("detail", v.detail);
}
template <class A, Is<Verification::Spf> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("domain", v.domain);
    a.member("detail", v.detail);
}
template <class A, Is<Verification::ArcInstance> V>
void describe(A& a, V& v) {
    a.member("instance", v.instance);
    a.member("sealer", v.sealer);
    a.member("authentication_results", v.authentication_results);
}
template <class A, Is<Verification::Arc> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("instances", v.instances);
    a.member("detail", v.detail);
}
template <class A, Is<DmarcPublished> V>
void describe(A& a, V& v) {
    a.member("has_record", v.has_record);
    a.member("enforced", v.enforced);
    a.member("policy_domain", v.policy_domain);
}
template <class A, Is<IprevVerification> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("names", v.names);
}
template <class A, Is<Verification::Dmarc> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("aligned_dkim", v.aligned_dkim);
    a.member("aligned_spf", v.aligned_spf);
    a.member("policy", v.policy);
    a.member("detail", v.detail);
    a.member("published", v.published);
}
template <class A, Is<Verification> V>
void describe(A& a, V& v) {
    a.member("dkim", v.dkim);
    a.member("spf", v.spf);
    a.member("arc", v.arc);
    a.member("dmarc", v.dmarc);
    a.member("iprev", v.iprev);
}
template <class A, Is<Evidence> V>
void describe(A& a, V& v) {
    a.member("session", v.session);
    a.member("envelope", v.envelope);
    a.member("header", v.header);
    a.member("verification", v.verification);
    a.member("too_complex", v.too_complex);
}

/// One above the last enumerator: the Reader tries all names.
template <class E>
inline constexpr int enumerators = 0;
template <>
inline constexpr int enumerators<Source> = 6;
template <>
inline constexpr int enumerators<CertificateHint> = 4;
template <>
inline constexpr int enumerators<MailClass> = 6;
template <>
inline constexpr int enumerators<DkimResult::Value> = 7;
template <>
inline constexpr int enumerators<SpfValue> = 7;
template <>
inline constexpr int enumerators<ArcValue> = 4;
template <>
inline constexpr int enumerators<DmarcValue> = 5;
template <>
inline constexpr int enumerators<IprevValue> = 4;

/// Values with a text form of their own.
template <class T>
concept HasText = std::is_same_v<T, mail::Domain> || std::is_same_v<T, mail::TenantId> || std::is_same_v<T, base::IpAddress>;

}  // namespace exota::evidence
