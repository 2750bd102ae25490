#include "directory/ldap_tunnel.h"

#include <gtest/gtest.h>

#include "net/tls_facts.h"

namespace exota::directory {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using net::Leg;
using State = net::Session::State;

const std::string yes = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"s;
const std::string no = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00"s;
const std::string entry = "\x30\x05\x02\x01\x02\x64\x00"s;

struct Tunnel : testing::Test {
    LdapRoute route{
        .tls = LdapRoute::Tls::none, .address = *net::Address::of(*net::Endpoint::parse("inet:192.0.2.1:389")), .host = "ldap.example.net"};
    int opened = 0;
    std::vector<std::string> failures;
    net::Out out;
    std::optional<LdapTunnel> tunnel;

    void begin(LdapRoute::Tls tls) {
        route.tls = tls;
        tunnel.emplace(route, LdapTunnel::News{.opened = [this] { ++opened; },
                                               .failed = [this](std::string why) { failures.push_back(std::move(why)); }});
        EXPECT_EQ(tunnel->opened(Leg::near, nullptr, out).state, State::waiting);
        ASSERT_TRUE(out.dial);
        EXPECT_EQ(out.dial->text(), "192.0.2.1:389");
        EXPECT_EQ(tunnel->deadline()->after, route.step);
        EXPECT_EQ(tunnel->feed(Leg::near, "bind", out).consumed, 0U) << "until it is open";
        out.clear();
    }
    net::TlsFacts facts(bool verified, bool named, net::CertificatePurpose purpose = net::CertificatePurpose::server) {
        net::TlsFacts facts;
        facts.peer.emplace();
        facts.peer->verified = verified;
        facts.peer->error = verified ? "" : "self-signed";
        facts.peer->name_matches = named;
        facts.peer->purpose = purpose;
        return facts;
    }
    void expect_failure(std::string_view why) {
        EXPECT_EQ(failures, std::vector<std::string>{std::string(why)});
        EXPECT_EQ(opened, 0);
        EXPECT_FALSE(tunnel->deadline());
    }
};

TEST_F(Tunnel, octets_pass_once_it_is_open) {
    begin(LdapRoute::Tls::none);
    EXPECT_EQ(tunnel->opened(Leg::far, nullptr, out).state, State::reading);
    EXPECT_EQ(opened, 1);
    EXPECT_FALSE(tunnel->deadline());
    EXPECT_EQ(tunnel->feed(Leg::near, "bind", out).consumed, 4U);
    EXPECT_EQ(out.far, "bind");
    out.clear();
    EXPECT_EQ(tunnel->feed(Leg::far, std::string_view(entry).substr(0, 3), out).consumed, 3U);
    EXPECT_EQ(out.near, entry.substr(0, 3));
    EXPECT_EQ(tunnel->ended(Leg::far, net::Ending::peer_closed, "closed by the peer", out).state, State::closing);
    EXPECT_EQ(failures, std::vector<std::string>{"closed by the peer"});
}

TEST_F(Tunnel, we_may_close_it_without_a_word) {
    begin(LdapRoute::Tls::none);
    tunnel->opened(Leg::far, nullptr, out);
    EXPECT_EQ(tunnel->ended(Leg::near, net::Ending::peer_closed, "", out).state, State::closing);
    EXPECT_TRUE(failures.empty());
}

TEST_F(Tunnel, starttls) {
    begin(LdapRoute::Tls::starttls);
    EXPECT_EQ(tunnel->opened(Leg::far, nullptr, out).state, State::waiting);
    EXPECT_EQ(out.far,
              "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
              "1.3.6.1.4.1.1466.20037"sv);
    out.clear();
    EXPECT_EQ(tunnel->feed(Leg::far, yes.substr(0, 5), out).consumed, 0U);
    EXPECT_FALSE(out.start_tls);
    EXPECT_EQ(tunnel->feed(Leg::far, yes + "rest", out).consumed, yes.size());
    ASSERT_TRUE(out.start_tls);
    EXPECT_EQ(out.start_tls->leg, Leg::far);
    EXPECT_EQ(out.start_tls->server_name, "ldap.example.net");
    EXPECT_EQ(out.start_tls->reference_names, std::vector<std::string>{"ldap.example.net"});
    const net::TlsFacts good = facts(true, true);
    EXPECT_EQ(tunnel->opened(Leg::far, &good, out).state, State::reading);
    EXPECT_EQ(opened, 1);
}

TEST_F(Tunnel, an_address_is_no_server_name) {
    route.host = "192.0.2.1";
    begin(LdapRoute::Tls::at_once);
    tunnel->opened(Leg::far, nullptr, out);
    ASSERT_TRUE(out.start_tls);
    EXPECT_EQ(out.start_tls->server_name, "");
    EXPECT_EQ(out.start_tls->reference_names, std::vector<std::string>{"192.0.2.1"});
}

TEST_F(Tunnel, certificates_that_do_not_do) {
    using Purpose = net::CertificatePurpose;
    const struct {
        bool shown, verified, named;
        Purpose purpose;
        std::string_view why;
    } cases[] = {
        {false, false, false, Purpose::neither, "TLS: it shows no certificate"},
        {true, false, true, Purpose::neither, "TLS: its certificate is not verified: self-signed"},
        {true, true, false, Purpose::server, "TLS: its certificate does not name ldap.example.net"},
        {true, true, true, Purpose::client, "TLS: its certificate is not for a server"},
        {true, true, true, Purpose::neither, "TLS: its certificate is not for a server"},
    };
    for (const auto& c : cases) {
        failures.clear();
        begin(LdapRoute::Tls::at_once);
        tunnel->opened(Leg::far, nullptr, out);
        net::TlsFacts shown = facts(c.verified, c.named, c.purpose);
        if (!c.shown) shown.peer.reset();
        EXPECT_EQ(tunnel->opened(Leg::far, &shown, out).state, State::closing);
        expect_failure(c.why);
    }
}

TEST_F(Tunnel, answers_to_starttls_that_are_none) {
    const struct {
        std::string octets;
        std::string_view why;
    } cases[] = {
        {no, "it refuses StartTLS with code 2"},
        {"220 mx.example.net ESMTP\r\n", "it does not speak LDAP"},
        {entry, "its answer to StartTLS is none"},
        {"\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00"s, "its answer to StartTLS is none"},
        {"\x30\x03\x02\x01\x01"s, "its answer to StartTLS is none"},
        {"\x30\x84\x00\x10\x00\x00"s, "its answer to StartTLS is too long"},
    };
    for (const auto& c : cases) {
        failures.clear();
        begin(LdapRoute::Tls::starttls);
        tunnel->opened(Leg::far, nullptr, out);
        EXPECT_EQ(tunnel->feed(Leg::far, c.octets, out).state, State::closing) << c.why;
        expect_failure(c.why);
    }
}

TEST_F(Tunnel, what_else_goes_wrong) {
    begin(LdapRoute::Tls::none);
    EXPECT_EQ(tunnel->late(out).state, State::closing);
    expect_failure("no connection within the time allowed");
    failures.clear();
    begin(LdapRoute::Tls::starttls);
    EXPECT_EQ(tunnel->ended(Leg::far, net::Ending::unreachable, "Connection refused", out).state, State::closing);
    expect_failure("Connection refused");
    EXPECT_EQ(tunnel->ended(Leg::far, net::Ending::failed, "again", out).state, State::closing);
    EXPECT_EQ(failures.size(), 1U) << "once";
    failures.clear();
    begin(LdapRoute::Tls::starttls);
    tunnel->opened(Leg::far, nullptr, out);
    tunnel->feed(Leg::far, yes, out);
    EXPECT_EQ(tunnel->late(out).state, State::closing);
    expect_failure("no TLS within the time allowed");
    failures.clear();
    begin(LdapRoute::Tls::at_once);
    tunnel->opened(Leg::far, nullptr, out);
    EXPECT_EQ(tunnel->ended(Leg::far, net::Ending::no_tls, "wrong version number", out).state, State::closing);
    expect_failure("TLS: wrong version number");
}

TEST_F(Tunnel, nothing_longer_than_its_limit_passes) {
    route.max_message_octets = 100;
    begin(LdapRoute::Tls::none);
    tunnel->opened(Leg::far, nullptr, out);
    opened = 0;
    EXPECT_EQ(tunnel->feed(Leg::far, "\x30\x62", out).state, State::reading);
    EXPECT_EQ(tunnel->feed(Leg::far, std::string(0x62, 'x'), out).state, State::reading);
    EXPECT_EQ(tunnel->feed(Leg::far, "\x30\x63", out).state, State::closing);
    expect_failure("it sends a message of more than 100 octets");
    EXPECT_EQ(tunnel->feed(Leg::near, "more", out).consumed, 4U);
}

}  // namespace
}  // namespace exota::directory
