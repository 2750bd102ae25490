#include "tenant/answers.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "tenant/index_builder.h"

namespace exota::tenant {

std::string_view name_of(KeyKind kind) noexcept {
    static constexpr std::array<std::string_view, 5> names{"domain", "wildcard", "organization", "DKIM domain", "tenant id"};
    return names[static_cast<std::size_t>(kind)];
}

/// Builds one index of them.
class Answers::Assembly {
public:
    explicit Assembly(const base::HashKey& key) : builder_(key) {}

    /// @return  false: it is another tenant's.
    bool add(KeyKind kind, const std::string& name, const FoundTenantRef& found) {
        if (found->is_domain_entry && kind == KeyKind::domain) return put_domain(name, *found);
        return !add(kind, name, number_of(*found));
    }
    /// Another's, unless somebody else has it.
    void add_unknown(KeyKind kind, const std::string& name) {
        if (!another_) another_ = builder_.add_tenant("", builder_.policy(Policy{}));
        add(kind, name, *another_);
    }
    bool lists(const FoundTenant& found, KeyKind kind, const std::string& name) const {
        switch (kind) {
            case KeyKind::domain:
                return found.own.with_literal_domain(name).has_value();
            case KeyKind::wildcard:
                return false;  // it would cover names of others, who were not asked for either
            case KeyKind::organization:
                return found.own.with_organization(name).has_value();
            case KeyKind::dkim_domain:
                return found.own.with_dkim_domain(name).has_value();
            case KeyKind::tenant_id:
                break;
        }
        const auto id = mail::TenantId::parse(name);
        return id && found.own.with_tenant_id(*id);
    }
    IndexBuilder& builder() noexcept { return builder_; }

private:
    std::optional<Clash> add(KeyKind kind, const std::string& name, Number tenant) {
        std::optional<Clash> clash;
        switch (kind) {
            case KeyKind::domain:
                clash = builder_.add_domain(tenant, name);
                break;
            case KeyKind::wildcard:
                clash = builder_.add_wildcard(tenant, name);
                break;
            case KeyKind::organization:
                clash = builder_.add_organization(tenant, name);
                break;
            case KeyKind::dkim_domain:
                clash = builder_.add_dkim_domain(tenant, name);
                break;
            case KeyKind::tenant_id:
                clash = builder_.add_tenant_id(tenant, name);
                break;
        }
        return clash && clash->owner == tenant ? std::nullopt : clash;
    }
    Number number_of(const FoundTenant& found) {
        const auto known = std::ranges::find(numbers_, found.name, &std::pair<std::string_view, Number>::first);
        if (known != numbers_.end()) return known->second;
        const Number number = builder_.add_tenant(found.name, builder_.policy(found.policy));
        if (found.own.has_tenant_ids(Number{0})) builder_.note_tenant_ids(number);
        if (found.own.has_organizations(Number{0})) builder_.note_organizations(number);
        numbers_.emplace_back(found.name, number);
        return number;
    }
    /// Each entry of the predecessor's has a policy of its own; those of one tenant id are one tenant, for which the strictest counts
    /// where no domain says which.
    bool put_domain(const std::string& domain, const FoundTenant& found) {
        const PolicyRef policy = builder_.policy(found.policy);
        const Number number = number_of(found);
        const auto strictness = [](const Policy& p) { return (p.v1_dkim_enabled ? 2 : 0) + (p.v1_dkim_alignment_required ? 1 : 0); };
        if (strictness(found.policy) > strictness(builder_[builder_.policy_of(number)])) builder_.set_policy(number, policy);
        builder_.put_domain(number, domain, policy);
        return true;
    }

    IndexBuilder builder_;
    std::vector<std::pair<std::string_view, Number>> numbers_;  // few: names of tenants that outlive this
    std::optional<Number> another_;
};

std::string_view Answers::doubled_name() const {
    std::map<std::string_view, std::string_view> entries;  // by name
    for (const Named& named : named_) {
        if (!named.answer.is(Answer::yes) || (*named.answer)->is_domain_entry) continue;
        const FoundTenant& found = **named.answer;
        if (entries.try_emplace(found.name, found.entry).first->second != found.entry) return found.name;
    }
    return {};
}

Found<std::shared_ptr<const Index>> Answers::finish() const {
    using Result = Found<std::shared_ptr<const Index>>;
    if (!doubled_name().empty()) return Result(Result::unknown);
    const bool unanswered = std::ranges::any_of(named_, [](const Named& named) { return named.answer.is(Answer::unknown); });
    const bool found_any = std::ranges::any_of(named_, [](const Named& named) { return named.answer.is(Answer::yes); });
    if (!unanswered && !found_any) return Result(Result::none);

    std::vector<FoundTenantRef> tenants;
    for (const Named& named : named_)
        if (named.answer.is(Answer::yes) && std::ranges::find(tenants, *named.answer) == tenants.end()) tenants.push_back(*named.answer);
    /// Names that nobody is known to have, and that are another's here.
    enum class Anothers : std::uint8_t { none, unanswered, not_asked };
    const auto fill = [&](Assembly& assembly, Anothers anothers) {
        for (const Named& named : named_)
            if (named.answer.is(Answer::yes) && !assembly.add(named.kind, named.name, *named.answer)) return false;
        std::vector<const Named*> unlisted;
        for (const Named& named : not_asked_) {
            bool listed = named.kind == KeyKind::wildcard;
            for (const FoundTenantRef& found : tenants) {
                if (!assembly.lists(*found, named.kind, named.name)) continue;
                if (!assembly.add(named.kind, named.name, found)) return false;
                listed = true;
            }
            if (!listed) unlisted.push_back(&named);
        }
        if (anothers == Anothers::unanswered)
            for (const Named& named : named_)
                if (named.answer.is(Answer::unknown)) assembly.add_unknown(named.kind, named.name);
        if (anothers == Anothers::not_asked)
            for (const Named* named : unlisted) assembly.add_unknown(named->kind, named->name);
        return true;
    };
    const auto at_worst = [&](Anothers anothers) {
        Assembly worst(key_);
        fill(worst, anothers);
        return std::make_unique<const Index>(std::move(worst.builder()).build_of_answers(nullptr, nullptr));
    };

    Assembly assembly(key_);
    if (!fill(assembly, Anothers::none)) return Result(Result::unknown);
    return Result(std::make_shared<const Index>(
        std::move(assembly.builder())
            .build_of_answers(unanswered ? at_worst(Anothers::unanswered) : nullptr,
                              not_asked_.empty() || tenants.empty() ? nullptr : at_worst(Anothers::not_asked))));
}

}  // namespace exota::tenant
