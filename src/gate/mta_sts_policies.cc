#include "gate/mta_sts_policies.h"

#include <algorithm>
#include <utility>

#include "gate/world.h"
#include "mail/domain.h"

namespace exota::gate {

using authn::MtaStsEntry;

void MtaStsPolicies::keep(Known& known, MtaStsEntry entry) {
    known.refresh_at = entry.fetched + entry.policy.max_age / 2;
    known.entry = std::move(entry);
    count(known);
}

void MtaStsPolicies::count(Known& known) {
    std::size_t octets = sizeof(Known) + sizeof(std::string) + mail::Domain::max_octets + known.failure.capacity();
    if (known.entry)
        for (const std::string& pattern : known.entry->policy.mx) octets += sizeof(std::string) + pattern.capacity();
    octets_ += octets - std::exchange(known.octets, octets);
}

MtaStsPolicies::Known& MtaStsPolicies::load(const std::string& domain) {
    make_room();
    Known& known = known_[domain];
    if (!std::exchange(known.loaded, true)) {
        count(known);
        read(domain, known);
    }
    return known;
}

void MtaStsPolicies::read(const std::string& domain, Known& known) {
    const auto text = source_.load(domain);
    if (!text) return;
    auto entry = MtaStsEntry::parse(*text);
    // One that was read before is not taken again: is_in_force() may have said that it was fetched at another time.
    if (!entry || entry->domain != domain || std::exchange(known.read, entry->fetched) == entry->fetched) return;
    if (!known.entry || entry->fetched > known.entry->fetched) keep(known, *std::move(entry));
}

/// One that was fetched later than now (the clock was set back) would hold for as long as the clock was wrong: it counts as fetched now,
/// and is fetched anew.
bool MtaStsPolicies::is_in_force(Known& known) {
    if (!known.entry) return false;
    const std::chrono::sys_seconds now = world_.now();
    if (known.entry->fetched > now) known.entry->fetched = known.refresh_at = now;
    return known.entry->is_in_force(now);
}

bool MtaStsPolicies::is_in_force_anywhere(const std::string& domain, Known& known) {
    if (is_in_force(known)) return true;
    read(domain, known);
    return is_in_force(known);
}

std::optional<authn::MtaStsPolicy> MtaStsPolicies::in_force(const std::string& domain) {
    Known& known = load(domain);
    return is_in_force_anywhere(domain, known) ? std::optional(known.entry->policy) : std::nullopt;
}

void MtaStsPolicies::find(const std::string& domain, Found found) {
    Known& known = load(domain);
    known.waiting.push_back(std::move(found));
    if (std::exchange(known.asked, true)) return;
    const std::weak_ptr<char> alive(alive_);
    const auto heard_answer = [this, domain, alive](const authn::DnsAnswer& answer) {
        if (!alive.expired()) heard(domain, answer);
    };
    known.txt_late = world_.call_after(txt_timeout, [heard_answer] { heard_answer({}); });
    if (!world_.resolve({"_mta-sts." + domain, authn::RecordType::txt}, heard_answer)) heard(domain, {});
}

void MtaStsPolicies::heard(const std::string& domain, const authn::DnsAnswer& txt) {
    Known& known = known_[domain];
    if (!known.txt_late) return;  // too late
    known.txt_late.reset();
    const std::chrono::sys_seconds now = world_.now();
    const bool holds = is_in_force(known);
    const bool failed = txt.status == authn::DnsStatus::temporary_failure || txt.status == authn::DnsStatus::bogus;
    const auto id = txt.status == authn::DnsStatus::data ? authn::mta_sts_id(txt.records) : std::nullopt;
    if (!holds && failed) known.failure = "TXT of _mta-sts." + domain + " cannot be had";
    if (!failed && !id) known.failure.clear();
    if (id && now >= known.next_try && (!holds || known.entry->id != *id)) return fetch(domain, std::string(*id));
    if (holds && now >= known.refresh_at) fetch(domain, id ? std::string(*id) : known.entry->id);  // nobody waits for it
    tell(domain);
}

void MtaStsPolicies::fetch(const std::string& domain, const std::string& id) {
    if (std::exchange(known_[domain].fetching, true)) return;
    source_.fetch("mta-sts." + domain, [this, domain, id, alive = std::weak_ptr(alive_)](std::optional<base::Result<std::string>> answer) {
        if (!alive.expired()) fetched(domain, id, std::move(answer));
    });
}

void MtaStsPolicies::fetched(const std::string& domain, const std::string& id, std::optional<base::Result<std::string>> answer) {
    Known& known = known_[domain];
    known.fetching = false;
    if (!answer) {
        known.failure = "MTA-STS policy of " + domain + ": too many are being fetched";
        return tell(domain, Asked::no);
    }
    auto policy = *answer ? authn::MtaStsPolicy::parse(**answer) : std::unexpected(answer->error());
    if (policy) {
        keep(known, {domain, id, world_.now(), *std::move(policy)});
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
    const std::chrono::sys_seconds now = world_.now();
    known.next_try = now + retry;
    if (is_in_force(known)) {
        const auto left = known.entry->fetched + known.entry->policy.max_age - now;
        known.refresh_at = now + std::clamp(left / 8, retry, max_refresh_retry);
    }
    tell(domain);
}

/// What is known is all that there is by now.
void MtaStsPolicies::tell(const std::string& domain, Asked asked) {
    Known& known = known_[domain];
    count(known);
    StsFound found{.policy = std::nullopt, .failure = known.failure};
    if (is_in_force_anywhere(domain, known))
        found.policy = known.entry->policy;
    else
        found.undecided = asked == Asked::no;
    known.asked = false;
    for (const Found& one : std::exchange(known.waiting, {})) one(found);
}

void MtaStsPolicies::make_room() {
    if (known_.size() < max_domains && octets_ < max_octets) return;
    std::erase_if(known_, [this](const auto& one) {
        if (one.second.asked || one.second.fetching) return false;
        octets_ -= one.second.octets;
        return true;
    });
}

}  // namespace exota::gate
