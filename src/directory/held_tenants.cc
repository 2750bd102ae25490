#include "directory/held_tenants.h"

#include <algorithm>
#include <utility>

#include "base/counted.h"
#include "directory/random_key.h"
#include "tenant/index_over.h"

namespace exota::directory {
namespace {

constexpr std::chrono::seconds most_clock_difference{300};
constexpr std::size_t most_warned = 100;  // texts that are not said again

std::chrono::sys_seconds now_on_the_wall() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

}  // namespace

HeldTenants::HeldTenants(Of of, Options options, std::function<bool()> ends)
    : of_(std::move(of)),
      options_(std::move(options)),
      ends_(std::move(ends)),
      state_directory_(options_.state_directory),
      guard_(state_directory_),
      rows_(options_.defaults, random_key().value_or(base::HashKey{}), ends_) {}

void HeldTenants::trouble(const std::string& why) {
    options_.status->trouble(of_.name + ' ' + why);
    options_.on_trouble();
}

void HeldTenants::cannot_use(const std::string& why) {
    unusable_ = true;
    trouble(why);
}

void HeldTenants::warn(const std::string& text) {
    if (warned_.size() == most_warned) warned_.clear();
    if (warned_.insert(text).second) options_.on_warning(text);
}

bool HeldTenants::restore() {
    if (options_.snapshot_file.empty()) return false;
    const auto kept = load_snapshot(options_.snapshot_file, of_.origin);
    if (!kept) {
        if (kept.error().code != base::Errc::not_found) warn(kept.error().detail + "; it will be made anew");
        return false;
    }
    auto taken = rows_.restore(kept->lines);
    if (!taken) {
        warn(options_.snapshot_file + ": " + taken.error().detail + "; it will be made anew");
        return false;
    }
    kept_confirmed_ = kept->confirmed;
    const std::chrono::seconds age = now_on_the_wall() - kept->confirmed;
    // A clock that was far ahead when it was written says nothing of its age.
    options_.status->had(age < -most_clock_difference ? options_.max_stale + std::chrono::seconds(1)
                                                      : std::max(age, std::chrono::seconds(0)));
    give(*std::move(taken));
    return true;
}

bool HeldTenants::take_all(std::vector<TenantRow> rows) { return take(rows_.take_all(std::move(rows))); }

bool HeldTenants::take(std::vector<TenantRow> rows, const std::vector<std::string>& gone) {
    return take(rows_.take(std::move(rows), gone));
}

bool HeldTenants::take(base::Result<TenantRows::Taken> taken) {
    if (ends_ && ends_()) {
        unusable_ = true;  // it may have been given up half-way, and nobody guarded it
        return false;
    }
    refused_.reset();
    if (!taken) {
        cannot_use(taken.error().detail);
        return false;
    }
    if (!guarded(*taken)) return false;
    const bool was_unusable = std::exchange(unusable_, false);  // then what is held may be more than what was given
    warned_.clear();
    domains_to_note_ = taken->index->domain_count();
    const bool changed = taken->changed || was_unusable || !served_;
    if (changed) give(*std::move(taken));
    snapshot_due_ = (snapshot_due_ || changed) && !options_.snapshot_file.empty();
    confirmed();  // after them: who judges may be told that they are all there are only if he has them
    return true;
}

void HeldTenants::confirmed() {
    const bool was_loaded = options_.status->state().is == SourceState::Is::loaded;
    options_.status->confirmed();
    confirmed_ = now_on_the_wall();
    if (!was_loaded && options_.on_loaded) options_.on_loaded();
}

void HeldTenants::use(tenant::Defaults defaults, std::string state_directory) {
    state_directory_ = std::move(state_directory);
    guard_ = ShrinkGuard(state_directory_);
    auto taken = rows_.use(std::move(defaults));
    if (!served_) return;  // nothing was read yet
    if (!taken) return cannot_use(taken.error().detail);
    if (taken->index->tenant_count() < served_->tenant_count()) {  // a tenants file would not be loaded with them
        const auto why = std::ranges::find(taken->problems, tenant::Problem::Severity::error, &tenant::Problem::severity);
        warn(of_.name + " is judged by the defaults of before, until they are mended and reloaded: the new ones would take tenants away" +
             (why == taken->problems.end() ? "" : " (" + why->path + ": " + why->text + ")"));
        return rows_.take_back();
    }
    give(*std::move(taken));
}

void HeldTenants::give(TenantRows::Taken taken) {
    options_.on_index(taken.index, std::move(taken.problems));
    served_ = std::move(taken.index);  // if that ended in an exception, what was served before still is
}

/// Of those that are served, or were when the daemon noted their number: all that is known at a start without a snapshot.
/// @return  nullopt: none are known, or so few are gone that nobody need count them.
std::optional<tenant::DomainsKept> HeldTenants::domains_kept(const tenant::Index& now) const {
    if (!served_) {
        const auto noted = guard_.last_domain_count(of_.shrink_key);
        return noted ? std::optional(tenant::DomainsKept{.before = *noted, .kept = std::min(*noted, now.domain_count())}) : std::nullopt;
    }
    // A change of few tenants among a million costs no look at all the others.
    const std::size_t before = served_->domain_count();
    if (!shrinks_too_much(before, before - tenant::most_domains_lost(*served_, now))) return std::nullopt;
    return tenant::domains_kept(*served_, now);
}

/// @return  false: too many domains would be gone, and nobody said that this is meant.
bool HeldTenants::guarded(const TenantRows::Taken& taken) {
    if (state_directory_.empty()) return true;
    const std::optional<tenant::DomainsKept> domains = domains_kept(*taken.index);
    if (!domains || !shrinks_too_much(domains->before, domains->kept)) return true;
    const Fingerprint content = rows_.fingerprint();
    if (guard_.is_accepted(content)) return true;
    rows_.take_back();
    refused_ = content;
    const std::string why = "would leave " + std::to_string(domains->kept) + " of " + base::counted(domains->before, "domain") +
                            ": if that is meant, say so with exota check --accept-shrink";
    warn(of_.name + ' ' + why);
    trouble(why);
    return false;
}

std::optional<HeldTenants::Clock::time_point> HeldTenants::keep_at() const noexcept {
    if (!snapshot_due_ || !confirmed_ || unusable_) return std::nullopt;
    return snapshot_may_;
}

void HeldTenants::keep(When when) {
    if (const auto domains = std::exchange(domains_to_note_, std::nullopt); domains && !state_directory_.empty())
        if (const auto noted = guard_.note_domain_count(of_.shrink_key, *domains); !noted)
            warn("the number of domains could not be noted for `exota check`: " + noted.error().detail);
    if (options_.snapshot_file.empty() || !confirmed_ || unusable_) return;
    const bool old = *confirmed_ - kept_confirmed_ > options_.max_stale / 20 || kept_confirmed_ > *confirmed_;
    if (!snapshot_due_ && !old) return;
    if (when == When::in_time && Clock::now() < snapshot_may_) return;
    const auto saved = save_snapshot(options_.snapshot_file, of_.origin, {*confirmed_, rows_.served_lines()});
    snapshot_may_ = Clock::now() + options_.snapshot_apart;
    snapshot_due_ = !saved;  // what it names no more must not come back: tried again
    kept_confirmed_ = *confirmed_;
    if (!saved) warn("the snapshot of the tenants cannot be written: " + saved.error().detail);
}

}  // namespace exota::directory
