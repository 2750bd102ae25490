// Handshakes over a pair of sockets: what they show of the peer's certificate, and what is resumed.
#include "net/tls_stream.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "net/testing.h"
#include "net/tls_context.h"
#include "net/tls_helper.h"

namespace exota::net {
namespace {

using testing::CertificateOf;
using testing::Identity;
using testing::TemporaryDirectory;
using testing::TlsClient;
using testing::write_file;

/// Waits as the loop would.
bool wait_for(int descriptor, Moved::Is is) {
    pollfd waits{.fd = descriptor, .events = static_cast<short>(is == Moved::Is::wants_read ? POLLIN : POLLOUT), .revents = 0};
    return (is == Moved::Is::wants_read || is == Moved::Is::wants_write) && ::poll(&waits, 1, 30'000) == 1;
}

class TlsStreams : public ::testing::Test {
protected:
    TlsStreams() {
        write_file(directory_.path("roots"), root.chain());
        write_file(directory_.path("certificate"), server.chain());
        write_file(directory_.path("key"), server.key());
    }
    std::shared_ptr<const TlsContext> server_context(TlsVersion minimum = TlsVersion::tls_1_2, bool request = true) {
        return *TlsContext::make(TlsRole::server, {.certificate_file = directory_.path("certificate"),
                                                   .key_file = directory_.path("key"),
                                                   .roots_file = directory_.path("roots"),
                                                   .minimum = minimum,
                                                   .request_certificate = request});
    }
    /// What our side saw of a client; nullopt: the handshake failed.
    std::optional<TlsFacts> meet(const std::shared_ptr<const TlsContext>& context, const testing::TlsClientOptions& options,
                                 const TlsClient* resume = nullptr, StartTls start = {}) {
        int pair[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        const Descriptor ours(pair[0]);
        client.reset();
        client = std::make_unique<TlsClient>(Descriptor(pair[1]), options, resume);
        EXPECT_EQ(::fcntl(ours.get(), F_SETFL, O_NONBLOCK), 0);
        start.context = context;
        const auto stream = std::move(*TlsStream::begin(ours.get(), start));
        bool shaken = false;
        std::string line;
        std::thread peer([&] {
            shaken = client->handshake();
            line = client->line();  // with it the tickets come
        });
        Moved moved;
        do moved = stream->handshake();
        while (wait_for(ours.get(), moved.is));
        std::optional<TlsFacts> facts;
        if (moved.is == Moved::Is::done) {
            facts = stream->facts(start);
            EXPECT_EQ(stream->write("hello\n").octets, 6U);
        }
        stream->close();
        ::shutdown(ours.get(), SHUT_RDWR);
        peer.join();
        EXPECT_EQ(line, facts ? "hello\n" : "");
        return facts;
    }
    PeerCertificate seen(const Identity& identity) {
        const auto facts = meet(server_context(), {.identity = &identity});
        if (facts && facts->peer) return *facts->peer;
        ADD_FAILURE() << "no certificate was seen";
        return {};
    }

    testing::WithoutPipeSignal no_signal_;
    TemporaryDirectory directory_;
    Identity root = Identity::root("Root");
    Identity server = root.issue({.dns_names = {"gw.test"}, .usages = "serverAuth"});
    std::unique_ptr<TlsClient> client;  // of the last handshake
};

TEST_F(TlsStreams, purposes_over_the_whole_chain) {
    using enum CertificatePurpose;
    const struct {
        const char *own, *above;  // usages of the certificate, and of the authority between it and the root
        CertificatePurpose purpose;
    } cases[] = {
        {"", "", none},
        {"clientAuth", "", client},
        {"serverAuth", "", CertificatePurpose::server},
        {"clientAuth,serverAuth", "", client_and_server},
        {"anyExtendedKeyUsage", "", neither},
        {"emailProtection", "", neither},
        {"clientAuth,anyExtendedKeyUsage", "", client},
        {"clientAuth,serverAuth", "serverAuth", CertificatePurpose::server},
        {"", "serverAuth", CertificatePurpose::server},
        {"clientAuth", "serverAuth", neither},
        {"clientAuth", "emailProtection", neither},
        {"clientAuth", "clientAuth,serverAuth", client},
    };
    for (const auto& c : cases) {
        const Identity between = root.issue({.common_names = {"Between"}, .usages = c.above, .authority = true});
        const PeerCertificate peer = seen(between.issue({.dns_names = {"a.test"}, .usages = c.own}));
        EXPECT_TRUE(peer.verified) << c.own << " under " << c.above << ": " << peer.error << ": the purpose is another question";
        EXPECT_EQ(name_of(peer.purpose), name_of(c.purpose)) << c.own << " under " << c.above;
    }
}

TEST_F(TlsStreams, key_usages_rule_a_purpose_out_too) {
    EXPECT_EQ(seen(root.issue({.dns_names = {"a.test"}, .key_usages = "critical,keyEncipherment"})).purpose, CertificatePurpose::server);
    EXPECT_EQ(seen(root.issue({.dns_names = {"a.test"}, .key_usages = "critical,digitalSignature,keyEncipherment"})).purpose,
              CertificatePurpose::none);
    EXPECT_EQ(
        seen(root.issue({.dns_names = {"a.test"}, .usages = "clientAuth,serverAuth", .key_usages = "critical,digitalSignature"})).purpose,
        CertificatePurpose::client_and_server);
    EXPECT_EQ(seen(root.issue({.dns_names = {"a.test"}, .usages = "serverAuth", .key_usages = "critical,digitalSignature"})).purpose,
              CertificatePurpose::server);
}

TEST_F(TlsStreams, names) {
    const std::string nul("mail.test\0.evil.test", 20);
    std::vector<std::string> many, too_many;
    for (std::size_t i = 0; i < PeerCertificate::max_names; ++i) many.push_back('n' + std::to_string(i) + ".test");
    too_many = many;
    too_many.emplace_back("one.more.test");
    using Names = std::vector<std::string>;
    const struct {
        const char* name;
        Names common, alternative, names;
    } cases[] = {
        {"dNSNames before the CN", {"cn.test"}, {"a.test", "*.B.test"}, {"a.test", "*.b.test"}},
        {"one CN", {"CN.test"}, {}, {"cn.test"}},
        {"several CNs", {"a.test", "b.test"}, {}, {}},
        {"several CNs beside a dNSName", {"a.test", "b.test"}, {"c.test"}, {"c.test"}},
        {"NUL in the CN", {nul}, {}, {}},
        {"NUL in a dNSName", {"cn.test"}, {"a.test", nul}, {}},
        {"an empty dNSName", {"cn.test"}, {""}, {}},
        {"a CN that is none of a host", {"Contoso Ltd ;x=1"}, {}, {}},
        {"as many as may be", {"cn.test"}, many, many},
        {"one too many", {"cn.test"}, too_many, {}},
        {"as long as may be", {"cn.test"}, {std::string(253, 'a')}, {std::string(253, 'a')}},
        {"too long", {"cn.test"}, {std::string(254, 'a')}, {}},
    };
    for (const auto& c : cases) {
        const PeerCertificate peer = seen(root.issue({.common_names = c.common, .dns_names = c.alternative, .usages = "clientAuth"}));
        EXPECT_TRUE(peer.verified) << c.name << ": " << peer.error;
        EXPECT_EQ(peer.names, c.names) << c.name;
        EXPECT_EQ(peer.why_no_names.empty(), !c.names.empty()) << c.name;
    }
}

TEST_F(TlsStreams, whom_a_certificate_names) {
    const struct {
        const char* name;
        CertificateOf certificate;
        const char* reference;
        bool matches;
    } cases[] = {
        {"a dNSName", {.dns_names = {"a.test", "b.test"}}, "B.test", true},
        {"another", {.dns_names = {"a.test"}}, "b.test", false},
        {"a wildcard is one label", {.dns_names = {"*.b.test"}}, "a.b.test", true},
        {"and no more", {.dns_names = {"*.b.test"}}, "c.a.b.test", false},
        {"nor a part of one", {.dns_names = {"a*.b.test"}}, "ab.b.test", false},
        {"the CN is no name", {.common_names = {"a.test"}}, "a.test", false},
        {"nor beside a dNSName", {.common_names = {"a.test"}, .dns_names = {"b.test"}}, "a.test", false},
        {"nor beside an address", {.common_names = {"a.test"}, .addresses = {"192.0.2.1"}}, "a.test", false},
        {"an address", {.addresses = {"192.0.2.1"}}, "192.0.2.1", true},
        {"another address", {.addresses = {"192.0.2.1"}}, "192.0.2.2", false},
        {"an IPv6 address", {.addresses = {"2001:db8::1"}}, "2001:db8::1", true},
        {"an address as a dNSName", {.dns_names = {"192.0.2.1"}}, "192.0.2.1", false},
        {"an address as the CN", {.common_names = {"192.0.2.1"}}, "192.0.2.1", false},
        {"nobody", {.dns_names = {"a.test"}}, "", false},
    };
    for (const auto& c : cases) {
        const Identity identity = root.issue(c.certificate);
        const auto facts = meet(server_context(), {.identity = &identity}, nullptr, {.reference_names = {c.reference}});
        ASSERT_TRUE(facts && facts->peer) << c.name;
        EXPECT_EQ(facts->peer->name_matches, c.matches) << c.name;
    }
}

TEST_F(TlsStreams, an_address_is_no_server_name) {
    const auto context = *TlsContext::make(TlsRole::client, {.roots_file = directory_.path("roots")});
    for (const auto& [name, is_said] : {std::pair<std::string, bool>{"gw.test", true}, {"192.0.2.1", false}, {"2001:db8::1", false}}) {
        int pair[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        const Descriptor ours(pair[0]), peer(pair[1]);
        ASSERT_EQ(::fcntl(ours.get(), F_SETFL, O_NONBLOCK), 0);
        const auto stream = std::move(*TlsStream::begin(ours.get(), {.leg = Leg::far, .context = context, .server_name = name}));
        EXPECT_EQ(stream->handshake().is, Moved::Is::wants_read);
        std::string hello(16'384, '\0');
        hello.resize(static_cast<std::size_t>(::recv(peer.get(), hello.data(), hello.size(), 0)));
        EXPECT_GT(hello.size(), 100U);
        EXPECT_EQ(hello.find(name) != std::string::npos, is_said) << name;
    }
}

TEST_F(TlsStreams, who_does_not_verify_is_heard_all_the_same) {
    const struct {
        const char* name;
        Identity identity;
        const char* error;
    } cases[] = {
        {"a foreign root", Identity::root("Other root").issue({.dns_names = {"a.test"}}), "issuer"},
        {"signed by itself", Identity::root("Self"), "self"},
        {"expired", root.issue({.dns_names = {"a.test"}, .from_seconds = -7200, .until_seconds = -3600}), "expired"},
        {"not yet", root.issue({.dns_names = {"a.test"}, .from_seconds = 3600, .until_seconds = 7200}), "not yet valid"},
        {"issued by no authority", root.issue({.common_names = {"Nobody"}}).issue({.dns_names = {"a.test"}}), "CA"},
    };
    for (const auto& c : cases) {
        const PeerCertificate peer = seen(c.identity);
        EXPECT_FALSE(peer.verified) << c.name;
        EXPECT_NE(peer.error.find(c.error), std::string::npos) << c.name << ": " << peer.error;
        EXPECT_EQ(peer.purpose, CertificatePurpose::neither) << c.name;
    }
}

TEST_F(TlsStreams, dates_are_those_of_the_whole_chain) {
    const Identity between = root.issue({.common_names = {"Between"}, .authority = true, .from_seconds = -60, .until_seconds = 600});
    const PeerCertificate peer = seen(between.issue({.dns_names = {"a.test"}}));
    EXPECT_LT(peer.valid_until - peer.valid_from, std::chrono::seconds(670));
    EXPECT_TRUE(peer.is_valid_at(peer.valid_from) && peer.is_valid_at(peer.valid_until));
    EXPECT_FALSE(peer.is_valid_at(peer.valid_from - std::chrono::seconds(1)) ||
                 peer.is_valid_at(peer.valid_until + std::chrono::seconds(1)));
}

TEST_F(TlsStreams, nobody_is_asked_or_nobody_answers) {
    const Identity peer = root.issue({.dns_names = {"a.test"}});
    EXPECT_FALSE(meet(server_context(TlsVersion::tls_1_2, false), {.identity = &peer})->peer);
    EXPECT_FALSE(meet(server_context(), {})->peer);
    EXPECT_TRUE(client->asked_for_certificate());
}

TEST_F(TlsStreams, the_minimum_version) {
    EXPECT_EQ(meet(server_context(), {.version = TLS1_2_VERSION})->protocol, "TLSv1.2");
    EXPECT_FALSE(meet(server_context(TlsVersion::tls_1_3), {.version = TLS1_2_VERSION}));
    EXPECT_FALSE(meet(server_context(), {.version = TLS1_1_VERSION}));
}

TEST_F(TlsStreams, a_resumed_session_knows_its_peer_still) {
    const Identity peer = root.issue({.dns_names = {"a.test"}, .usages = "serverAuth"});
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto context = server_context();
        const auto first = meet(context, {.identity = &peer, .version = version});
        ASSERT_TRUE(first && !first->resumed);
        const auto before = std::move(client);
        const auto second = meet(context, {.identity = &peer, .version = version}, before.get());
        ASSERT_TRUE(second && second->peer);
        EXPECT_TRUE(second->resumed && client->resumed()) << version;
        EXPECT_TRUE(second->peer->verified);
        EXPECT_EQ(second->peer->purpose, CertificatePurpose::server);
        EXPECT_EQ(second->peer->names, first->peer->names);
        EXPECT_EQ(second->peer->valid_until, first->peer->valid_until);
        // Another context: a reload, another section.
        const auto third = meet(server_context(), {.identity = &peer, .version = version}, before.get());
        ASSERT_TRUE(third);
        EXPECT_FALSE(third->resumed) << version;
    }
}

TEST_F(TlsStreams, what_did_not_verify_does_not_by_a_resumption) {
    const Identity stranger = Identity::root("Other root").issue({.dns_names = {"a.test"}});
    const auto context = server_context();
    const auto first = meet(context, {.identity = &stranger});
    const auto before = std::move(client);
    const auto second = meet(context, {.identity = &stranger}, before.get());
    ASSERT_TRUE(second && second->peer);
    EXPECT_TRUE(second->resumed);
    EXPECT_FALSE(second->peer->verified);
    EXPECT_EQ(second->peer->error, first->peer->error);
}

TEST_F(TlsStreams, the_chain_as_it_was_sent) {
    const Identity between = root.issue({.common_names = {"Between"}, .authority = true});
    const Identity peer = between.issue({.dns_names = {"a.test"}});
    EXPECT_EQ(meet(server_context(), {.identity = &peer}, nullptr, {.keep_chain = true})->peer->chain,
              (std::vector<std::string>{peer.der(), between.der()}));
    EXPECT_TRUE(seen(peer).chain.empty());
}

}  // namespace
}  // namespace exota::net
