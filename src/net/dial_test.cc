#include "net/dial.h"

#include <sys/socket.h>

#include <gtest/gtest.h>

#include <future>

#include "net/listener.h"
#include "net/testing.h"

namespace exota::net {
namespace {

using namespace std::chrono_literals;
using testing::LoopThread;
using testing::TemporaryDirectory;

base::Result<Descriptor> dial(const Address& to, std::chrono::milliseconds deadline = 1h) {
    LoopThread thread;
    std::promise<base::Result<Descriptor>> done;
    std::unique_ptr<Dial> dial;
    thread.call([&] {
        dial = std::make_unique<Dial>(thread.loop());
        dial->start(to, deadline, [&](base::Result<Descriptor> result) { done.set_value(std::move(result)); });
    });
    base::Result<Descriptor> result = done.get_future().get();
    thread.call([&] { dial.reset(); });
    return result;
}

TEST(Dial, somebody_is_there) {
    const TemporaryDirectory directory;
    for (const std::string& endpoint : {std::string("inet:127.0.0.1:0"), "unix:" + directory.path("s")}) {
        auto listener = Listener::open(*Endpoint::parse(endpoint), {}, 1);
        ASSERT_TRUE(listener);
        const base::Result<Descriptor> socket = dial(*Address::of(*Endpoint::parse(listener->bound())));
        ASSERT_TRUE(socket) << socket.error().detail;
        const Descriptor accepting = listener->take(0);
        const Descriptor accepted(::accept4(accepting.get(), nullptr, nullptr, SOCK_CLOEXEC));
        ASSERT_TRUE(testing::send_all(*socket, "x"));
        EXPECT_EQ(testing::receive(accepted, 1), "x");
    }
}

TEST(Dial, nobody_is_there) {
    const TemporaryDirectory directory;
    std::string bound;
    {
        auto listener = Listener::open(*Endpoint::parse("inet:127.0.0.1:0"), {}, 1);
        ASSERT_TRUE(listener);
        bound = listener->bound();
    }
    for (const Address& nobody : {*Address::of(*Endpoint::parse(bound)), Address::of_socket(directory.path("none"))}) {
        const base::Result<Descriptor> socket = dial(nobody);
        ASSERT_FALSE(socket) << nobody.text();
        EXPECT_EQ(socket.error().code, base::Errc::unavailable) << socket.error().detail;
        EXPECT_TRUE(socket.error().detail.starts_with(nobody.text())) << socket.error().detail;
    }
    EXPECT_EQ(dial(Address{}).error().code, base::Errc::invalid_data);
}

/// A queue of one that nobody empties: of TCP a connection that does not come about, of Unix one that is refused at once.
TEST(Dial, a_queue_that_is_full) {
    const TemporaryDirectory directory;
    for (const std::string& endpoint : {std::string("inet:127.0.0.1:0"), "unix:" + directory.path("s")}) {
        auto listener = Listener::open(*Endpoint::parse(endpoint), {.socket_mode = {}, .socket_group = {}, .backlog = 0}, 1);
        ASSERT_TRUE(listener);
        const Address address = *Address::of(*Endpoint::parse(listener->bound()));
        std::vector<Descriptor> waiting;
        base::Result<Descriptor> socket;
        for (int i = 0; i < 10; ++i) {
            socket = dial(address, 20ms);
            if (!socket) break;
            waiting.push_back(std::move(*socket));
        }
        ASSERT_FALSE(socket) << endpoint;
        EXPECT_EQ(socket.error().code, address.is_tcp() ? base::Errc::timeout : base::Errc::unavailable) << socket.error().detail;
    }
}

TEST(Dial, what_is_cancelled_or_replaced_says_nothing) {
    auto listener = Listener::open(*Endpoint::parse("inet:127.0.0.1:0"), {}, 1);
    ASSERT_TRUE(listener);
    const Address address = *Address::of(*Endpoint::parse(listener->bound()));
    LoopThread thread;
    std::promise<void> done;
    int others = 0;
    std::unique_ptr<Dial> dial, gone;
    thread.call([&] {
        const auto never = [&](const base::Result<Descriptor>&) { ++others; };
        gone = std::make_unique<Dial>(thread.loop());
        gone->start(address, 1h, never);
        gone.reset();
        dial = std::make_unique<Dial>(thread.loop());
        dial->start(address, 1h, never);
        dial->cancel();
        dial->start(Address::of_socket("/nobody/there"), 1h, never);
        dial->start(address, 1h, [&](const base::Result<Descriptor>& result) {
            EXPECT_TRUE(result);
            dial.reset();  // from within
            done.set_value();
        });
    });
    done.get_future().get();
    thread.call([] {});
    EXPECT_EQ(others, 0);
}

}  // namespace
}  // namespace exota::net
