#include "programs/probe_session.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace exota::programs {
namespace {

using State = net::Session::State;

constexpr std::chrono::sys_seconds noon{std::chrono::seconds(1'800'000'000)};

class ProbeTest : public ::testing::Test {
protected:
    ~ProbeTest() override { session.reset(); }

    /// @return  what the client reads.
    std::string say(std::string_view octets) {
        if (!session) connect();
        net::Out out;
        const net::Session::Step step = session->feed(net::Leg::near, octets, out);
        EXPECT_EQ(step.consumed, octets.size());
        state = step.state;
        wants_tls = out.start_tls.has_value();
        return out.near;
    }
    void connect() {
        session = std::make_unique<ProbeSession>(house, net::Address::of(base::IpAddress::parse("40.92.0.10").value(), 4025), ++sessions);
        net::Out out;
        session->opened(net::Leg::near, nullptr, out);
        greeting = out.near;
    }
    void secure(std::optional<net::PeerCertificate> peer) {
        const net::TlsFacts facts{.protocol = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .peer = std::move(peer)};
        net::Out out;
        session->opened(net::Leg::near, &facts, out);
        EXPECT_EQ(out.near, "");
    }
    static net::PeerCertificate microsoft() {
        net::PeerCertificate peer;
        peer.verified = true;
        peer.purpose = net::CertificatePurpose::server;
        peer.names = {"mail.protection.outlook.com"};
        peer.valid_until = noon + std::chrono::hours(1);
        return peer;
    }
    const ProbedSession& hang_up() {
        session.reset();
        return seen.back();
    }

    std::shared_ptr<char> nobodys = std::make_shared<char>();  // a context that is handed on and never looked into
    std::vector<ProbedSession> seen;
    ProbeHouse house{.hostname = "probe.test",
                     .tls = std::shared_ptr<const net::TlsContext>(nobodys, reinterpret_cast<const net::TlsContext*>(nobodys.get())),
                     .budget = ProbeBudget(ProbeLimits{}.octets),
                     .now = [] { return noon; },
                     .ended = [this](ProbedSession&& gone) { seen.push_back(std::move(gone)); }};
    std::unique_ptr<ProbeSession> session;
    std::size_t sessions = 0;
    State state = State::reading;
    bool wants_tls = false;
    std::string greeting;
};

const std::string nothing_accepted = "451 4.7.1 This is a probe, which accepts nothing; keep the message and try again later\r\n";
const std::string not_understood = "451 4.7.1 This is a probe, which did not understand that; keep the message and try again later\r\n";
const std::string out_of_order = "451 4.7.1 This is a probe, and that was out of order; keep the message and try again later\r\n";
const std::string ok = "250 2.0.0 Ok\r\n";
const std::string go_on = "354 End data with <CR><LF>.<CR><LF>\r\n";

TEST_F(ProbeTest, as_exchange_online_comes) {
    EXPECT_EQ(say("EHLO exo.test\r\n"),
              "250-probe.test\r\n250-PIPELINING\r\n250-SIZE\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n"
              "250-SMTPUTF8\r\n250 XOORG\r\n");
    EXPECT_EQ(greeting, "220 probe.test ESMTP probe, accepts nothing\r\n");
    EXPECT_EQ(say("STARTTLS\r\n"), "220 2.0.0 Ready to start TLS\r\n");
    EXPECT_TRUE(wants_tls);
    secure(microsoft());
    EXPECT_EQ(say("EHLO exo.test\r\n"),
              "250-probe.test\r\n250-PIPELINING\r\n250-SIZE\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n"
              "250 XOORG\r\n");
    EXPECT_EQ(
        say("MAIL FROM:<jane@contoso.com> SIZE=900 AUTH=<> XOORG=contoso.com X-NEW\r\nRCPT TO:<bob@dest.test> NOTIFY=NEVER\r\nDATA\r\n"),
        ok + ok + go_on);
    EXPECT_EQ(say("From: Jane <jane@contoso.com>\r\nX-OriginatorOrg: contoso.com\r\n\r\nHello\r\n..\r\n.\r\nQUIT\r\n"),
              nothing_accepted + "221 2.0.0 Bye\r\n");
    EXPECT_EQ(state, State::closing);

    const ProbedSession& came = hang_up();
    EXPECT_EQ(came.client, "40.92.0.10:4025");
    EXPECT_EQ(came.began, noon);
    ASSERT_TRUE(came.tls && came.tls->peer);
    EXPECT_EQ(came.ended, "QUIT");
    std::vector<std::string> commands;
    for (const ProbedCommand& command : came.commands)
        commands.push_back((command.tls ? "T " : "  ") + command.line + " -> " + command.answered);
    EXPECT_EQ(commands,
              (std::vector<std::string>{"  EHLO exo.test -> 250", "  STARTTLS -> 220 2.0.0", "T EHLO exo.test -> 250",
                                        "T MAIL FROM:<jane@contoso.com> SIZE=900 AUTH=<> XOORG=contoso.com X-NEW -> 250 2.0.0",
                                        "T RCPT TO:<bob@dest.test> NOTIFY=NEVER -> 250 2.0.0", "T DATA -> 354", "T QUIT -> 221 2.0.0"}));
    ASSERT_EQ(came.messages.size(), 1U);
    const ProbedMessage& message = came.messages[0];
    EXPECT_TRUE(message.complete);
    EXPECT_EQ(message.sender.mailbox, "jane@contoso.com");
    ASSERT_EQ(message.sender.parameters.size(), 4U);
    EXPECT_EQ(message.sender.parameters[1].keyword, "AUTH");
    EXPECT_EQ(message.sender.parameters[1].value, "<>");
    EXPECT_EQ(message.sender.parameters[3].value, std::nullopt);
    EXPECT_EQ(message.recipients.at(0).parameters.at(0).value, "NEVER");
    EXPECT_EQ(message.text, "From: Jane <jane@contoso.com>\r\nX-OriginatorOrg: contoso.com\r\n\r\nHello\r\n.\r\n");
    const evidence::Evidence& evidence = message.evidence;
    EXPECT_EQ(evidence::value_of(evidence.session.client.address)->text(), "40.92.0.10");
    EXPECT_EQ(*evidence::value_of(evidence.session.tls.certificate_name), "mail.protection.outlook.com");
    EXPECT_EQ(evidence::value_of(evidence.envelope.xoorg)->text(), "contoso.com");
    EXPECT_EQ(evidence::value_of(evidence.header.originator_org)->text(), "contoso.com");
    EXPECT_EQ(evidence.envelope.queue_id, "probe1.1");
    EXPECT_EQ(evidence.header.field_count, 2U);
}

TEST_F(ProbeTest, refuses_nothing_for_good_that_names_mail) {
    const struct {
        std::string name, says, answer;
    } cases[] = {
        {"mail_before_hello", "MAIL FROM:<a@b.test>\r\n", out_of_order},
        {"hello_with_any_name", "HELO what ever\r\n", "250 probe.test\r\n"},
        {"no_path", "MAIL a@b.test\r\n", not_understood},
        {"broken_path", "MAIL FROM:<a@b\r\n", not_understood},
        {"bare_lf", "MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\r\n", not_understood},
        {"recipient_first", "RCPT TO:<c@d.test>\r\n", out_of_order},
        {"data_first", "DATA\r\n", out_of_order},
        {"null_sender_any_parameter", "MAIL FROM:<> XOORG= XOORG=a@b FOO==\r\n", ok},
        {"nested", "MAIL FROM:<a@b.test>\r\n", out_of_order},
        {"no_recipient", "DATA\r\n", out_of_order},
        {"null_recipient", "RCPT TO:<>\r\n", not_understood},
        {"postmaster", "RCPT TO:<postmaster>\r\n", ok},
        {"data", "DATA\r\n", go_on},
        {"bare_lf_in_message", "Subject: a\nb\r\n\r\n.\r\n", nothing_accepted},
        {"again", "MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRSET\r\nNOOP\r\n", ok + ok + ok + ok},
        {"not_offered", "BDAT 3 LAST\r\n", "502 5.5.1 Command not offered\r\n"},
        {"unknown", "WHAT\r\n", "500 5.5.1 Command not recognized\r\n"},
        {"verify", "VRFY a\r\n", "252 2.0.0 Cannot verify; send mail and see\r\n"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.name);
        EXPECT_EQ(say(one.says), one.answer);
        EXPECT_EQ(state, State::reading);
    }
    const ProbedSession& came = hang_up();
    ASSERT_EQ(came.messages.size(), 2U);
    EXPECT_TRUE(came.messages[0].complete);
    EXPECT_EQ(came.messages[0].fault, smtp::DataFault::bad_octets);
    EXPECT_EQ(evidence::value_of(came.messages[0].evidence.envelope.xoorg), nullptr);
    EXPECT_FALSE(came.messages[1].complete);
    EXPECT_EQ(came.messages[1].evidence.envelope.recipients, std::vector<std::string>{"c@d.test"});
}

TEST_F(ProbeTest, octets_in_the_clear_behind_starttls_end_it) {
    say("EHLO a.test\r\n");
    EXPECT_EQ(say("STARTTLS\r\nMAIL FROM:<a@b.test>\r\n"), "421 4.5.1 Octets before they were asked for\r\n");
    EXPECT_EQ(state, State::closing);
    EXPECT_FALSE(wants_tls);
}

TEST_F(ProbeTest, without_a_certificate_of_ours_there_is_no_starttls) {
    house.tls = nullptr;
    EXPECT_EQ(say("EHLO a.test\r\n").find("STARTTLS"), std::string::npos);
    EXPECT_EQ(say("STARTTLS\r\n"), "502 5.5.1 Command not offered\r\n");
}

TEST_F(ProbeTest, a_client_without_a_certificate_is_taken_and_a_handshake_that_fails_is_noted) {
    say("EHLO a.test\r\nSTARTTLS\r\n");
    secure(std::nullopt);
    EXPECT_EQ(say("EHLO a.test\r\nMAIL FROM:<a@b.test>\r\n").substr(0, 4), "250-");
    EXPECT_EQ(hang_up().messages.at(0).evidence.session.tls.hint, evidence::CertificateHint::no_certificate_seen);

    say("EHLO a.test\r\nSTARTTLS\r\n");
    net::Out out;
    EXPECT_EQ(session->ended(net::Leg::near, net::Ending::no_tls, "no shared cipher", out).state, State::closing);
    EXPECT_EQ(hang_up().tls_failure, "no shared cipher");
    EXPECT_EQ(seen.back().ended, "no-tls");
}

TEST_F(ProbeTest, a_message_whose_end_does_not_come_is_told_as_far_as_it_came) {
    say("EHLO a.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nSubject: x\r\n\r\nhalf");
    EXPECT_TRUE(session->busy());
    net::Out out;
    EXPECT_EQ(session->late(out).state, State::closing);
    EXPECT_EQ(out.near, "421 4.4.2 Timeout; closing\r\n");
    const ProbedMessage& message = hang_up().messages.at(0);
    EXPECT_FALSE(message.complete);
    EXPECT_EQ(message.text, "Subject: x\r\n\r\nhalf");
    EXPECT_EQ(message.octets, 18U);
    EXPECT_EQ(message.evidence.header.field_count, 0U);
}

TEST_F(ProbeTest, octets_of_all_sessions_have_a_limit) {
    house.budget = ProbeBudget(20);
    EXPECT_EQ(say("NOOP\r\n"), ok);        // 6
    EXPECT_EQ(say("NOOP 7890\r\nN"), ok);  // 18
    EXPECT_EQ(say("O"), "");
    EXPECT_EQ(say("O"), "");  // 20
    EXPECT_FALSE(house.budget.spent());
    EXPECT_EQ(say("P"), "421 4.3.2 The probe has ended\r\n");
    EXPECT_EQ(state, State::closing);
    EXPECT_TRUE(house.budget.spent());
    connect();
    EXPECT_EQ(say("N"), "421 4.3.2 The probe has ended\r\n");
}

TEST_F(ProbeTest, the_limit_on_octets_is_25_mebibytes) {
    say("EHLO a.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n");  // 61
    const std::string line = std::string(1022, 'x') + "\r\n";
    std::uint64_t left = 25 * 1024 * 1024 - 61;
    for (; left >= line.size(); left -= line.size()) ASSERT_EQ(say(line), "");
    ASSERT_GT(left, 6U);
    EXPECT_EQ(say("\r\n.\r\n"), nothing_accepted);
    EXPECT_EQ(say(std::string(static_cast<std::size_t>(left) - 5, 'n')), "");
    EXPECT_EQ(say("n"), "421 4.3.2 The probe has ended\r\n");
}

TEST_F(ProbeTest, commands_of_a_session_have_a_limit) {
    for (std::size_t i = 0; i < max_probed_commands; ++i) ASSERT_EQ(say("NOOP\r\n"), ok) << i;
    EXPECT_EQ(say("NOOP\r\n"), "421 4.7.0 The probe has seen enough\r\n");
    EXPECT_EQ(state, State::closing);
    EXPECT_EQ(hang_up().commands.size(), max_probed_commands);
}

TEST_F(ProbeTest, errors_of_a_session_have_a_limit_and_long_lines_are_cut) {
    EXPECT_TRUE(say("RCPT TO:<c@d.test> X=" + std::string(3000, 'x') + "\r\n").starts_with("451 4.7.1 "))
        << "nothing is refused for good that may name a mailbox";
    for (int i = 0; i < 19; ++i) ASSERT_EQ(say("WHAT\r\n"), "500 5.5.1 Command not recognized\r\n") << i;
    EXPECT_EQ(say("WHAT\r\n"), "421 4.7.0 Too many errors\r\n");
    EXPECT_EQ(state, State::closing);
}

TEST_F(ProbeTest, only_whole_lines_give_more_time) {
    say("EHLO a.test\r\n");
    const auto before = session->deadline();
    ASSERT_TRUE(before);
    EXPECT_EQ(before->after, probe_patience);
    say("NOO");
    EXPECT_EQ(session->deadline(), before);
    say("P\r\n");
    EXPECT_NE(session->deadline(), before);
}

/// However it comes, the same is seen.
TEST_F(ProbeTest, split_at_every_octet) {
    const std::string whole =
        "EHLO a.test\r\nMAIL FROM:<a@b.test> XOORG=b.test\r\nRCPT TO:<c@d.test>\r\nDATA\r\nSubject: x\r\n y\r\n\r\n..b\r\n.\r\nQUIT\r\n";
    const std::string answers = say(whole);
    const ProbedMessage wanted = hang_up().messages.at(0);
    for (std::size_t at = 1; at < whole.size(); ++at) {
        std::string got = say(whole.substr(0, at));
        got += say(whole.substr(at));
        ASSERT_EQ(got, answers) << at;
        const ProbedMessage& message = hang_up().messages.at(0);
        ASSERT_EQ(message.text, wanted.text) << at;
        ASSERT_EQ(message.octets, wanted.octets) << at;
        evidence::Evidence evidence = message.evidence;
        evidence.envelope.queue_id = wanted.evidence.envelope.queue_id;
        ASSERT_EQ(evidence, wanted.evidence) << at;
    }
}

}  // namespace
}  // namespace exota::programs
