#include "app/dnsbl_watch.h"

#include <set>
#include <utility>
#include <vector>

#include "gate/world.h"

namespace exota::app {

using authn::DnsblWorks;
using gate::DnsblState;

/// Lists that are tested together, and what DNS has said so far.
struct DnsblWatch::Round : std::enable_shared_from_this<Round> {
    Round(DnsblWatch& owner, std::shared_ptr<const gate::DoorLists> of) : watch(owner), lists(std::move(of)) {}

    struct Test {
        const gate::DnsblInUse* dnsbl;
        DnsblState::Family family;
        DnsblWorks works = DnsblWorks::pending;
    };

    void add(bool all) {
        std::set<const DnsblState*> added;
        for (const gate::DnsblInUse& dnsbl : lists->dnsbl) {
            if (!added.insert(dnsbl.state.get()).second) continue;  // another filter of the same list
            for (const auto family : DnsblState::families) {
                const DnsblState::Use use = dnsbl.state->use(family);
                if (all || use == DnsblState::Use::untested || use == DnsblState::Use::silent) tests.push_back({&dnsbl, family});
            }
        }
    }

    void go_on() {
        if (is_over) return;
        bool pending = false;
        for (Test& test : tests) {
            test.works = authn::test_dnsbl(test.dnsbl->list, test.family == DnsblState::Family::ipv4, dns);
            pending |= test.works == DnsblWorks::pending;
        }
        if (pending && resolve_pending()) return;
        finish();
    }

    /// @return  some answer is still to come.
    bool resolve_pending() {
        for (authn::DnsQuestion& question : dns.take_pending()) {
            if (!asked_names.insert(question).second) continue;  // its answer is on the way
            const bool is_asked = watch.world_.resolve(question, [weak = weak_from_this(), question](authn::DnsAnswer answer) {
                const auto asking = weak.lock();
                if (!asking) return;
                --asking->outstanding;
                asking->dns.put(question, std::move(answer));
                asking->go_on();
            });
            if (is_asked) ++outstanding;
        }
        return outstanding > 0;
    }

    /// What has not answered by now has no answer.
    void finish() {
        if (std::exchange(is_over, true)) return;
        for (Test& test : tests)
            if (test.works == DnsblWorks::pending) test.works = DnsblWorks::no_answer;
        watch.tested(*this);
    }

    DnsblWatch& watch;
    const std::shared_ptr<const gate::DoorLists> lists;
    std::vector<Test> tests;
    authn::Dns dns;
    std::set<authn::DnsQuestion> asked_names;
    std::size_t outstanding = 0;
    bool is_over = false;
    std::shared_ptr<void> timer;
};

DnsblWatch::DnsblWatch(gate::World& world, std::function<void(const News&)> tell) : world_(world), tell_(std::move(tell)) {}
DnsblWatch::~DnsblWatch() = default;

void DnsblWatch::use(std::shared_ptr<const gate::DoorLists> lists) {
    lists_ = std::move(lists);
    round_.reset();
    timer_.reset();
    if (!lists_ || lists_->dnsbl.empty()) return;
    begin(false);
    schedule();
}

void DnsblWatch::schedule() {
    timer_ = world_.call_after(retry, [this] { look(); });
}

void DnsblWatch::look() {
    const bool all = ++minutes_ * retry >= interval;
    if (all) minutes_ = 0;
    begin(all);
    schedule();
}

void DnsblWatch::begin(bool all) {
    round_ = std::make_shared<Round>(*this, lists_);
    round_->add(all);
    if (round_->tests.empty()) return round_.reset();
    round_->timer = world_.call_after(deadline, [weak = std::weak_ptr(round_)] {
        if (const auto late = weak.lock()) late->finish();
    });
    const auto alive = round_;
    alive->go_on();
}

void DnsblWatch::tested(const Round& round) {
    for (const Round::Test& test : round.tests) {
        DnsblState& state = *test.dnsbl->state;
        const DnsblState::Use before = state.use(test.family);
        state.tested(test.family, test.works);
        tell_({test.dnsbl->list, test.family, test.works, state.use(test.family) != before});
    }
}

}  // namespace exota::app
