#include "gate/hop_search.h"

#include <utility>

#include "gate/mta_sts_policies.h"
#include "gate/world.h"

namespace exota::gate {

using Is = TlsChoice::Is;

namespace {

void add(std::string& list, std::string_view text) {
    if (text.empty()) return;
    list.append(list.empty() ? "" : "; ").append(text);
}

}  // namespace

std::optional<FoundHops> find_hops(const Destination& destination, const TlsRules& rules, const OwnPlaces& own, std::uint32_t turn,
                                   authn::Dns& dns, const StsFound* sts, bool& needs_policy) {
    needs_policy = false;
    const auto hosts = find_mail_hosts(destination, dns, own, turn);
    if (!hosts) return std::nullopt;
    FoundHops found;
    if (!*hosts) {
        found.failure = hosts->error();
        return found;
    }
    if (sts != nullptr) add(found.why, sts->failure);
    bool pending = false;
    for (const MailHost& host : **hosts) {
        TlsChoice choice = choose_tls(host, destination.port, rules, dns, sts);
        pending = pending || choice.is == Is::needs_dns || choice.is == Is::needs_policy;
        needs_policy = needs_policy || choice.is == Is::needs_policy;
        add(found.why, choice.why);
        found.some_unfit = found.some_unfit || choice.is == Is::unfit;
        if (choice.is != Is::chosen) continue;
        const auto tls = std::make_shared<const HopTls>(std::move(choice.tls));
        for (const base::IpAddress& address : host.addresses)
            if (found.targets.size() < max_hop_targets) found.targets.push_back({host.name, address, destination.port, tls});
    }
    if (pending) return std::nullopt;
    if (found.targets.empty()) found.failure = reply::tls_unfit;
    return found;
}

HopSearch::HopSearch(World& world, MtaStsPolicies* policies, std::shared_ptr<const RelaySettings> settings, Destination destination,
                     Found found)
    : world_(world),
      policies_(policies),
      settings_(std::move(settings)),
      destination_(std::move(destination)),
      found_(std::move(found)),
      rules_(tls_rules(*settings_, destination_)),
      turn_(static_cast<std::uint32_t>(world.instant().time_since_epoch().count())) {
    rules_.mta_sts = rules_.mta_sts && policies_ != nullptr;
}

std::shared_ptr<HopSearch> HopSearch::begin(World& world, MtaStsPolicies* policies, std::shared_ptr<const RelaySettings> settings,
                                            Destination destination, Found found) {
    auto search = std::make_shared<HopSearch>(world, policies, std::move(settings), std::move(destination), std::move(found));
    const std::weak_ptr<HopSearch> self = search;
    const auto with = [self](void (HopSearch::*what)()) {
        return [self, what] {
            if (const auto alive = self.lock()) ((*alive).*what)();
        };
    };
    search->deadline_ = world.call_after(search->settings_->find_timeout, with(&HopSearch::give_up));
    world.call_soon(with(&HopSearch::go_on));
    return search;
}

void HopSearch::go_on() {
    if (!found_ || !unanswered_.empty() || waits_for_policy_) return;
    bool needs_policy = false;
    const OwnPlaces own{settings_->own_addresses, settings_->own_sockets};
    auto hops = find_hops(destination_, rules_, own, turn_, dns_, sts_ ? &*sts_ : nullptr, needs_policy);
    if (hops) {
        deadline_.reset();
        const Found found = std::exchange(found_, nullptr);
        found(*std::move(hops));
        return;
    }
    ask_names();
    if (needs_policy) ask_policy();
    go_on();
}

void HopSearch::ask_names() {
    for (const authn::DnsQuestion& question : dns_.take_pending()) {
        const auto answered = [weak = weak_from_this(), question](authn::DnsAnswer answer) {
            const auto self = weak.lock();
            if (!self || std::erase(self->unanswered_, question) == 0) return;
            self->dns_.put(question, std::move(answer));
            self->go_on();
        };
        if (!out_of_time_ && world_.resolve(question, answered))
            unanswered_.push_back(question);
        else
            dns_.put(question, {});
    }
}

void HopSearch::ask_policy() {
    waits_for_policy_ = true;
    if (out_of_time_) return do_without_answer();
    policies_->find(destination_.name, [weak = weak_from_this()](const StsFound& sts) {
        if (const auto self = weak.lock()) self->heard_policy(sts);
    });
}

void HopSearch::heard_policy(const StsFound& sts) {
    if (!std::exchange(waits_for_policy_, false)) return;
    sts_ = sts;
    go_on();
}

/// A policy that is in force holds though nobody could be asked for a newer one (RFC 8461 section 5): who can delay an answer must not be
/// able to take it away.
void HopSearch::do_without_answer() { heard_policy({.policy = policies_->in_force(destination_.name), .failure = "MTA-STS: out of time"}); }

void HopSearch::give_up() {
    out_of_time_ = true;
    for (const authn::DnsQuestion& question : std::exchange(unanswered_, {})) dns_.put(question, {});
    if (waits_for_policy_) return do_without_answer();
    go_on();
}

}  // namespace exota::gate
