#include "directory/ldap_lookup.h"

#include <algorithm>
#include <array>
#include <utility>

#include "directory/ldap_entry.h"
#include "directory/random_key.h"

namespace exota::directory {
namespace {

using tenant::Answer;
using tenant::KeyKind;

constexpr std::array kinds{KeyKind::domain, KeyKind::wildcard, KeyKind::organization, KeyKind::dkim_domain, KeyKind::tenant_id};

const std::string& filter_of(const LdapSettings& settings, KeyKind kind) noexcept {
    switch (kind) {
        case KeyKind::domain:
        case KeyKind::wildcard:
            return settings.filter;
        case KeyKind::organization:
            return settings.organization_filter;
        case KeyKind::dkim_domain:
            return settings.dkim_domain_filter;
        case KeyKind::tenant_id:
            break;
    }
    return settings.tenant_id_filter;
}
constexpr std::string_view placeholder_of(KeyKind kind) noexcept {
    return kind == KeyKind::organization ? "%o" : kind == KeyKind::tenant_id ? "%t" : "%d";
}
constexpr std::string_view setting_of(KeyKind kind) noexcept {
    constexpr std::array<std::string_view, 5> names{"filter", "filter", "organization_filter", "dkim_domain_filter", "tenant_id_filter"};
    return names[static_cast<std::size_t>(kind)];
}
bool is_asked(const LdapSettings& settings, KeyKind kind) noexcept {
    return kind == KeyKind::wildcard ? settings.wildcards : !filter_of(settings, kind).empty();
}

std::string key_of(KeyKind kind, std::string_view name) {
    std::string key(1, static_cast<char>('0' + static_cast<int>(kind)));
    key += name;
    return key;
}

}  // namespace

struct LdapLookup::Filters {
    explicit Filters(const LdapSettings& settings) {
        for (const KeyKind kind : kinds)
            if (is_asked(settings, kind))
                if (auto filter = LdapFilter::parse(filter_of(settings, kind), placeholder_of(kind)))
                    of[static_cast<std::size_t>(kind)] = *std::move(filter);
    }
    const std::optional<LdapFilter>& operator[](KeyKind kind) const noexcept { return of[static_cast<std::size_t>(kind)]; }
    std::array<std::optional<LdapFilter>, kinds.size()> of;
};

LdapLookup::LdapLookup(LdapDirectory& directory, const LdapSettings& settings, std::chrono::seconds max_stale,
                       std::shared_ptr<const tenant::Defaults> defaults, OnProblem on_problem, std::function<Clock::time_point()> now)
    : directory_(directory),
      settings_(settings),
      defaults_(std::move(defaults)),
      on_problem_(std::move(on_problem)),
      hash_key_(random_key().value_or(base::HashKey())),  // without one, strangers who name names can make it slow, not wrong
      filters_(std::make_unique<const Filters>(settings)),
      cache_(std::make_unique<Cache<tenant::FoundTenantRef>>(
          // What the server did not confirm for max_stale is not served, however long it would be kept: by then the source has failed.
          CacheSettings{.ttl = std::min(settings.cache_ttl, max_stale),
                        .negative_ttl = std::min(settings.negative_ttl, max_stale),
                        .max_stale = max_stale,
                        .most_entries = settings.cache_entries},
          hash_key_, [this](const std::string& key, const std::function<void(Answer)>& answered) { ask(key, answered); }, std::move(now))) {
}
LdapLookup::~LdapLookup() = default;

const CacheCounts& LdapLookup::counts() const noexcept { return cache_->counts(); }
std::size_t LdapLookup::kept() const noexcept { return cache_->size(); }

void LdapLookup::use(std::shared_ptr<const tenant::Defaults> defaults) {
    if (defaults == defaults_) return;
    defaults_ = std::move(defaults);
    cache_->ask_anew();
}

void LdapLookup::find(const tenant::Keys& keys, OnFound on_found) {
    struct Gathering {
        tenant::Answers answers;
        std::size_t left = 1;  // this call itself
        OnFound on_found;
        OnProblem on_problem;
        void one_less() {
            if (--left > 0) return;
            if (const std::string_view name = answers.doubled_name(); !name.empty() && on_problem)
                on_problem("two entries are the tenant " + std::string(name));
            on_found(answers.finish());
        }
    };
    const auto gathering = std::make_shared<Gathering>(
        Gathering{.answers = tenant::Answers(hash_key_), .on_found = std::move(on_found), .on_problem = on_problem_});
    std::size_t asked = 0;
    const auto look_up = [&](KeyKind kind, std::string name) {
        if (!is_asked(settings_, kind)) return gathering->answers.not_asked(kind, std::move(name));
        if (++asked > max_searches_a_message) return gathering->answers.answered(kind, std::move(name), Answer(Answer::unknown));
        ++gathering->left;
        cache_->find(key_of(kind, name), [gathering, kind, name](const Answer& answer) {
            gathering->answers.answered(kind, name, answer);
            gathering->one_less();
        });
    };
    for (const std::string& name : keys.domains) look_up(KeyKind::domain, name);
    for (const mail::TenantId& id : keys.tenant_ids) look_up(KeyKind::tenant_id, id.text());
    for (const std::string& name : keys.organizations) look_up(KeyKind::organization, name);
    for (const std::string& name : keys.wildcards) look_up(KeyKind::wildcard, name);
    for (const std::string& name : keys.sdids) look_up(KeyKind::dkim_domain, name);
    gathering->one_less();
}

void LdapLookup::ask(const std::string& key, const std::function<void(Answer)>& answered) {
    const auto kind = static_cast<KeyKind>(key.front() - '0');
    std::string name = key.substr(1);
    const std::optional<LdapFilter>& filter = (*filters_)[kind];
    if (!filter) return answered(Answer(Answer::unknown));
    LdapSearch search{.base = settings_.base,
                      .filter = filter->with(kind == KeyKind::wildcard ? "*." + name : name),
                      .attributes = wanted_attributes(settings_)};
    directory_.search(std::move(search), [this, alive = std::weak_ptr<const bool>(alive_), kind, name = std::move(name),
                                          answered](base::Result<LdapFound> found) {
        if (!alive.expired()) answered(read(std::move(found), kind, name));
    });
}

Answer LdapLookup::read(base::Result<LdapFound> found, KeyKind kind, const std::string& name) {
    if (!found) return Answer(Answer::unknown);  // the client told its status
    const auto unusable = [&](std::string why) {
        cache_->forget(key_of(kind, name));  // the server is there, and no longer says what it said
        told(std::move(why));
        return Answer(Answer::unknown);
    };
    if (found->more || found->entries.size() > 1)
        return unusable("several entries for the " + std::string(tenant::name_of(kind)) + ' ' + name);
    if (found->entries.empty()) return Answer(Answer::none);
    const tenant::ReadTenant entry = read_entry(found->entries.front(), name, settings_, *defaults_);
    if (!entry.tenant) return unusable(errors_of(found->entries.front(), entry.problems));
    return Answer(entry.tenant);
}

void LdapLookup::told(std::string text) {
    if (on_problem_) on_problem_(std::move(text));
}

std::vector<BadFilter> bad_filters(const LdapSettings& settings) {
    std::vector<BadFilter> bad;
    if (settings.filter.empty()) bad.emplace_back("filter", "names no filter: nobody could be found");
    for (const KeyKind kind : {KeyKind::domain, KeyKind::organization, KeyKind::dkim_domain, KeyKind::tenant_id}) {
        const std::string& text = filter_of(settings, kind);
        if (text.empty()) continue;
        if (const auto filter = LdapFilter::parse(text, placeholder_of(kind)); !filter)
            bad.emplace_back(std::string(setting_of(kind)), filter.error().detail);
        else if (kind != KeyKind::domain && settings.schema == LdapSettings::Schema::predecessors)
            bad.emplace_back(std::string(setting_of(kind)), "is for schema = \"2\": an entry of schema 1 is found by its domain alone");
    }
    return bad;
}

std::vector<std::string> lost_rules(const LdapSettings& settings) {
    std::vector<std::string> lost{
        "a forward needs dkim-aligned or arc: whether its author's organisation has other names that are a customer's cannot be asked"};
    if (settings.tenant_id_filter.empty())
        lost.emplace_back(
            "tenant_id_filter is empty: a tenant id names no tenant for a forward, and contradicts only tenants that list ids");
    if (settings.organization_filter.empty())
        lost.emplace_back(
            "organization_filter is empty: an organisation that another tenant lists contradicts only tenants that list organisations, and "
            "names none for a forward");
    if (settings.dkim_domain_filter.empty() && settings.schema == LdapSettings::Schema::own)
        lost.emplace_back("dkim_domain_filter is empty: a forward in the name of another tenant's DKIM domain is not known as such");
    if (!settings.wildcards && settings.schema == LdapSettings::Schema::own)
        lost.emplace_back("wildcards is false: an entry for *.contoso.com covers nothing");
    return lost;
}

}  // namespace exota::directory
