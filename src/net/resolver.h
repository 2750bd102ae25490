// DNS look-ups on a loop: libunbound, validating and caching, one context a loop, no threads.
//
// An answer is the packet as it came plus what validation said of it: authn/dns_message.h reads it. "Could not be found out" is an
// answer of its own and never looks like "not there".
//
// Tested by resolver_test.cc and tests/system (servers killed, hung and lying).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/counter.h"

namespace exota::net {

class Loop;

enum class Dnssec : std::uint8_t {
    automatic,  // validate if the servers pass DNSSEC on, else warn and do without until they do
    on,         // always validate
    off,
};

struct ResolverSettings {
    std::vector<std::string> servers;  // "192.0.2.53" or "127.0.0.1@5353"; empty: those of resolv.conf
    std::string resolv_conf = "/etc/resolv.conf";
    std::vector<std::pair<std::string, std::string>> stub_zones;  // zone, "address@port": asked there and nowhere else
    std::vector<std::string> trust_anchor_files{"/usr/share/dns/root.key"};
    Dnssec dnssec = Dnssec::automatic;
    std::vector<std::string> open_zones;               // names that libunbound answers by itself otherwise ("test.")
    std::chrono::milliseconds timeout{5000};           // of one question
    std::size_t max_in_flight = 4096;                  // of one loop; above: refused at once
    std::chrono::milliseconds probe_interval{60'000};  // automatic: between two looks whether the servers pass DNSSEC on by now
    friend bool operator==(const ResolverSettings&, const ResolverSettings&) = default;
};

enum class Validation : std::uint8_t { insecure, secure, bogus };

struct RawAnswer {
    bool answered = false;  // false: nobody could be asked, or not in time; `why` says so
    int rcode = 2;
    Validation validation = Validation::insecure;
    std::string packet;  // DNS wire format; may be empty
    std::string why;
};

struct ResolverCounters {
    Counter questions;
    Counter answered, bogus, timed_out, refused, failed;  // how they ended, each in one way; refused: above max_in_flight
    Counter without_validation;                           // 1: it does without, since the servers do not pass DNSSEC on
};

class Resolver {
public:
    using Done = std::function<void(RawAnswer)>;

    /// @return  invalid_data naming the setting that libunbound does not take.
    /// @param counters  where to count; must outlive the resolver. nullptr: it counts for itself.
    static base::Result<std::unique_ptr<Resolver>> create(Loop& loop, const ResolverSettings& settings,
                                                          ResolverCounters* counters = nullptr);
    /// On the loop's thread; what is in flight is never called back.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Asks for records of class IN. `done` is called exactly once, on the loop, never before this returns.
    void resolve(std::string_view name, std::uint16_t type, Done done);

    /// Looks whether the servers pass DNSSEC on: the root's DNSKEY validates. With Dnssec::automatic and a clear no, validation is off
    /// until an answer validates. `done` gets what to tell the operator; empty: all is well. It is called exactly once, on the loop, never
    /// before this returns; while another look is under way, with that.
    void probe_dnssec(std::function<void(std::string)> done);

    struct DnssecNews {
        bool good = false;  // answers are validated from now on, and were not before, or nobody knew
        std::string text;
    };
    /// The same again and again, every probe_interval, until an answer validated; that stays: who can suppress a signature once, or later,
    /// does not switch validation off. `tell` hears of every change, not of every look.
    void watch_dnssec(std::function<void(DnssecNews)> tell);
    /// While it is watched and no answer has validated yet: looks now.
    void look_again();

    const ResolverCounters& counters() const noexcept;
    std::size_t in_flight() const noexcept;

private:
    struct Parts;
    explicit Resolver(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// What libunbound says against the settings; nullopt: nothing. Makes a resolver and throws it away.
std::optional<std::string> problem_of(const ResolverSettings& settings);

}  // namespace exota::net
