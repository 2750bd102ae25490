// GETs from servers of the test, each a thread that speaks TLS as it likes.
#include "net/https_get.h"

#include <sys/socket.h>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <optional>

#include "net/testing.h"
#include "net/testing_house.h"
#include "net/testing_https.h"
#include "net/tls_context.h"
#include "net/tls_helper.h"

namespace exota::net {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using testing::CertificateOf;
using testing::eventually;
using testing::HttpsServer;
using testing::Identity;
using testing::Wire;
using Serve = testing::HttpsServer::Serve;
using testing::LoopThread;
using testing::TemporaryDirectory;
using testing::write_file;

constexpr std::string_view good_answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

base::IpAddress ip(std::string_view text) { return base::IpAddress::parse(text).value(); }

class HttpsGets : public ::testing::Test {
protected:
    HttpsGets() { write_file(directory_.path("roots"), root.chain()); }

    /// @param meanwhile  once it is under way
    base::Result<HttpAnswer> get(HttpsRequest request, const std::function<void(LoopThread&)>& meanwhile = nullptr) {
        LoopThread thread;
        std::promise<base::Result<HttpAnswer>> promised;
        std::unique_ptr<HttpsGet> get;
        bool inside = true;
        thread.call([&] {
            get = std::make_unique<HttpsGet>(
                thread.loop(),
                *TlsContext::make(TlsRole::client, {.certificate_file = {}, .key_file = {}, .roots_file = directory_.path("roots")}));
            get->start(std::move(request), [&, calls = 0](base::Result<HttpAnswer> result) mutable {
                EXPECT_FALSE(inside);
                EXPECT_EQ(++calls, 1);
                promised.set_value(std::move(result));
            });
            inside = false;
        });
        if (meanwhile) meanwhile(thread);
        base::Result<HttpAnswer> result = promised.get_future().get();
        thread.call([&] { get.reset(); });
        return result;
    }
    HttpsRequest request(const HttpsServer& server) const {
        HttpsRequest request;
        request.host = "mta-sts.a.test";
        request.target = "/.well-known/mta-sts.txt";
        request.addresses = {ip("127.0.0.1")};
        request.port = server.port();
        request.deadline = 60s;
        return request;
    }
    base::Result<HttpAnswer> served(Serve serve) {
        const HttpsServer server({.identity = &good}, std::move(serve));
        return get(request(server));
    }

    testing::WithoutPipeSignal no_signal_;
    TemporaryDirectory directory_;
    Identity root = Identity::root("Root");
    Identity good = root.issue({.dns_names = {"mta-sts.a.test"}, .usages = "serverAuth"});
};

TEST_F(HttpsGets, a_body) {
    std::string asked, name;
    const auto answer = served([&](const Wire& wire) {
        asked = wire.request();
        if (const char* const sni = SSL_get_servername(wire.ssl, TLSEXT_NAMETYPE_host_name)) name = sni;
        wire.say(good_answer);
        wire.wait_for_end();
    });
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->body, "hello");
    EXPECT_EQ(answer->content_type, "text/plain");
    EXPECT_EQ(name, "mta-sts.a.test");
    EXPECT_TRUE(asked.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.a.test:")) << asked;
    EXPECT_NE(asked.find("\r\nConnection: close\r\n"), std::string::npos) << asked;
    EXPECT_NE(asked.find("\r\nAccept-Encoding: identity\r\n"), std::string::npos) << asked;
}

TEST_F(HttpsGets, what_servers_do_once_asked) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const struct {
        const char* name;
        Serve serve;
        std::optional<Errc> error;
    } cases[] = {
        {"chunks", [&](const Wire& w) { w.say(ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n"), w.say("3\r\nllo\r\n0\r\n\r\n"); }, {}},
        {"octets_one_by_one",
         [&](const Wire& w) {
             for (const char c : good_answer) w.say({&c, 1});
         },
         {}},
        {"to_the_end", [&](const Wire& w) { w.say(ok + "\r\nhello"), w.say_end(); }, {}},
        {"cut_where_the_end_counts", [&](const Wire& w) { w.say(ok + "\r\nhello"); }, Errc::closed},
        {"early_close", [&](const Wire& w) { w.say(ok + "Content-Length: 6\r\n\r\nhello"), w.say_end(); }, Errc::closed},
        {"no_answer", [](const Wire&) {}, Errc::closed},
        {"no_answer_by_the_rules", [](const Wire& w) { w.say_end(); }, Errc::closed},
        {"garbage", [](const Wire& w) { w.say("\x16\x03\x01 and so on"); }, Errc::invalid_data},
        {"another_protocol", [](const Wire& w) { w.say("220 mail ESMTP\r\n"), w.wait_for_end(); }, Errc::invalid_data},
        {"redirect", [](const Wire& w) { w.say("HTTP/1.1 302 There\r\nLocation: https://b.test/\r\n\r\n"), w.wait_for_end(); },
         Errc::unavailable},
        {"not_there", [](const Wire& w) { w.say("HTTP/1.1 404 No\r\n\r\n"), w.wait_for_end(); }, Errc::not_found},
        {"too_long", [&](const Wire& w) { w.say(ok + "Content-Length: 65537\r\n\r\n"), w.wait_for_end(); }, Errc::too_long},
        {"without_end",
         [&](const Wire& w) {
             w.say(ok + "\r\n");
             while (w.say(std::string(10'000, 'x'))) {
             }
         },
         Errc::too_long},
        {"header_without_end",
         [&](const Wire& w) {
             w.say(ok);
             while (w.say("A: b\r\n")) {
             }
         },
         Errc::too_long},
        {"chunks_without_end",
         [&](const Wire& w) {
             w.say(ok + "Transfer-Encoding: chunked\r\n\r\n1;");
             while (w.say(std::string(1000, 'x'))) {
             }
         },
         Errc::too_long},
    };
    for (const auto& c : cases) {
        const auto answer = served([&](const Wire& wire) {
            wire.request();
            c.serve(wire);
        });
        EXPECT_EQ(answer ? std::nullopt : std::optional(answer.error().code), c.error) << c.name << (answer ? "" : answer.error().detail);
        if (answer) EXPECT_EQ(answer->body, "hello") << c.name;
    }
}

TEST_F(HttpsGets, the_largest_body) {
    const std::string body(HttpLimits{}.max_body_octets, 'x');
    const auto answer = served([&](const Wire& wire) {
        wire.request();
        wire.say("HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + body);
        wire.wait_for_end();
    });
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->body, body);
}

TEST_F(HttpsGets, nothing_is_asked_of_who_is_not_proven) {
    const Identity other_root = Identity::root("Root");
    const struct {
        const char* name;
        Identity identity;
        const char* why;
    } cases[] = {
        {"another_name", root.issue({.dns_names = {"a.test"}}), "does not name mta-sts.a.test"},
        {"a_wildcard_of_two_labels", root.issue({.dns_names = {"*.test"}}), "does not name mta-sts.a.test"},
        {"a_name_with_more_behind_it", root.issue({.dns_names = {"mta-sts.a.test.evil.test"}}), "does not name mta-sts.a.test"},
        {"expired", root.issue({.dns_names = {"mta-sts.a.test"}, .from_seconds = -7200, .until_seconds = -3600}), "expired"},
        {"not_yet", root.issue({.dns_names = {"mta-sts.a.test"}, .from_seconds = 3600, .until_seconds = 7200}), "not yet valid"},
        {"another_root", other_root.issue({.dns_names = {"mta-sts.a.test"}}), "is not verified"},
        {"for_clients", root.issue({.dns_names = {"mta-sts.a.test"}, .usages = "clientAuth"}), "not for a server"},
    };
    for (const auto& c : cases) {
        std::string asked;
        {
            const HttpsServer server({.identity = &c.identity}, [&](const Wire& wire) {
                asked = wire.request();
                wire.say(good_answer);
            });
            const auto answer = get(request(server));
            ASSERT_FALSE(answer) << c.name;
            EXPECT_EQ(answer.error().code, Errc::unavailable) << c.name;
            EXPECT_NE(answer.error().detail.find(c.why), std::string::npos) << c.name << ": " << answer.error().detail;
        }
        EXPECT_EQ(asked, "") << c.name;
    }
    const Identity wildcard = root.issue({.dns_names = {"*.a.test"}});
    const HttpsServer server({.identity = &wildcard}, [](const Wire& wire) {
        wire.request();
        wire.say(good_answer);
        wire.wait_for_end();
    });
    EXPECT_TRUE(get(request(server)));
}

TEST_F(HttpsGets, no_tls) {
    const struct {
        const char* name;
        Serve raw;
    } cases[] = {
        {"closes", [](const Wire&) {}},
        {"garbage", [](const Wire& w) { ::send(w.socket, "hello\r\n", 7, MSG_NOSIGNAL), w.wait_for_end(); }},
        {"http", [](const Wire& w) { ::send(w.socket, good_answer.data(), good_answer.size(), MSG_NOSIGNAL), w.wait_for_end(); }},
    };
    for (const auto& c : cases) {
        const HttpsServer server({.identity = &good, .raw = c.raw}, {});
        const auto answer = get(request(server));
        ASSERT_FALSE(answer) << c.name;
        EXPECT_EQ(answer.error().code, Errc::unavailable) << c.name;
    }
}

/// Whatever a server keeps us waiting for, and whatever it says while it does so.
TEST_F(HttpsGets, one_deadline_in_all) {
    std::atomic<int> drops{0};
    const auto drip = [&drops](const Wire& wire, const char* octets) {
        while (wire.say(octets) && !wire.client_is_gone(1)) ++drops;
    };
    const auto waits = [&drops](const Wire& wire) {
        drops = -1;  // nothing more comes
        wire.wait_for_end();
    };
    const struct {
        const char* name;
        Serve raw, serve;
        Errc error;
    } cases[] = {
        {"no_tls", waits, {}, Errc::unavailable},
        {"no_answer", {}, waits, Errc::timeout},
        {"half_an_answer", {}, [&](const Wire& w) { w.say(good_answer.substr(0, good_answer.size() - 1)), waits(w); }, Errc::timeout},
        {"slow_header", {}, [&](const Wire& w) { w.say("HTTP/1.1 200 OK\r\nA: "), drip(w, "x"); }, Errc::timeout},
        {"slow_body", {}, [&](const Wire& w) { w.say("HTTP/1.1 200 OK\r\n\r\n"), drip(w, "x"); }, Errc::timeout},
    };
    for (const auto& c : cases) {
        drops = 0;
        const HttpsServer server({.identity = &good, .raw = c.raw}, c.serve);
        HttpsRequest asks = request(server);
        asks.deadline = 1h;
        const auto answer = get(std::move(asks), [&](LoopThread& thread) {
            for (int half = 0; half < 2; ++half) {
                const int before = drops;
                EXPECT_TRUE(eventually([&] { return drops == -1 || drops > before + 1; })) << c.name;
                thread.pass(30min);
            }
        });
        ASSERT_FALSE(answer) << c.name;
        EXPECT_TRUE(answer.error().code == c.error || answer.error().code == Errc::timeout) << c.name << ": " << answer.error().detail;
    }
}

TEST_F(HttpsGets, addresses_in_order) {
    const auto good_server = [](const Wire& wire) {
        wire.request();
        wire.say(good_answer);
        wire.wait_for_end();
    };
    const Identity wrong = root.issue({.dns_names = {"b.test"}});
    const HttpsServer v6({.identity = &good, .endpoint = "inet6:[::1]:0"}, good_server);
    HttpsRequest asks = request(v6);
    asks.addresses = {ip("127.0.0.1"), ip("::1")};  // nobody has that port of 127.0.0.1, or somebody who does not prove himself
    const auto second = get(asks);
    ASSERT_TRUE(second) << second.error().detail;

    // One who keeps silence has his share of the time alone.
    const std::string same_port = "inet:127.0.0.1:" + std::to_string(v6.port());
    {
        const HttpsServer silent({.identity = &good, .raw = [](const Wire& w) { w.wait_for_end(); }, .endpoint = same_port.c_str()}, {});
        asks.deadline = 1h;
        const auto behind_silence = get(asks, [&](LoopThread& thread) {
            EXPECT_TRUE(eventually([&] { return silent.connections() == 1; }));
            thread.pass(30min);
        });
        ASSERT_TRUE(behind_silence) << behind_silence.error().detail;
        EXPECT_EQ(silent.connections(), 1);
        asks.deadline = 60s;
    }
    {
        const HttpsServer unproven({.identity = &wrong, .endpoint = same_port.c_str()}, good_server);
        EXPECT_TRUE(get(asks));
        EXPECT_EQ(unproven.connections(), 1);
        asks.addresses = {ip("127.0.0.1"), ip("127.0.0.1")};
        const auto none = get(asks);
        ASSERT_FALSE(none);
        EXPECT_EQ(none.error().code, Errc::unavailable);
        const std::string each = "127.0.0.1:" + std::to_string(v6.port()) + ": its certificate does not name mta-sts.a.test";
        EXPECT_EQ(none.error().detail, each + "; " + each);
    }
    // Who was asked has answered, whatever he said.
    const int before = v6.connections();
    const HttpsServer refuses({.identity = &good, .endpoint = same_port.c_str()}, [](const Wire& wire) {
        wire.request();
        wire.say("HTTP/1.1 500 Oh\r\n\r\n");
    });
    asks.addresses = {ip("127.0.0.1"), ip("::1")};
    EXPECT_FALSE(get(asks));
    EXPECT_EQ(v6.connections(), before);
}

TEST_F(HttpsGets, more_addresses_than_are_tried) {
    const Identity wrong = root.issue({.dns_names = {"b.test"}});
    const HttpsServer server({.identity = &wrong}, [](const Wire&) {});
    HttpsRequest asks = request(server);
    asks.addresses.assign(HttpsGet::max_addresses + 1, ip("127.0.0.1"));
    EXPECT_FALSE(get(asks));
    EXPECT_EQ(server.connections(), static_cast<int>(HttpsGet::max_addresses));
}

TEST_F(HttpsGets, what_cannot_be_asked) {
    const HttpsServer server({.identity = &good}, [](const Wire&) {});
    const struct {
        const char *host, *target;
    } cases[] = {{"", "/"}, {"a.test\r\nX: y", "/"}, {"a.test", ""}, {"a.test", "x"}, {"a.test", "/ HTTP/1.1\r\n"}, {"a.test", "/\x7f"}};
    for (const auto& c : cases) {
        HttpsRequest asks = request(server);
        asks.host = c.host;
        asks.target = c.target;
        const auto answer = get(asks);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, Errc::invalid_data) << c.host << c.target;
    }
    HttpsRequest nowhere = request(server);
    nowhere.addresses.clear();
    const auto answer = get(nowhere);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::unavailable);
    EXPECT_EQ(answer.error().detail, "the host has no address");
    EXPECT_EQ(server.connections(), 0);
}

/// The owner may let go of it at any time; the server sees the end of the connection.
TEST_F(HttpsGets, cancelled_and_replaced) {
    std::promise<void> asked, gone;
    const HttpsServer server({.identity = &good}, [&, connections = 0](const Wire& wire) mutable {
        wire.request();
        if (++connections == 1) {
            asked.set_value();
            wire.wait_for_end();
            gone.set_value();
        } else {
            wire.say(good_answer);
            wire.wait_for_end();
        }
    });
    LoopThread thread;
    std::promise<std::string> body;
    std::unique_ptr<HttpsGet> get;
    const auto context =
        *TlsContext::make(TlsRole::client, {.certificate_file = {}, .key_file = {}, .roots_file = directory_.path("roots")});
    thread.call([&] {
        get = std::make_unique<HttpsGet>(thread.loop(), context);
        get->start(request(server), [](const auto&) { ADD_FAILURE() << "was cancelled"; });
    });
    asked.get_future().wait();
    thread.call([&] { get->cancel(); });
    gone.get_future().wait();
    thread.call([&] {
        get->start(request(server), [](const auto&) { ADD_FAILURE() << "was replaced"; });
        get->start(request(server), [&](const base::Result<HttpAnswer>& result) {
            body.set_value(result ? result->body : result.error().detail);
            get.reset();  // from within
        });
    });
    EXPECT_EQ(body.get_future().get(), "hello");
    thread.call([&] {
        EXPECT_EQ(get, nullptr);
        get = std::make_unique<HttpsGet>(thread.loop(), context);
        get->start(request(server), [](const auto&) { ADD_FAILURE() << "its owner is gone"; });
        get.reset();
    });
}

}  // namespace
}  // namespace exota::net
