#include "gate/client_check.h"

#include <cassert>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "authn/dnsbl.h"
#include "decision/judge_inbound.h"
#include "gate/door_lists.h"
#include "gate/judge.h"
#include "gate/reverse_name.h"
#include "gate/world.h"

namespace exota::gate {

using decision::ClientStanding;

/// What call-backs of the world hold weakly.
struct ClientCheck::Lookup : std::enable_shared_from_this<Lookup> {
    Lookup(World& of_loop, std::shared_ptr<const Snapshot> in_force, const evidence::Session& of, std::function<void()> when_settled)
        : world(of_loop),
          snapshot(std::move(in_force)),
          is_trusted(snapshot->rules.inbound && decision::is_trusted_client(of, snapshot->rules)),
          settled(std::move(when_settled)) {
        if (const base::IpAddress* const seen = evidence::value_of(of.client.address)) address = *seen;
    }

    void begin() {
        has_begun = true;
        if (!address || !snapshot->door || any_contains(snapshot->rules.bypass_clients, *address)) return settle({});
        const DoorLists& lists = *snapshot->door;
        const auto today = std::chrono::floor<std::chrono::days>(world.now());
        if (lists.allowed && lists.allowed->find(*address, today)) return settle_as(ClientStanding::Is::allowed);
        if (lists.blocked && lists.blocked->find(*address, today)) return settle_as(ClientStanding::Is::blocked);
        if (is_trusted) return settle({});
        family = address->is_v4() ? DnsblState::Family::ipv4 : DnsblState::Family::ipv6;
        for (const DnsblInUse& dnsbl : lists.dnsbl) asked.push_back({&dnsbl.list, dnsbl.state->in_use(family)});
        if (lists.require_ptr) {
            name.emplace(world, address, [this] { go_on(); });
            name->ask();
        }
        timer = world.call_after(deadline, [weak = weak_from_this()] {
            if (const auto late = weak.lock()) late->time_is_up();
        });
        go_on();
    }

    void go_on() {
        if (known) return;
        for (;;) {
            outcome = authn::check_dnsbl(*address, asked, snapshot->door->threshold, dns, out_of_time);
            if (!outcome.pending) break;
            if (resolve_pending()) return;
        }
        if (outcome.listed)
            return settle({.is = ClientStanding::Is::listed,
                           .list = outcome.heaviest == nullptr ? std::string() : outcome.heaviest->shown(),
                           .text = outcome.text});
        if (name && name->state() == ReverseName::State::asking && !out_of_time) return;
        settle_as(name && name->state() == ReverseName::State::none ? ClientStanding::Is::no_reverse_name : ClientStanding::Is::passes);
    }

    /// @return  some answer is still to come.
    bool resolve_pending() {
        for (authn::DnsQuestion& question : dns.take_pending()) {
            if (!asked_names.insert(question).second) continue;  // its answer is on the way
            const bool is_asked = world.resolve(question, [weak = weak_from_this(), question](authn::DnsAnswer answer) {
                const auto asking = weak.lock();
                if (!asking || asking->known) return;
                --asking->outstanding;
                asking->dns.put(question, std::move(answer));
                asking->go_on();
            });
            if (is_asked) {
                ++outstanding;
            } else {
                unasked.insert(question);
                dns.put(std::move(question), {.status = authn::DnsStatus::temporary_failure});
            }
        }
        return outstanding > 0;
    }

    void time_is_up() {
        out_of_time = true;
        go_on();
    }

    void settle_as(ClientStanding::Is is) {
        ClientStanding with;
        with.is = is;
        settle(std::move(with));
    }

    void settle(ClientStanding with) {
        note_answers();
        standing = std::move(with);
        known = true;
        timer.reset();
        if (has_returned) settled();
    }

    /// How the lists fare: each once, whatever filters it has, and only those that were asked.
    void note_answers() {
        using authn::DnsblSays;
        std::map<DnsblState*, DnsblSays> said;
        for (std::size_t i = 0; i < outcome.says.size(); ++i) {
            const DnsblSays says = outcome.says[i];
            if (!asked[i].in_use || says == DnsblSays::pending) continue;
            if (unasked.contains({asked[i].list->question(*address), authn::RecordType::a})) continue;  // no silence of the list's
            const auto noted = said.try_emplace(snapshot->door->dnsbl[i].state.get(), says).first;
            if (says == DnsblSays::listed) noted->second = says;
        }
        for (const auto& [state, says] : said) state->said(family, says);
    }

    World& world;
    const std::shared_ptr<const Snapshot> snapshot;
    const bool is_trusted;
    std::optional<base::IpAddress> address;
    std::function<void()> settled;
    DnsblState::Family family = DnsblState::Family::ipv4;
    std::vector<authn::AskedDnsbl> asked;
    authn::Dns dns;
    std::set<authn::DnsQuestion> asked_names, unasked;  // unasked: by our own limits
    authn::DnsblOutcome outcome;
    std::size_t outstanding = 0;  // questions
    std::optional<ReverseName> name;
    std::shared_ptr<void> timer;
    ClientStanding standing;
    bool has_begun = false, has_returned = false;  // ask()
    bool known = false, out_of_time = false;
};

ClientCheck::ClientCheck(World& world, std::shared_ptr<const Snapshot> snapshot, const evidence::Session& session,
                         std::function<void()> settled)
    : lookup_(std::make_shared<Lookup>(world, std::move(snapshot), session, std::move(settled))) {}
ClientCheck::~ClientCheck() = default;

bool ClientCheck::ask() {
    if (!lookup_->has_begun) lookup_->begin();
    lookup_->has_returned = true;
    return lookup_->known;
}

bool ClientCheck::is_known() const noexcept { return lookup_->known; }

const ClientStanding& ClientCheck::standing() const noexcept {
    assert(lookup_->known);
    return lookup_->standing;
}

}  // namespace exota::gate
