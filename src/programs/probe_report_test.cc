#include "programs/probe_report.h"

#include <gtest/gtest.h>

#include "evidence/json.h"

namespace exota::programs {
namespace {

ProbedSession a_session() {
    ProbedSession session;
    session.number = 3;
    session.began = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000));
    session.client = "40.92.0.10:4025";
    session.commands = {{.line = "EHLO a\xff", .tls = false, .answered = "250"}, {.line = "QUIT", .tls = true, .answered = "221 2.0.0"}};
    session.ended = "QUIT";
    return session;
}

net::TlsFacts tls_of(net::CertificatePurpose purpose) {
    net::TlsFacts tls{.protocol = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .cipher_bits = 256};
    tls.peer.emplace();
    tls.peer->verified = true;
    tls.peer->purpose = purpose;
    tls.peer->names = {"mail.protection.outlook.com"};
    tls.peer->chain = {"no certificate"};
    return tls;
}

TEST(ProbeReport, says_all_that_came) {
    ProbeRun run{.listened = {"inet:0.0.0.0:25"},
                 .hostname = "probe.test",
                 .began = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)),
                 .ended = std::chrono::sys_seconds(std::chrono::seconds(1'800'000'061)),
                 .why = "time",
                 .sessions = {a_session()}};
    run.sessions[0].tls = tls_of(net::CertificatePurpose::server);
    ProbedMessage& message = run.sessions[0].messages.emplace_back();
    message.sender = {.mailbox = "jane@contoso.com", .parameters = {{"XOORG", "contoso.com"}, {"X-NEW", std::nullopt}}};
    message.recipients = {{.mailbox = "bob@dest.test", .parameters = {}}};
    message.recipient_count = 1;
    message.complete = true;
    message.octets = 12;
    message.fault = smtp::DataFault::bad_octets;
    message.text = "From: a@b.test\r\nSubject: x\r\n y\r\n\r\nbody\r\n";
    EXPECT_EQ(to_json(run), R"({"listened": ["inet:0.0.0.0:25"],
 "hostname": "probe.test",
 "began": "2027-01-15T08:00:00Z",
 "ended": "2027-01-15T08:01:01Z",
 "ended_by": "time",
 "sessions": [
  {"number": 3,
   "began": "2027-01-15T08:00:00Z",
   "client": "40.92.0.10:4025",
   "tls": {"protocol": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "bits": 256, "resumed": false, "certificate": {"verified": true, "error": null, "verifies_for": ["serverAuth"], "purpose": "server", "names": ["mail.protection.outlook.com"], "why_no_names": null, "chain": [{"error": "this is no certificate"}]}},
   "tls_failure": null,
   "commands": [
    {"line": "EHLO a)"
                            "\xef\xbf\xbd"
                            R"(", "tls": false, "answered": "250"},
    {"line": "QUIT", "tls": true, "answered": "221 2.0.0"}],
   "messages": [
    {"mail": {"mailbox": "jane@contoso.com", "parameters": [{"keyword": "XOORG", "value": "contoso.com"}, {"keyword": "X-NEW", "value": null}]}, "recipient_count": 1, "recipients": [{"mailbox": "bob@dest.test", "parameters": []}], "complete": true, "octets": 12, "fault": "bare CR, bare LF or NUL", "header": [
     {"name": "From", "value": " a@b.test"},
     {"name": "Subject", "value": " x\r\n y"}], "evidence": )" +
                                evidence::to_json({}) + R"(}],
   "ended": "QUIT"}]}
)");
}

TEST(ProbeReport, purposes_are_those_of_a_verified_chain) {
    const struct {
        net::CertificatePurpose purpose;
        bool verified;
        std::string_view wanted;
    } cases[] = {
        {net::CertificatePurpose::none, true, R"("verifies_for": ["clientAuth", "serverAuth"], "purpose": "none")"},
        {net::CertificatePurpose::client, true, R"("verifies_for": ["clientAuth"], "purpose": "client")"},
        {net::CertificatePurpose::client_and_server, true,
         R"("verifies_for": ["clientAuth", "serverAuth"], "purpose": "client-and-server")"},
        {net::CertificatePurpose::neither, true, R"("verifies_for": [], "purpose": "neither")"},
        {net::CertificatePurpose::client, false, R"("verifies_for": [], "purpose": null)"},
    };
    for (const auto& one : cases) {
        ProbeRun run;
        run.sessions = {a_session()};
        run.sessions[0].tls = tls_of(one.purpose);
        run.sessions[0].tls->peer->verified = one.verified;
        const std::string json = to_json(run);
        EXPECT_NE(json.find(one.wanted), std::string::npos) << one.wanted << " in " << json;
    }
}

TEST(ProbeReport, a_session_in_one_line) {
    ProbedSession session = a_session();
    EXPECT_EQ(in_one_line(session), "session 3: 40.92.0.10:4025, 0 messages, QUIT");
    session.tls_failure = "no shared cipher";
    EXPECT_EQ(in_one_line(session), "session 3: 40.92.0.10:4025, TLS failed (no shared cipher), 0 messages, QUIT");
    session.tls_failure.clear();
    session.tls = tls_of(net::CertificatePurpose::client);
    session.messages.resize(1);
    EXPECT_EQ(in_one_line(session),
              "session 3: 40.92.0.10:4025, TLSv1.3, certificate of mail.protection.outlook.com (verified), 1 message, QUIT");
    session.tls->peer->verified = false;
    session.tls->peer->error = "expired";
    session.tls->peer->names.clear();
    EXPECT_EQ(in_one_line(session), "session 3: 40.92.0.10:4025, TLSv1.3, certificate of nobody (not verified: expired), 1 message, QUIT");
    session.tls->peer.reset();
    EXPECT_EQ(in_one_line(session), "session 3: 40.92.0.10:4025, TLSv1.3, no certificate, 1 message, QUIT");
}

}  // namespace
}  // namespace exota::programs
