// gate::PolicySource on a loop: MTA-STS policies by HTTPS from where DNS says they are, and those on disk (mta_sts_store.h).
//
// Tested by policy_fetch_test.cc and tests/system/test_relay_policies.py.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

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
    std::chrono::milliseconds deadline{60'000};                      // names, connecting, answer (RFC 8461 section 3.3)
    std::function<bool(const base::IpAddress&)> may_dial = nullptr;  // null: whatever is not loopback, link-local or nowhere
};

/// On its loop.
class PolicyFetch final : public gate::PolicySource {
public:
    /// Fetches under way at one time; one more fails.
    static constexpr std::size_t max_fetches = 64;

    /// All outlive this object. @param store  nullptr: nothing is kept on disk.
    PolicyFetch(net::Loop& loop, gate::World& world, MtaStsStore* store, PolicyFetchOptions options = {});
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
    void ask(const std::shared_ptr<Fetch>& fetch);
    void finish(const std::shared_ptr<Fetch>& fetch, base::Result<std::string> body);

    net::Loop& loop_;
    gate::World& world_;
    MtaStsStore* const store_;
    const PolicyFetchOptions options_;
    std::shared_ptr<const net::TlsContext> context_;
    std::set<std::shared_ptr<Fetch>> under_way_;
};

}  // namespace exota::app
