// Counting messages in Redis, for one loop: each is one script there, answered within the time allowed or not at all. A server that fails
// is left alone for a second (circuit.h), and then asked for one message, so that no other waits for it.
//
// Nothing is asked twice: a question without an answer in time may have been counted all the same, and then the store is too strict by it,
// never too lax. A node of a Cluster that sends a question on has not counted it: it is asked where it is sent, within the same time.
//
// Lives on its loop; destroyed after the loop has stopped for good. Tested by limits_store_test.cc and tests/system/test_limits_store.py.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "directory/limits_script.h"
#include "directory/limits_store_settings.h"
#include "directory/redis_route.h"
#include "net/loop.h"

namespace exota::directory {

class LimitsStore {
public:
    /// Messages whose answer is due; more are not counted.
    static constexpr std::size_t max_under_way = 5'000;
    /// So often a question is sent on.
    static constexpr int max_redirections = 3;
    /// unavailable: it cannot be asked now; timeout, closed: it did not answer; protocol, too_long, invalid_data: it answered something
    /// else.
    using Done = std::move_only_function<void(base::Result<StoreCount>)>;

    LimitsStore(net::Loop& loop, const LimitsStoreSettings& settings, const RedisServers& servers);
    ~LimitsStore();
    LimitsStore(const LimitsStore&) = delete;
    LimitsStore& operator=(const LimitsStore&) = delete;

    /// Connects. Once.
    void start();
    /// Asking for this tenant makes sense now. If not, why_not() says why.
    bool lets_through(std::string_view tenant_name);
    std::string why_not(std::string_view tenant_name);
    /// @param done  called once, within the call or later on the loop; not after this object is gone.
    void count(MessageToCount message, Done done);

private:
    static std::string why_not(const RedisNode& node);

    using Clock = std::chrono::steady_clock;
    struct Question {
        MessageToCount message;
        Done done;
        Clock::time_point due;
        std::shared_ptr<RedisNode> node;
        Circuit::Pass pass = Circuit::Pass::none;
        std::list<std::shared_ptr<Question>>::iterator place = {};
        int redirections = 0;
        bool asking = false;  // where it was sent by ASK
        bool over = false;
    };

    void send(const std::shared_ptr<Question>& question, Script script);
    void heard(const std::shared_ptr<Question>& question, Script script, base::Result<RedisReply> reply);
    void follow(const std::shared_ptr<Question>& question, const Redirection& to);
    /// @param node_failed  it is left alone for a while.
    enum class NodeFailed : std::uint8_t { no, yes };
    void finish(const std::shared_ptr<Question>& question, base::Result<StoreCount> result, NodeFailed node_failed);
    void watch();
    void look();

    net::Loop& loop_;
    const std::chrono::milliseconds timeout_;
    const std::string prefix_;
    const std::unique_ptr<RedisRoute> route_;
    net::Timer timer_;
    bool watching_ = false;
    std::list<std::shared_ptr<Question>> questions_;  // the oldest first: all may take the same time
};

}  // namespace exota::directory
