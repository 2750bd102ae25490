// gate::PolicySource on a loop: MTA-STS policies by HTTPS from where DNS says they are, and those on disk (mta_sts_store.h).
//
// Who comes when as many fetches as may be are under way waits for one of them to end, in the order of coming. While somebody waits, no
// fetch may take longer than `fair_share`: hosts that are slow, whoever has them and however many, keep nobody else waiting for long. Whose
// turn does not come within `max_wait` has asked nobody (PolicySource::Fetched).
//
// Tested by policy_fetch_test.cc and tests/system/test_relay_policies.py.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "gate/mta_sts_policies.h"
#include "net/https_get.h"

namespace exota::gate {
class World;
}

namespace exota::app {

class MtaStsStore;

struct PolicyFetchOptions {
    std::uint16_t port = net::https_port;
    std::chrono::milliseconds deadline{60'000};    // a wait, names, connecting, answer (RFC 8461 section 3.3)
    std::chrono::milliseconds fair_share{10'000};  // of that, while others wait
    std::chrono::milliseconds max_wait{20'000};
    std::function<bool(const base::IpAddress&)> may_dial = nullptr;  // null: whatever is not loopback, link-local or nowhere
};

/// On its loop.
class PolicyFetch final : public gate::PolicySource {
public:
    /// Hears why a policy could not be kept or read.
    using Trouble = std::function<void(std::string_view)>;

    /// Fetches under way at one time, and waiting for one of them to end; one more asks nobody.
    static constexpr std::size_t max_fetches = 64, max_waiting = 256;

    /// All outlive this object. @param store  nullptr: nothing is kept on disk, and `trouble` is never called.
    PolicyFetch(net::Loop& loop, gate::World& world, MtaStsStore* store, Trouble trouble = nullptr, PolicyFetchOptions options = {});
    ~PolicyFetch() override;

    /// With the roots that are trusted from now on; before the first fetch. nullptr: with those that it has, since sessions from before a
    /// reload that ended MTA-STS go by it still.
    void use(std::shared_ptr<const net::TlsContext> context) {
        if (context) context_ = std::move(context);
    }

    void fetch(const std::string& host, Fetched fetched) override;
    std::optional<std::string> load(const std::string& domain) override;
    void store(const std::string& domain, const std::string& text) override;

private:
    struct Fetch;
    using Answer = std::optional<base::Result<std::string>>;

    void begin(const std::shared_ptr<Fetch>& fetch);
    void ask(const std::shared_ptr<Fetch>& fetch);
    void finish(const std::shared_ptr<Fetch>& fetch, Answer answer);
    /// While somebody waits: when the oldest fetch must end.
    void watch_shares();

    net::Loop& loop_;
    gate::World& world_;
    MtaStsStore* const store_;
    const Trouble trouble_;
    const PolicyFetchOptions options_;
    std::shared_ptr<const net::TlsContext> context_;
    std::deque<std::shared_ptr<Fetch>> under_way_, waiting_;  // the oldest first
    net::Timer shares_;
};

}  // namespace exota::app
