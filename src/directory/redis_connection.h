// A connection to one Redis server on a loop: it logs in, then commands go out as they come and are answered in their order. When it is
// lost it is made again, with a back-off. Nothing waits, and nothing is asked twice: whoever counts must not be counted twice.
//
// Lives on the loop's thread; destroyed after the loop has stopped for good, or on the loop. Tested by redis_connection_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "directory/redis_replies.h"
#include "directory/redis_url.h"
#include "net/loop.h"
#include "net/tls_context.h"

namespace exota::directory {

struct RedisServer {
    RedisUrl url;
    std::string password = {};                            // empty: none is said; in no message, log or core
    std::shared_ptr<const net::TlsContext> context = {};  // where url.tls
    bool must_be_master = false;                          // else it is not the server that is meant
    std::chrono::milliseconds login_time{2'000};          // for connecting, TLS and logging in together
    /// A question that has no answer for so long ends the connection: it may be cut without a word.
    std::chrono::milliseconds silence{2'000};
};

class RedisConnection {
public:
    /// Questions that have no answer yet; more fail at once.
    static constexpr std::size_t max_questions = 10'000;
    static constexpr std::chrono::milliseconds first_wait{100}, longest_wait{1'000};

    struct Heard {
        std::function<void()> ready;                       // logged in: it can be asked
        std::function<void(const std::string& why)> lost;  // or could not be made; it is tried again. For people
    };
    /// unavailable: there is no connection; closed: it ended before the answer; protocol, too_long: what came is none, and ended it. An
    /// error that the server replies is a reply, without the password should it quote it.
    using Done = std::move_only_function<void(base::Result<RedisReply>)>;

    RedisConnection(net::Loop& loop, RedisServer server, Heard heard);
    ~RedisConnection();
    RedisConnection(const RedisConnection&) = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;

    /// Connects, and again whenever the connection is lost. Once.
    void start();
    bool is_ready() const noexcept;
    /// Why it is not ready, for people; empty: nothing is known against it.
    const std::string& why() const noexcept;
    const RedisUrl& url() const noexcept;
    /// @param command  as redis_command() makes it; exactly one reply is due for it.
    /// @param done     called once, within the call or later on the loop; not after this object is gone. It may destroy this object.
    void ask(const std::string& command, Done done);
    /// Hears what has come already, for who is about to give a question up.
    void hear_now();

private:
    class Parts;
    std::shared_ptr<Parts> parts_;
};

}  // namespace exota::directory
