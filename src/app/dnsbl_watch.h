// Tests the DNS lists of inbound doors (RFC 5782 section 5): at start and when one is new, then each hour; one that does not answer each
// minute. A list that fails is out of use, and the log says so each time.
//
// Lives on the control loop, with a resolver of its own. Tested by dnsbl_watch_test.cc and tests/system/test_inbound.py.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gate/door_lists.h"

namespace exota::gate {
class World;
}

namespace exota::app {

class DnsblWatch {
public:
    static constexpr std::chrono::minutes interval{60}, retry{1};
    static constexpr std::chrono::milliseconds deadline{20'000};  // for the answers to one test

    struct News {
        const authn::Dnsbl& list;
        gate::DnsblState::Family family;
        authn::DnsblWorks works;  // never `pending`
        bool changed = false;     // it is of another use than was told last
    };
    /// @param world  outlives this object.
    /// @param tell   hears what each test showed.
    DnsblWatch(gate::World& world, std::function<void(const News&)> tell);
    ~DnsblWatch();

    /// These are in force. Those that are new are tested now; what is under way and when the others are tested stays, however often this is
    /// called. nullptr: there are none.
    void use(std::shared_ptr<const gate::DoorLists> lists);

private:
    struct Round;
    void look();
    enum class Which : std::uint8_t { untested, unknown, all };
    void begin(Which which);
    void tested(const gate::DnsblInUse& dnsbl, gate::DnsblState::Family family, authn::DnsblWorks works);
    void ended(const Round& round);
    void schedule();

    gate::World& world_;
    std::function<void(const News&)> tell_;
    std::shared_ptr<const gate::DoorLists> lists_;
    std::vector<std::shared_ptr<Round>> rounds_;  // under way, each of other lists
    std::shared_ptr<void> timer_;
    std::size_t minutes_ = 0;                                                                 // since all were tested
    std::map<std::pair<std::string, gate::DnsblState::Family>, gate::DnsblState::Use> told_;  // last, by zone
};

}  // namespace exota::app
