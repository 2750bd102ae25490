// Connections to servers of the test, in the clear and under TLS: what they say, how they end, and whom nothing is said to.
#include "net/client_stream.h"

#include <gtest/gtest.h>

#include "net/testing.h"
#include "net/testing_https.h"
#include "net/tls_context.h"
#include "net/tls_helper.h"

namespace exota::net {
namespace {

using namespace std::chrono_literals;
using testing::CertificateOf;
using testing::HttpsServer;
using testing::Identity;
using testing::Wire;

struct Streams : ::testing::Test {
    testing::WithoutPipeSignal without_pipe_signal;
    testing::TemporaryDirectory directory;
    const Identity root = Identity::root("Root"), other_root = Identity::root("Other");
    const Identity server = root.issue({.dns_names = {"store.test"}, .addresses = {"127.0.0.1"}, .usages = "serverAuth"});
    Loop loop;
    std::string heard, why;
    bool opened = false, lost = false;
    std::unique_ptr<ClientStream> stream;

    std::shared_ptr<const TlsContext> trusting(const Identity& who) {
        testing::write_file(directory.path("roots"), who.chain());
        return *TlsContext::make(TlsRole::client, {.roots_file = directory.path("roots")});
    }
    void open(std::uint16_t port, std::shared_ptr<const TlsContext> tls = nullptr, std::string host = "store.test",
              std::chrono::milliseconds deadline = 20s) {
        stream = std::make_unique<ClientStream>(loop,
                                                ClientStream::Target{.address = Address::of(*base::IpAddress::parse("127.0.0.1"), port),
                                                                     .tls = std::move(tls),
                                                                     .host = std::move(host),
                                                                     .deadline = deadline},
                                                ClientStream::Heard{.opened = [this] { opened = true; },
                                                                    .octets = [this](std::string_view octets) { heard += octets; },
                                                                    .lost =
                                                                        [this](std::string because) {
                                                                            lost = true;
                                                                            why = std::move(because);
                                                                        }});
        EXPECT_FALSE(opened || lost) << "never from within the constructor";
        loop.run_until([this] { return opened || lost; });
    }
};

TEST_F(Streams, octets_there_and_back_under_tls) {
    HttpsServer peer({.identity = &server}, [](const Wire& wire) {
        const std::string request = wire.request();
        wire.say(request.substr(0, 5));
        wire.say(std::string(200'000, 'x'));
        wire.say_end();
    });
    for (const char* host : {"store.test", "127.0.0.1"}) {
        opened = lost = false;
        heard.clear();
        open(peer.port(), trusting(root), host);
        ASSERT_TRUE(opened) << why;
        stream->write("hel");
        stream->write("lo\r\n\r\n");
        loop.run_until([this] { return lost; });
        EXPECT_EQ(heard, "hello" + std::string(200'000, 'x'));
        EXPECT_TRUE(why.starts_with("it closed the connection")) << why;
    }
}

TEST_F(Streams, nothing_is_said_to_who_is_not_proven) {
    const Identity client = root.issue({.dns_names = {"store.test"}, .usages = "clientAuth"});
    const struct {
        const Identity* shown;
        const Identity* trusted;
        std::string host, why;
    } cases[] = {
        {&server, &other_root, "store.test", "not verified"},
        {&server, &root, "other.test", "does not name other.test"},
        {&client, &root, "store.test", "not for a server"},
    };
    for (const auto& c : cases) {
        std::atomic<bool> told = false;
        HttpsServer peer({.identity = c.shown}, [&](const Wire& wire) { told = !wire.request().empty(); });
        opened = lost = false;
        open(peer.port(), trusting(*c.trusted), c.host);
        EXPECT_FALSE(opened);
        EXPECT_NE(why.find(c.why), std::string::npos) << why;
        stream->write("secret\r\n\r\n");
        stream.reset();
        EXPECT_FALSE(told);
    }
    HttpsServer clear({.raw = [](const Wire& wire) { static_cast<void>(::send(wire.socket, "hello\r\n", 7, MSG_NOSIGNAL)); }}, nullptr);
    opened = lost = false;
    open(clear.port(), trusting(root));
    EXPECT_FALSE(opened);
    EXPECT_TRUE(why.starts_with("TLS: ")) << why;
}

TEST_F(Streams, in_the_clear) {
    HttpsServer peer({.raw =
                          [](const Wire& wire) {
                              char octets[16];
                              const ssize_t got = ::recv(wire.socket, octets, sizeof octets, 0);
                              if (got > 0) static_cast<void>(::send(wire.socket, octets, static_cast<std::size_t>(got), MSG_NOSIGNAL));
                              wire.wait_for_end();
                          }},
                     nullptr);
    open(peer.port());
    ASSERT_TRUE(opened) << why;
    stream->write("echo");
    loop.run_until([this] { return heard == "echo"; });
    stream->read_now();
    EXPECT_EQ(heard, "echo");
    stream.reset();
    EXPECT_FALSE(lost) << "nothing is heard any more";
}

TEST_F(Streams, a_deadline_and_who_does_not_take_what_it_is_sent) {
    HttpsServer silent({.raw = [](const Wire& wire) { wire.wait_for_end(); }}, nullptr);
    open(silent.port(), trusting(root), "store.test", 30ms);
    EXPECT_FALSE(opened);
    EXPECT_NE(why.find("within the time allowed"), std::string::npos) << why;
    stream.reset();
    opened = lost = false;
    HttpsServer deaf({.raw = [](const Wire& wire) { EXPECT_TRUE(wire.client_is_gone(60'000)); }}, nullptr);
    open(deaf.port());
    ASSERT_TRUE(opened) << why;
    const std::string much(ClientStream::max_unsent_octets / 2, 'x');
    for (int i = 0; i < 16 && !lost; ++i) {
        stream->write(much);
        bool turned = false;
        loop.post([&] { turned = true; });
        loop.run_until([&] { return turned; });
    }
    EXPECT_TRUE(lost);
    EXPECT_EQ(why, "it does not take what it is sent");
    stream.reset();
}

TEST_F(Streams, nobody_at_the_port) {
    std::uint16_t port = 0;
    {
        HttpsServer gone({.raw = [](const Wire&) {}}, nullptr);
        port = gone.port();
    }
    open(port);
    EXPECT_FALSE(opened);
    EXPECT_FALSE(why.empty());
}

}  // namespace
}  // namespace exota::net
