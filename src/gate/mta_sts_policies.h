// MTA-STS policies of the domains that mail is sent to (RFC 8461 section 3 and 5): found by TXT, fetched, kept until they expire.
//
// A policy that is in force holds whatever TXT or a fetch says, unless a newer one was fetched; so who can suppress an answer cannot take
// it away. It is fetched again when TXT names another id, and from the half of its life on whatever TXT says: who can suppress the record
// must not be able to wait for its end. Where there is none and the fetch failed, the next is tried after five minutes. Where there was no
// room to fetch it nothing is known: who asks is put off, so nobody takes a domain's protection away by having us wait for others.
//
// One a loop; what is on disk is shared, and looked at before it is said that no policy is in force: another loop may have fetched one.
// Tested by mta_sts_policies_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authn/dns.h"
#include "authn/mta_sts.h"
#include "base/result.h"
#include "gate/hop_tls.h"

namespace exota::gate {

class World;

/// What only the outside can do.
class PolicySource {
public:
    /// nullopt: nobody was asked, since too many fetches are under way; that says nothing about the policy.
    using Fetched = std::function<void(std::optional<base::Result<std::string>>)>;

    virtual ~PolicySource() = default;
    /// GET https://HOST/.well-known/mta-sts.txt: certificate verified for that name by the system's roots, no redirects, status 200,
    /// text/plain, at most authn::max_mta_sts_policy_octets, within 60 s. Calls back on the loop with the body, once, never before this
    /// returns.
    virtual void fetch(const std::string& host, Fetched fetched) = 0;
    /// What was stored for the domain; nullopt: nothing, or it cannot be read.
    virtual std::optional<std::string> load(const std::string& domain) = 0;
    /// Whole or not at all. Failing is told to the operator by the implementer.
    virtual void store(const std::string& domain, const std::string& text) = 0;
};

class MtaStsPolicies {
public:
    using Found = std::function<void(const StsFound&)>;

    static constexpr std::chrono::seconds retry{300};
    /// After a refresh that failed: an eighth of what is left of the policy's life, but at least `retry` and at most this.
    static constexpr std::chrono::seconds max_refresh_retry{86'400};
    static constexpr std::chrono::milliseconds txt_timeout{20'000};           // for the TXT record; then it cannot be had
    static constexpr std::size_t max_domains = 10'000;                        // that are known in memory; others are read from disk again
    static constexpr std::size_t max_octets = std::size_t{16} * 1024 * 1024;  // of what is known of them all

    /// Both outlive this.
    MtaStsPolicies(World& world, PolicySource& source) : world_(world), source_(source) {}

    /// @param domain  canonical.
    /// @param found   called once, on the loop, possibly before this returns; never if a fetch is never answered.
    void find(const std::string& domain, Found found);
    /// What holds now, without asking anybody but the disk: for who cannot wait for find().
    std::optional<authn::MtaStsPolicy> in_force(const std::string& domain);
    /// In memory.
    std::size_t octets() const noexcept { return octets_; }

private:
    struct Known {
        std::optional<authn::MtaStsEntry> entry{};
        std::chrono::sys_seconds next_try{};    // of a fetch that failed
        std::chrono::sys_seconds refresh_at{};  // of the entry
        std::chrono::sys_seconds read{};        // when that was fetched which was last read from disk
        std::vector<Found> waiting{};           // for the answer that is on its way
        std::shared_ptr<void> txt_late{};       // TXT was asked for and is not heard yet
        bool loaded = false, asked = false, fetching = false;
        std::string failure{};   // of the last fetch
        std::size_t octets = 0;  // as they were counted
    };

    Known& load(const std::string& domain);
    /// What is stored, where it is newer than what is known.
    void read(const std::string& domain, Known& known);
    void keep(Known& known, authn::MtaStsEntry entry);
    void count(Known& known);
    bool is_in_force(Known& known);
    /// The same, after a look at what other loops stored.
    bool is_in_force_anywhere(const std::string& domain, Known& known);
    void heard(const std::string& domain, const authn::DnsAnswer& txt);
    void fetch(const std::string& domain, const std::string& id);
    void fetched(const std::string& domain, const std::string& id, std::optional<base::Result<std::string>> answer);
    /// Whether somebody could be asked for the policy. If not, and none is in force, that is undecided.
    enum class Asked : std::uint8_t { no, yes };
    void tell(const std::string& domain, Asked asked = Asked::yes);
    void make_room();

    World& world_;
    PolicySource& source_;
    std::map<std::string, Known> known_;
    std::size_t octets_ = 0;
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace exota::gate
