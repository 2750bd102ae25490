#include "app/dnsbl_watch.h"

#include <algorithm>
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

    /// Those that no other round tests.
    void add(Which which, const std::set<const DnsblState*>& tested_elsewhere) {
        std::set<const DnsblState*> added = tested_elsewhere;
        for (const gate::DnsblInUse& dnsbl : lists->dnsbl) {
            if (!added.insert(dnsbl.state.get()).second) continue;  // another filter of the same list
            for (const auto family : DnsblState::families) {
                const DnsblState::Use use = dnsbl.state->use(family);
                const bool is_unknown = use == DnsblState::Use::untested || (which == Which::unknown && use == DnsblState::Use::silent);
                if (which == Which::all || is_unknown) tests.push_back({&dnsbl, family});
            }
        }
    }

    /// Each list is told of as soon as it is known: one that hangs holds up no other.
    void go_on() {
        if (is_over) return;
        bool pending = false;
        for (Test& test : tests) {
            if (test.works != DnsblWorks::pending) continue;
            test.works = authn::test_dnsbl(test.dnsbl->list, test.family == DnsblState::Family::ipv4, dns);
            if (test.works == DnsblWorks::pending)
                pending = true;
            else
                watch.tested(*test.dnsbl, test.family, test.works);
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
        for (const Test& test : tests)
            if (test.works == DnsblWorks::pending) watch.tested(*test.dnsbl, test.family, DnsblWorks::no_answer);
        watch.ended(*this);
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
    if (!lists_ || lists_->dnsbl.empty()) {
        rounds_.clear();
        timer_.reset();
        told_.clear();
        return;
    }
    std::erase_if(told_, [&](const auto& told) {
        return std::ranges::none_of(lists_->dnsbl, [&](const auto& one) { return one.list.zone() == told.first.first; });
    });
    begin(Which::untested);
    if (!timer_) schedule();
}

void DnsblWatch::schedule() {
    timer_ = world_.call_after(retry, [this] { look(); });
}

void DnsblWatch::look() {
    const bool all = ++minutes_ * retry >= interval;
    if (all) minutes_ = 0;
    begin(all ? Which::all : Which::unknown);
    schedule();
}

void DnsblWatch::begin(Which which) {
    std::set<const DnsblState*> under_way;
    for (const auto& round : rounds_)
        for (const Round::Test& test : round->tests) under_way.insert(test.dnsbl->state.get());
    const auto round = std::make_shared<Round>(*this, lists_);
    round->add(which, under_way);
    if (round->tests.empty()) return;
    rounds_.push_back(round);
    round->timer = world_.call_after(deadline, [weak = std::weak_ptr(round)] {
        if (const auto late = weak.lock()) late->finish();
    });
    round->go_on();
}

void DnsblWatch::ended(const Round& round) {
    std::erase_if(rounds_, [&](const auto& one) { return one.get() == &round; });
}

void DnsblWatch::tested(const gate::DnsblInUse& dnsbl, DnsblState::Family family, DnsblWorks works) {
    dnsbl.state->tested(family, works);
    if (std::ranges::none_of(lists_->dnsbl, [&](const auto& one) { return one.state == dnsbl.state; })) return;  // not in force any more
    const DnsblState::Use use = dnsbl.state->use(family);
    DnsblState::Use& told = told_.try_emplace({dnsbl.list.zone(), family}, DnsblState::Use::untested).first->second;
    tell_({dnsbl.list, family, works, std::exchange(told, use) != use});
}

}  // namespace exota::app
