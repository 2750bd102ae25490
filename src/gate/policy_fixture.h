// For tests: what only the outside can do for MTA-STS, done by the test.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/mta_sts_policies.h"
#include "gate/world.h"

namespace exota::gate::testing {

inline std::string policy_text(std::string_view mode, long max_age, std::string_view mx = "*.test") {
    return "version: STSv1\nmode: " + std::string(mode) + "\nmax_age: " + std::to_string(max_age) + "\nmx: " + std::string(mx) + "\n";
}

class KeptPolicies : public PolicySource {
public:
    explicit KeptPolicies(World& world) : world_(world) {}

    void fetch(const std::string& host, Fetched fetched) override {
        ++fetches;
        asked_host = host;
        waiting_.push_back(std::move(fetched));
        if (!silent) deliver();
    }
    std::optional<std::string> load(const std::string& domain) override {
        ++loads;
        const auto found = kept.find(domain);
        return found != kept.end() ? std::optional(found->second) : std::nullopt;
    }
    void store(const std::string& domain, const std::string& text) override { kept[domain] = text; }

    /// What was asked for is there with the next turn of the loop.
    void deliver() {
        for (Fetched& one : std::exchange(waiting_, {}))
            world_.call_soon([one = std::move(one), body = body, full = full] {
                if (full)
                    one(std::nullopt);
                else
                    one(body);
            });
    }

    base::Result<std::string> body = base::fail(base::Errc::unavailable, "nobody there");
    bool silent = false;
    bool full = false;  // nobody is asked any more
    int fetches = 0, loads = 0;
    std::string asked_host;
    std::map<std::string, std::string> kept;

private:
    World& world_;
    std::vector<Fetched> waiting_;
};

}  // namespace exota::gate::testing
