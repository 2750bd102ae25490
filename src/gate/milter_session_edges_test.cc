// The session at its edges: versions and other MTAs, limits on both sides, garbage, what the MTA cannot do.
#include "gate/milter_session.h"

#include <gtest/gtest.h>

#include "gate/session_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using namespace std::string_view_literals;
using State = MilterSession::State;
using decision::Reason;

using SessionEdges = SessionTest;

TEST_F(SessionEdges, every_version_comes_to_the_same_verdict) {
    struct Case {
        std::uint32_t version;
        std::size_t replies;
    };
    // With steps that need an answer: CONNECT, HELO, MAIL, RCPT, DATA, four fields, EOH, BODY; then the edit and the verdict.
    for (const Case& c : {Case{2, 13}, Case{3, 13}, Case{4, 13}, Case{5, 13}, Case{6, 2}}) {
        Mta mta(judge);
        mta.greet(mta::offer_of_version(c.version));
        mta.connect();
        mta.helo_tls();
        mta.envelope();
        mta::append_data(mta.out);
        mta.header("contoso.test", true);
        mta::append_end_of_header(mta.out);
        mta::append_body(mta.out, "body\r\n");
        mta.end();
        const auto replies = mta.say();
        EXPECT_EQ(replies.size(), c.replies) << c.version;
        EXPECT_TRUE(accepted(replies));
        const auto& added = std::get<mta::HeaderChange>(replies[replies.size() - 2]);
        EXPECT_EQ(added.value.starts_with(' '), c.version == 6) << "the blank is the MTA's to write, or ours";
        EXPECT_EQ(last().evidence.header.from, std::vector<std::string>{last().evidence.header.from.front()});
        EXPECT_EQ(last().decision.author_domain, "contoso.test");
    }
}

TEST_F(SessionEdges, negotiation_that_cannot_work_ends_the_connection) {
    struct Case {
        milter::Offer offer;
        std::string_view error;
    };
    for (const Case& c :
         {Case{{1, 0xf, 0x3f}, "unsupported version"}, Case{{6, 0x1ee, 0x1fffff}, "the MTA does not offer header changes"}}) {
        Mta mta(judge);
        mta::append_offer(mta.out, c.offer);
        EXPECT_TRUE(mta.say().empty());
        EXPECT_EQ(mta.state, State::closing);
        EXPECT_EQ(recorder.errors.back(), c.error);
    }
}

TEST_F(SessionEdges, sendmail_says_it_its_own_way) {
    struct Case {
        std::string_view name, verify, cn_subject, cert_subject;
        bool accept;
        evidence::CertificateHint hint;
    };
    using Hint = evidence::CertificateHint;
    constexpr std::string_view dn = "/C=US/O=Microsoft/CN=mail.protection.outlook.com";
    const Case cases[] = {
        {"verified", "OK", good_certificate, dn, true, Hint::none},
        {"another name", "OK", "mail.contoso.test", dn, false, Hint::none},
        {"not verified", "FAIL", good_certificate, dn, false, Hint::not_verified},
        {"lower case is not what Sendmail writes", "ok", good_certificate, dn, false, Hint::not_verified},
        {"none presented", "NO", "", "", false, Hint::no_certificate_seen},
        {"none asked for", "NOT", "", "", false, Hint::no_certificate_seen},
        {"verify not sent", "-", good_certificate, good_certificate, false, Hint::no_verify_macro},
    };
    for (const Case& c : cases) {
        Mta mta(judge);
        mta.greet();
        mta::append_macros(mta.out, Command::connect,
                           {{"j", "gw.test"},
                            {"_", "client.test [192.0.2.1]"},
                            {"{daemon_name}", "MTA"},
                            {"{if_name}", "gw.test"},
                            {"{if_addr}", "192.0.2.9"},
                            {"v", "8.17.1"}});
        mta::append_connect(mta.out, "client.test", Family::inet, 25000, "192.0.2.1");
        mta::append_macros(mta.out, Command::helo, {{"{verify}", "NONE"}});
        mta::append_helo(mta.out, "client.test");
        mta::append_abort(mta.out);
        std::vector<mta::MacroPair> macros{{"{tls_version}", "TLSv1.3"},   {"{cipher}", "TLS_AES_256_GCM_SHA384"},
                                           {"{cipher_bits}", "256"},       {"{cert_subject}", c.cert_subject},
                                           {"{cn_subject}", c.cn_subject}, {"{cn_issuer}", "CA"}};
        if (c.verify != "-") macros.emplace_back("{verify}", c.verify);
        mta::append_macros(mta.out, Command::helo, macros);
        mta::append_helo(mta.out, "outbound.test");
        mta::append_macros(mta.out, Command::mail,
                           {{"i", "6AB"}, {"{mail_mailer}", "esmtp"}, {"{mail_host}", "contoso.test."}, {"{mail_addr}", "a@contoso.test"}});
        EXPECT_EQ(accepted(mta.message()), c.accept) << c.name;
        EXPECT_EQ(last().evidence.session.tls.hint, c.hint) << c.name;
    }
}

TEST_F(SessionEdges, only_a_login_to_the_mta_is_a_login) {
    Snapshot snapshot = snapshot_of(tenants);
    snapshot.rules.bypass_authenticated = true;
    use(std::move(snapshot));
    struct Case {
        std::string_view type, identity;
        bool authenticated;
    };
    for (const Case& c : {Case{"PLAIN", "jane", true}, Case{"XCLIENT", "jane", false}, Case{"xclient", "jane", false},
                          Case{"PLAIN", "", false}, Case{"", "jane", false}}) {
        Mta mta(judge);
        mta.greet();
        mta.connect();
        mta::append_macros(mta.out, Command::mail, {{"{auth_type}", c.type}, {"{auth_authen}", c.identity}});
        EXPECT_EQ(accepted(mta.message("contoso.test", false)), c.authenticated) << c.type;
        EXPECT_EQ(last().evidence.session.authenticated, c.authenticated);
        EXPECT_FALSE(accepted(mta.message("contoso.test", false))) << "the next message has no such macros";
    }
    Mta mta(judge);
    mta.greet();
    mta.connect();
    mta::append_mail(mta.out, "<a@contoso.test>", std::vector<std::string_view>{"AUTH=jane"});
    mta.header("contoso.test", false);
    mta.end();
    EXPECT_FALSE(accepted(mta.say())) << "AUTH= on MAIL is what the client says";
}

TEST_F(SessionEdges, a_client_without_an_address_is_no_error) {
    struct Case {
        Family family;
        std::string_view address;
    };
    for (const Case& c : {Case{Family::unknown, ""}, Case{Family::unix_socket, "/run/sock"}}) {
        Mta mta(judge);
        mta.greet();
        mta::append_macros(mta.out, Command::connect, {{"v", "Postfix 3.7.11"}});
        mta::append_connect(mta.out, "localhost", c.family, 0, c.address);
        mta.helo_tls();
        EXPECT_TRUE(accepted(mta.message()));
        EXPECT_TRUE(std::holds_alternative<evidence::Absent>(last().evidence.session.client.address));
    }
}

TEST_F(SessionEdges, frame_limit_on_both_sides) {
    Snapshot snapshot = snapshot_of(tenants);
    snapshot.milter.max_frame_octets = 2000;
    use(std::move(snapshot));
    for (const std::size_t octets : {2000u, 2001u}) {
        Mta mta(judge);
        mta.greet_and_connect();
        mta.envelope();
        mta::append_header(mta.out, "X", std::string(octets - 4, 'v'));  // command, "X", two NULs
        mta.header("contoso.test", true);
        mta.end();
        const bool within = octets == 2000;
        EXPECT_EQ(accepted(mta.say()), within);
        EXPECT_EQ(mta.state, within ? State::reading : State::closing);
    }
    EXPECT_EQ(recorder.errors, std::vector<std::string>{"frame above the limit"});
}

TEST_F(SessionEdges, a_field_as_long_as_its_limit_takes_a_frame_of_the_same_length) {
    // What the warning about limits.field_octets rests on.
    Snapshot snapshot = snapshot_of(tenants);
    snapshot.limits.field_octets = snapshot.milter.max_frame_octets = 2000;
    use(snapshot);
    const auto say_field_of = [&](std::size_t octets) {
        Mta mta(judge);
        mta.greet_and_connect();
        mta.envelope();
        mta::append_header(mta.out, "X", std::string(octets - 4, 'v'));
        mta.header("contoso.test", true);
        mta.end();
        mta.say();
        return mta.state;
    };
    EXPECT_EQ(say_field_of(2000), State::reading);
    EXPECT_EQ(last().decision.reason, decision::Reason::authorised) << "at the limit, not above it";
    snapshot.limits.field_octets = 1999;
    use(snapshot);
    EXPECT_EQ(say_field_of(2000), State::reading);
    EXPECT_EQ(last().decision.reason, decision::Reason::too_complex);
    EXPECT_EQ(say_field_of(2001), State::closing);
    EXPECT_EQ(recorder.messages.size(), 2U);
}

TEST_F(SessionEdges, a_message_over_a_limit_gets_a_verdict_and_the_connection_lives_on) {
    for (const std::size_t octets : {std::size_t{1} << 20, std::size_t{4'000'000}}) {
        Mta mta(judge);
        mta.greet_and_connect();
        mta.envelope();
        mta::append_header(mta.out, "X", std::string(octets, 'v'));
        mta.header("contoso.test", true);
        mta.end();
        EXPECT_FALSE(accepted(mta.say()));
        EXPECT_EQ(mta.state, State::reading);
        EXPECT_EQ(last().decision.reason, decision::Reason::too_complex);
        EXPECT_TRUE(accepted(mta.message())) << "the next one";
    }
    EXPECT_TRUE(recorder.errors.empty());
}

TEST_F(SessionEdges, macro_limit_on_both_sides) {
    Snapshot snapshot = snapshot_of(tenants);
    snapshot.milter.max_macro_octets = 1000;
    use(std::move(snapshot));
    for (const std::size_t octets : {1000u, 1001u}) {
        Mta mta(judge);
        mta.greet();
        mta::append_macros(mta.out, Command::connect, {{"x", std::string(octets - 8, 'v')}});  // head of five, "x", two NULs
        mta.say();
        EXPECT_EQ(mta.state, octets == 1000 ? State::reading : State::closing) << octets;
    }
    EXPECT_EQ(recorder.errors, std::vector<std::string>{"macros above the limit"});
}

TEST_F(SessionEdges, garbage_ends_the_connection_without_an_answer) {
    struct Case {
        std::string_view bytes, error;
    };
    const Case cases[] = {
        {"EHLO client.test\r\n"sv, "frame above the limit"},
        {"\0\0\0\0"sv, "empty frame"},
        {"\0\0\0\1Z"sv, "unknown command"},
        {"\0\0\0\2O\6"sv, "malformed payload"},
        {"\0\0\0\1E"sv, "command out of order"},
    };
    for (const Case& c : cases) {
        Mta mta(judge);
        mta.out = c.bytes;
        EXPECT_TRUE(mta.say().empty()) << c.error;
        EXPECT_EQ(mta.state, State::closing);
        EXPECT_EQ(recorder.errors.back(), c.error);
        const std::size_t errors = recorder.errors.size();
        mta.greet();
        EXPECT_EQ(mta.state, State::closing) << "over is over";
        EXPECT_EQ(recorder.errors.size(), errors);
    }
    EXPECT_TRUE(recorder.messages.empty());
}

TEST_F(SessionEdges, what_stands_before_the_error_is_answered) {
    Mta mta(judge);
    mta.greet_and_connect();
    mta.envelope();
    mta.header("contoso.test", true);
    mta.end();
    mta.out += "\0\0\0\0"sv;
    EXPECT_TRUE(accepted(mta.say()));
    EXPECT_EQ(mta.state, State::closing);
}

TEST_F(SessionEdges, percent_signs_arrive_once) {
    Snapshot snapshot = snapshot_of(tenants);
    snapshot.rules.reply.reject = "100%s {text} %";
    use(std::move(snapshot));
    Mta mta(judge);
    mta.greet_and_connect();
    const std::string line = refusal(mta.message("contoso.test", false));
    EXPECT_NE(line.find(" 100%s "), std::string::npos) << line;
    EXPECT_TRUE(line.ends_with('%'));
}

TEST_F(SessionEdges, quarantine_needs_a_hold_queue) {
    Snapshot snapshot = snapshot_of(index_of(
        R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "mode": "quarantine"}}})"));
    use(std::move(snapshot));
    Mta mta(judge);
    mta.greet_and_connect();
    auto replies = mta.message("contoso.test", false);
    ASSERT_TRUE(accepted(replies));
    ASSERT_GE(replies.size(), 2u);
    EXPECT_TRUE(std::holds_alternative<mta::Quarantine>(replies[replies.size() - 2]));

    Mta without(judge);
    without.greet({6, milter::action::add_headers | milter::action::change_headers, milter::step::all_of_version_6});
    without.connect();
    without.helo_tls();
    EXPECT_TRUE(refusal(without.message("contoso.test", false)).starts_with("451 4.7.1 ")) << "never delivered instead";
    EXPECT_TRUE(accepted(without.message("contoso.test", true)));
}

TEST_F(SessionEdges, limits_of_a_tenant_are_counted_at_its_authorised_messages) {
    Mta mta(judge);
    mta.greet_and_connect();
    EXPECT_FALSE(accepted(mta.message("fabrikam.test", false)));
    EXPECT_TRUE(accepted(mta.message("fabrikam.test", true)));
    EXPECT_TRUE(refusal(mta.message("fabrikam.test", true, 3)).starts_with("452 4.7.1 ")) << "four recipients in all";
    EXPECT_EQ(last().decision.reason, Reason::limit_exceeded);
    EXPECT_TRUE(accepted(mta.message("fabrikam.test", true, 2)));
    EXPECT_TRUE(refusal(mta.message("fabrikam.test", true, 0)).starts_with("452 4.7.1 "));
    EXPECT_TRUE(accepted(mta.message("contoso.test", true))) << "of another tenant";
}

TEST_F(SessionEdges, a_forged_result_is_removed_with_the_accept) {
    Mta mta(judge);
    mta.greet_and_connect();
    mta.envelope();
    mta::append_header(mta.out, "x-exota-authentication-results", " mx.test; auth=pass");
    mta::append_header(mta.out, "X-ExOTA-Authentication-Results", " mx.test; auth=pass");
    mta.header("contoso.test", true);
    mta.end();
    const auto replies = mta.say();
    ASSERT_EQ(replies.size(), 4u);
    for (const std::uint32_t i : {0u, 1u}) {
        const auto& removed = std::get<mta::HeaderChange>(replies[i]);
        EXPECT_EQ(removed.code, milter::ReplyCode::change_header);
        EXPECT_EQ(removed.index, 2 - i) << "from the highest index down";
        EXPECT_EQ(removed.value, "");
    }
}

}  // namespace
}  // namespace exota::gate
