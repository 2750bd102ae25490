// From a destination to the connections that are to be tried for it, one after another: mail_hosts.h says which hosts, hop_tls.h what each
// must show; what the two ask for is asked of the world.
//
// Tested by hop_search_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "authn/dns.h"
#include "gate/hop_tls.h"
#include "gate/mail_hosts.h"

namespace exota::gate {

class MtaStsPolicies;
class World;

namespace reply {
inline constexpr smtp::FixedReply tls_unfit{451, "4.7.5", "No mail server of this domain can be authenticated; try again"};
}

/// One connection that may be tried.
struct HopTarget {
    std::string host;
    base::IpAddress address;
    std::uint16_t port = smtp_port;
    std::shared_ptr<const HopTls> tls;  // what it must show; shared by the addresses of a host
};

struct FoundHops {
    std::vector<HopTarget> targets;  // none: `failure` is the reply
    smtp::FixedReply failure{};
    std::string why;          // hosts that were left out, and what could not be found out, for the log; parted by "; "
    bool some_unfit = false;  // hosts were left out since TLS with them could not be what it must
};

/// Connections that are tried for one destination.
inline constexpr std::size_t max_hop_targets = 40;

/// A function of what is known so far. @return nullopt: questions are pending in `dns`, or `needs_policy` is set.
std::optional<FoundHops> find_hops(const Destination& destination, const TlsRules& rules, const OwnPlaces& own, std::uint32_t turn,
                                   authn::Dns& dns, const StsFound* sts, bool& needs_policy);

/// One search under way. Destroyed: nothing is called any more.
class HopSearch : public std::enable_shared_from_this<HopSearch> {
public:
    using Found = std::function<void(FoundHops)>;

    /// @param policies  nullptr: MTA-STS is not asked for.
    /// @param found     called once, on the loop, never before this returns.
    static std::shared_ptr<HopSearch> begin(World& world, MtaStsPolicies* policies, std::shared_ptr<const RelaySettings> settings,
                                            Destination destination, Found found);

    HopSearch(World& world, MtaStsPolicies* policies, std::shared_ptr<const RelaySettings> settings, Destination destination, Found found);

private:
    void go_on();
    void ask_names();
    void ask_policy();
    void heard_policy(const StsFound& sts);
    void do_without_answer();
    /// Time is up: what is not known by now cannot be found out.
    void give_up();

    World& world_;
    MtaStsPolicies* policies_;
    std::shared_ptr<const RelaySettings> settings_;
    Destination destination_;
    Found found_;
    TlsRules rules_;
    std::uint32_t turn_ = 0;
    authn::Dns dns_;
    std::optional<StsFound> sts_;
    std::vector<authn::DnsQuestion> unanswered_;
    bool waits_for_policy_ = false, out_of_time_ = false;
    std::shared_ptr<void> deadline_;
};

}  // namespace exota::gate
