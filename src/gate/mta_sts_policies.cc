#include "gate/mta_sts_policies.h"

#include <algorithm>
#include <utility>

#include "gate/world.h"

namespace exota::gate {

using authn::MtaStsEntry;

void MtaStsPolicies::find(const std::string& domain, Found found) {
    make_room();
    Known& known = known_[domain];
    known.waiting.push_back(std::move(found));
    if (std::exchange(known.asked, true)) return;
    if (!std::exchange(known.loaded, true))
        if (const auto text = source_.load(domain))
            if (auto entry = MtaStsEntry::parse(*text); entry && entry->domain == domain) known.entry = *std::move(entry);
    const auto heard_answer = [this, domain, alive = std::weak_ptr(alive_)](const authn::DnsAnswer& answer) {
        if (!alive.expired()) heard(domain, answer);
    };
    if (!world_.resolve({"_mta-sts." + domain, authn::RecordType::txt}, heard_answer)) heard(domain, {});
}

void MtaStsPolicies::heard(const std::string& domain, const authn::DnsAnswer& txt) {
    Known& known = known_[domain];
    const std::chrono::sys_seconds now = world_.now();
    const bool in_force = known.entry && known.entry->is_in_force(now);
    const bool failed = txt.status == authn::DnsStatus::temporary_failure || txt.status == authn::DnsStatus::bogus;
    const auto id = txt.status == authn::DnsStatus::data ? authn::mta_sts_id(txt.records) : std::nullopt;
    if (!in_force && failed) known.failure = "TXT of _mta-sts." + domain + " cannot be had";
    if (!failed && !id) known.failure.clear();
    if (id && now >= known.next_try) {
        const bool is_new = !in_force || known.entry->id != *id;
        const auto refresh = in_force ? std::min(max_refresh, known.entry->policy.max_age / 2) : std::chrono::seconds(0);
        if (is_new) return fetch(domain, std::string(*id));
        if (!known.entry->is_in_force(now + refresh)) fetch(domain, std::string(*id));  // nobody waits for it
    }
    tell(domain);
}

void MtaStsPolicies::fetch(const std::string& domain, const std::string& id) {
    if (std::exchange(known_[domain].fetching, true)) return;
    source_.fetch("mta-sts." + domain, [this, domain, id, alive = std::weak_ptr(alive_)](base::Result<std::string> body) {
        if (!alive.expired()) fetched(domain, id, std::move(body));
    });
}

void MtaStsPolicies::fetched(const std::string& domain, const std::string& id, base::Result<std::string> body) {
    Known& known = known_[domain];
    known.fetching = false;
    auto policy = body ? authn::MtaStsPolicy::parse(*body) : std::unexpected(body.error());
    if (policy) {
        known.entry = MtaStsEntry{domain, id, world_.now(), *std::move(policy)};
        known.failure.clear();
        known.next_try = {};
        source_.store(domain, known.entry->text());
        // Also one that is to be forgotten at once (max_age 0) holds for those who wait for it.
        const StsFound found{known.entry->policy, {}};
        known.asked = false;
        for (const Found& one : std::exchange(known.waiting, {})) one(found);
        return;
    }
    known.failure = "MTA-STS policy of " + domain + ": " + policy.error().detail;
    known.next_try = world_.now() + retry;
    tell(domain);
}

/// What is known is all that there is by now.
void MtaStsPolicies::tell(const std::string& domain) {
    Known& known = known_[domain];
    StsFound found{.policy = std::nullopt, .failure = known.failure};
    if (known.entry && known.entry->is_in_force(world_.now())) found.policy = known.entry->policy;
    known.asked = false;
    for (const Found& one : std::exchange(known.waiting, {})) one(found);
}

void MtaStsPolicies::make_room() {
    if (known_.size() < max_domains) return;
    std::erase_if(known_, [](const auto& one) { return !one.second.asked && !one.second.fetching; });
}

}  // namespace exota::gate
