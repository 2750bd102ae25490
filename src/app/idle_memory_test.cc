// What an idle milter session takes with all that belongs to it: its connection, how the loop watches that, and the session.
#include <gtest/gtest.h>
#include <malloc.h>
#include <poll.h>

#include <iostream>
#include <string>
#include <vector>

#include "app/milter_front_end.h"
#include "gate/milter_settings.h"
#include "gate/session_fixture.h"
#include "net/listener.h"
#include "net/server.h"
#include "net/testing.h"

namespace exota::app {
namespace {

namespace mta = milter::mta;

/// What Postfix says of a connection from Exchange Online, up to its EHLO within TLS.
std::string greeting_of(gate::Judge& judge) {
    gate::testing::Mta writer(judge);
    mta::append_offer(writer.out, mta::full_offer);
    writer.connect();
    mta::append_helo(writer.out, "mail-db8eur05on2101.outbound.protection.outlook.com");
    mta::append_abort(writer.out);
    writer.helo_tls();
    return writer.out;
}

TEST(IdleMemory, a_milter_session_and_its_connection_take_at_most_a_kibibyte) {
    constexpr std::size_t before_it = 50, count = 400, limit = 1024;
    gate::testing::Recorder recorder;
    gate::StillWorld world;
    gate::Judge judge{recorder, world};
    judge.use(gate::testing::shared(gate::testing::snapshot_of(gate::testing::index_of(gate::testing::tenants_text))));
    const std::string greeting = greeting_of(judge);
    const FrontEndOptions front = milter_front_end({});

    const net::testing::TemporaryDirectory directory;
    net::Loop loop;
    net::ServerLimits limits(before_it + count);
    net::Server server(loop, limits,
                       [&](const net::Peer& peer, std::function<void()> wake) { return front.make_session(judge, peer, std::move(wake)); },
                       {});
    net::Listener listener = std::move(*net::Listener::open(*net::Endpoint::parse("unix:" + directory.path("s")), {}, 1));
    server.listen(listener.take(0));
    std::vector<net::Descriptor> clients;
    clients.reserve(before_it + count);
    // Everything on this thread: other threads allocate from arenas that are not counted.
    const auto greet = [&](std::size_t sessions) {
        for (std::size_t i = 0; i < sessions; ++i) {
            clients.push_back(net::testing::connect_to(listener.bound()));
            ASSERT_TRUE(clients.back() && net::testing::send_all(clients.back(), greeting));
            pollfd answered{.fd = clients.back().get(), .events = POLLIN, .revents = 0};
            loop.run_until([&] { return ::poll(&answered, 1, 0) != 0; });
        }
    };
    const auto allocated = [] {
        const auto info = mallinfo2();
        return info.uordblks + info.hblkhd;
    };
    greet(before_it);  // what the loop makes once, or for many together, is there
    const std::size_t before = allocated();
    greet(count);
    const std::size_t each = (allocated() - before) / count;
    ASSERT_EQ(server.open(), before_it + count);
    std::cout << "octets of an idle milter session with its connection: " << each << '\n';
    RecordProperty("octets", static_cast<int>(each));
    EXPECT_LE(each, limit);
    EXPECT_GE(each, greeting.size() / 2) << "else nothing was measured";
}

}  // namespace
}  // namespace exota::app
