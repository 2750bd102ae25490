// TLS on either leg, through the whole of a connection.
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <openssl/ssl.h>
#include <chrono>

#include "net/testing_tls_legs.h"

namespace exota::net {
namespace {

using namespace std::chrono_literals;
using testing::answers;
using testing::at_end;
using testing::begun_hello;
using testing::eventually;
using testing::FarSide;
using testing::Identity;
using testing::line_of;
using testing::receive;
using testing::receive_all;
using testing::RelayStage;
using testing::send_all;
using testing::TlsClient;
using testing::write_file;

using LegsTls = testing::TlsLegs;

/// The deadline passes while the last octets in the clear wait for their peer: no handshake follows them.
TEST_F(LegsTls, a_session_that_has_ended_never_gets_its_tls) {
    house.stage.deadline = 1h;
    TlsClient client(house.client());
    ASSERT_TRUE(send_all(client.socket(), "flood 8000000\ntls\n"));
    ASSERT_TRUE(eventually([&] { return house.stage.reads > 0; }));
    house.thread.pass(1h);
    ASSERT_TRUE(eventually([&] { return house.stage.lates > 0; })) << "nobody reads";
    EXPECT_TRUE(receive(client.socket(), 8'000'003).ends_with("xgo\n"));
    EXPECT_FALSE(client.handshake());
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
}

TEST_F(LegsTls, the_near_leg) {
    const Identity peer = root.issue({.dns_names = {"Mail.Peer.TEST", "*.peer.test"}, .usages = "clientAuth"});
    TlsClient client(ready(), {.identity = &peer});
    ASSERT_TRUE(client.handshake());
    ASSERT_TRUE(client.send("facts\nhello\n"));
    EXPECT_EQ(client.line(), "TLSv1.3 new verified client names mail.peer.test *.peer.test\n");
    EXPECT_EQ(client.line(), "hi\n");
    ASSERT_TRUE(client.send("quit\n"));
    EXPECT_EQ(client.line(), "bye\n");
    EXPECT_TRUE(client.at_regular_end()) << "close_notify";
    EXPECT_TRUE(eventually([&] { return house.ended(Ending::session_ended) == 1; }));
}

TEST_F(LegsTls, the_end_of_what_is_written_is_not_that_of_what_is_read) {
    TlsClient client(ready());
    ASSERT_TRUE(client.handshake());
    ASSERT_TRUE(client.send("end\n"));
    EXPECT_EQ(client.line(), "end\n");
    EXPECT_TRUE(client.at_regular_end()) << "close_notify";
    ASSERT_TRUE(client.send("hello\n"));
    EXPECT_TRUE(eventually([&] { return house.stage.after_end == 1; }));
    EXPECT_EQ(house.open(), 1U);
}

TEST_F(LegsTls, the_far_leg) {
    house.stage.server_name = "gw.test";
    house.stage.reference_names = {"other.test", "gw.test"};
    const Descriptor client = house.client();
    ASSERT_TRUE(answers(client, "dial\n", "dialled\n"));
    ASSERT_TRUE(send_all(client, "far-tls\nask hello\n"));
    EXPECT_EQ(line_of(client), "far-secured TLSv1.3 new verified server names gw.test *.wild.test matches\n");
    EXPECT_EQ(line_of(client), "from hi\n");
    const std::vector<std::string> chain = house.ask([](RelayStage& stage) { return stage.facts.front().peer->chain; });
    ASSERT_EQ(chain.size(), 1U);
    EXPECT_EQ(chain.front(), server.der()) << "for DANE";
    EXPECT_TRUE(answers(client, "ask facts\n", "from TLSv1.3 new nobody\n"));
}

TEST_F(LegsTls, both_legs_a_hundred_sessions) {
    std::vector<std::unique_ptr<TlsClient>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<TlsClient>(ready()));
        ASSERT_TRUE(clients.back()->handshake()) << i;
        ASSERT_TRUE(clients.back()->send("dial\n"));
    }
    for (auto& client : clients) ASSERT_EQ(client->line(), "dialled\n");
    for (auto& client : clients) ASSERT_TRUE(client->send("far-tls\nask hello\n"));
    for (auto& client : clients) {
        EXPECT_TRUE(client->line().starts_with("far-secured TLSv1.3"));
        EXPECT_EQ(client->line(), "from hi\n");
    }
    for (auto& client : clients) ASSERT_TRUE(client->send("quit\n"));
    for (auto& client : clients) {
        EXPECT_EQ(client->line(), "bye\n");
        EXPECT_TRUE(client->at_regular_end());
    }
    EXPECT_TRUE(eventually([&] { return house.open() == 0 && backend.open() == 0; }));
}

TEST_F(LegsTls, octets_behind_the_start_of_tls_end_the_connection) {
    const Descriptor client = house.client();
    ASSERT_TRUE(send_all(client, "tls\nhello\n"));
    EXPECT_EQ(receive_all(client), "go\nending cleartext\n");
    EXPECT_EQ(house.ended(Ending::cleartext), 1U);
}

TEST_F(LegsTls, octets_in_the_clear_that_come_later_are_no_line) {
    const Descriptor client = ready();
    ASSERT_TRUE(send_all(client, "hello\nhello\nhello\n"));
    EXPECT_TRUE(eventually([&] { return house.ended(Ending::no_tls) == 1; }));
    EXPECT_EQ(receive_all(client).find("hi"), std::string::npos);
    EXPECT_EQ(house.ask([](RelayStage& stage) { return stage.endings.front(); }), "near no-tls");
}

TEST_F(LegsTls, a_far_side_that_sends_more_behind_its_go) {
    Listener listener = std::move(*Listener::open(*Endpoint::parse("inet:127.0.0.1:0"), {}, 1));
    house.ask([&](RelayStage& stage) { return stage.target = *Address::of(*Endpoint::parse(listener.bound())); });
    const Descriptor client = house.client();
    ASSERT_TRUE(answers(client, "dial\n", "dialled\n"));
    const Descriptor accepting = listener.take(0);
    const Descriptor far(::accept4(accepting.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(far);
    ASSERT_TRUE(send_all(client, "far-tls\n"));
    ASSERT_EQ(receive(far, 4), "tls\n");
    ASSERT_TRUE(send_all(far, "go\nhello\n"));
    EXPECT_EQ(receive_all(client), "ending cleartext\n");
}

TEST_F(LegsTls, a_handshake_that_stalls_is_the_steps_deadline) {
    house.stage.deadline = 1h;
    const Descriptor client = house.client();
    ASSERT_TRUE(answers(client, "tls\n", "go\n"));
    ASSERT_TRUE(send_all(client, begun_hello));
    house.thread.pass(1h);
    EXPECT_TRUE(at_end(client));
    EXPECT_EQ(house.ended(Ending::late), 1U);
}

/// Whether it says nothing behind its go, or begins an answer to our ClientHello.
TEST_F(LegsTls, a_far_handshake_that_stalls_is_the_steps_deadline) {
    house.stage.deadline = 1h;
    const FarSide far_side(house);
    std::uint64_t lates = 0;
    for (const std::string_view begun : {std::string_view(), std::string_view("\x16\x03\x03\x00\x7a\x02", 6)}) {
        const Descriptor client = house.client();
        ASSERT_TRUE(answers(client, "dial\n", "dialled\n"));
        const Descriptor far = far_side.accept();
        ASSERT_TRUE(far);
        ASSERT_TRUE(send_all(client, "far-tls\n"));
        ASSERT_EQ(receive(far, 4), "tls\n");
        ASSERT_TRUE(send_all(far, "go\n"));
        ASSERT_EQ(receive(far, 1), "\x16") << "our ClientHello: the step that begins with its go";
        ASSERT_TRUE(send_all(far, begun));
        house.thread.pass(1h);
        EXPECT_EQ(receive_all(client), "late\n") << "no word of a leg that is lost: the whole of it ended";
        EXPECT_EQ(house.ended(Ending::late), ++lates);
        receive_all(far);  // the rest of our ClientHello, and the end
    }
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
    EXPECT_EQ(house.stage.sessions, 0);
}

TEST_F(LegsTls, a_peer_that_leaves_in_the_handshake) {
    for (const std::size_t octets : {0U, 1U, 5U, 6U}) {
        const Descriptor client = ready();
        ASSERT_TRUE(send_all(client, begun_hello.substr(0, octets)));
    }
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
    EXPECT_EQ(house.ended(Ending::no_tls), 4U);
}

TEST_F(LegsTls, the_far_handshake_fails) {
    // It says go, and nothing of TLS.
    Listener listener = std::move(*Listener::open(*Endpoint::parse("inet:127.0.0.1:0"), {}, 1));
    house.ask([&](RelayStage& stage) { return stage.target = *Address::of(*Endpoint::parse(listener.bound())); });
    const Descriptor client = house.client();
    ASSERT_TRUE(answers(client, "dial\n", "dialled\n"));
    const Descriptor accepting = listener.take(0);
    const Descriptor far(::accept4(accepting.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(send_all(client, "far-tls\n"));
    ASSERT_EQ(receive(far, 4), "tls\n");
    ASSERT_TRUE(send_all(far, "go\n"));
    ASSERT_EQ(receive(far, 1), "\x16") << "the client's hello";
    ASSERT_TRUE(send_all(far, "454 no TLS here after all\r\n"));
    const std::string lost = line_of(client);
    EXPECT_TRUE(lost.starts_with("lost no-tls ")) << lost;
    EXPECT_TRUE(answers(client, "hello\n", "hi\n")) << "the near leg goes on";
}

TEST_F(LegsTls, a_client_that_wants_what_we_do_not_have) {
    TlsClient old(ready(), {.version = TLS1_1_VERSION});
    EXPECT_FALSE(old.handshake());
    EXPECT_TRUE(eventually([&] { return house.ended(Ending::no_tls) == 1; }));
}

TEST_F(LegsTls, much_both_ways_under_tls) {
    TlsClient client(ready());
    ASSERT_TRUE(client.handshake());
    ASSERT_TRUE(client.send("dial\nfar-tls\n"));
    EXPECT_EQ(client.line(), "dialled\n");
    EXPECT_TRUE(client.line().starts_with("far-secured"));
    constexpr std::size_t octets = 3'000'000;
    ASSERT_TRUE(client.send("stream\nflood " + std::to_string(octets) + "\nhello\n"));
    EXPECT_EQ(client.line().size(), octets + 3);
}

TEST_F(LegsTls, a_client_gone_while_its_answer_is_pending) {
    {
        TlsClient client(ready());
        ASSERT_TRUE(client.handshake());
        ASSERT_TRUE(client.send("dial\n"));
        ASSERT_EQ(client.line(), "dialled\n");
        ASSERT_TRUE(client.send("ask wait\n"));
        EXPECT_TRUE(eventually([&] { return backend.ask([](RelayStage& stage) { return stage.wakes.size(); }) == 1; }));
    }  // close_notify and end of stream
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
    EXPECT_EQ(house.ask([](RelayStage& stage) { return stage.endings.front(); }), "near peer-closed");
}

TEST_F(LegsTls, an_end_without_a_word_is_an_end) {
    {
        TlsClient client(ready(), {.close_notify = false});
        ASSERT_TRUE(client.handshake());
        ASSERT_TRUE(client.send("hello\n"));
        ASSERT_EQ(client.line(), "hi\n");
    }
    EXPECT_TRUE(eventually([&] { return house.ended(Ending::peer_closed) == 1; }));
}

TEST_F(LegsTls, a_reload_drops_nobody) {
    TlsClient old(ready());
    ASSERT_TRUE(old.handshake());
    const Identity other = Identity::root("Other root").issue({.dns_names = {"new.test"}});
    house.ask([&](RelayStage& stage) { return stage.server = server_of(other); });
    TlsClient fresh(ready());
    ASSERT_TRUE(fresh.handshake());
    for (TlsClient* client : {&old, &fresh}) {
        ASSERT_TRUE(client->send("hello\n"));
        EXPECT_EQ(client->line(), "hi\n");
    }
}

/// Roots come with the next context. Who was looked at by those of before keeps what was found; a ticket of then brings nobody in.
TEST_F(LegsTls, a_reload_brings_other_roots_to_who_comes_next) {
    const Identity other_root = Identity::root("Other root");
    const Identity ours = root.issue({.dns_names = {"a.test"}, .usages = "clientAuth"});
    const Identity theirs = other_root.issue({.dns_names = {"b.test"}, .usages = "clientAuth"});
    const auto facts_of = [](TlsClient& client) { return client.send("facts\n") ? client.line() : "gone"; };
    TlsClient old(ready(), {.identity = &ours}), stranger(ready(), {.identity = &theirs});
    ASSERT_TRUE(old.handshake() && stranger.handshake());
    EXPECT_EQ(facts_of(old), "TLSv1.3 new verified client names a.test\n");
    const std::string unverified = facts_of(stranger);
    EXPECT_TRUE(unverified.starts_with("TLSv1.3 new unverified (")) << unverified;

    write_file(directory_.path("roots"), other_root.chain());
    house.ask([&](RelayStage& stage) { return stage.server = server_of(server); });
    TlsClient known(ready(), {.identity = &theirs}), dropped(ready(), {.identity = &ours});
    TlsClient with_ticket(ready(), {.identity = &theirs}, &stranger), with_old_ticket(ready(), {.identity = &ours}, &old);
    for (TlsClient* client : {&known, &dropped, &with_ticket, &with_old_ticket}) ASSERT_TRUE(client->handshake());
    for (TlsClient* client : {&known, &with_ticket}) EXPECT_EQ(facts_of(*client), "TLSv1.3 new verified client names b.test\n");
    for (TlsClient* client : {&dropped, &with_old_ticket}) EXPECT_TRUE(facts_of(*client).starts_with("TLSv1.3 new unverified ("));
    EXPECT_EQ(facts_of(old), "TLSv1.3 new verified client names a.test\n");
    EXPECT_EQ(facts_of(stranger), unverified);
}

}  // namespace
}  // namespace exota::net
