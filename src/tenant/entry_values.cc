// What each value of a tenant may be: names, ids, proofs, limits, words. entry.cc has the tenant as a whole.
#include <algorithm>
#include <utility>

#include "tenant/canonical.h"
#include "tenant/entry.h"

namespace exota::tenant {
namespace {

constexpr std::array<std::string_view, 4> modes{"enforce", "defer", "quarantine", "monitor"};
constexpr std::array<std::string_view, 2> alignments{"strict", "relaxed"};
constexpr std::array<std::string_view, 3> recipient_types{"authoritative", "internal-relay", "external-relay"};
constexpr std::array<std::string_view, 2> limit_actions{"tempfail", "reject"};

template <std::size_t N>
std::string one_of(const std::array<std::string_view, N>& words) {
    std::string out = "must be ";
    for (std::size_t i = 0; i < N; ++i) {
        if (i > 0) out += i + 1 == N ? " or " : ", ";
        out += in_quotes(words[i]);
    }
    return out;
}

}  // namespace

void TenantEntry::read_word(std::string_view value, TextPlace where) {
    // The order of each table is that of its enum.
    const auto choose = [&]<class Enum, std::size_t N>(std::optional<Enum>& to, const std::array<std::string_view, N>& words) {
        const auto known = std::ranges::find(words, value);
        if (known == words.end())
            error(where, one_of(words) + ", is " + in_quotes(value) + hint(value, words.data(), N));
        else
            to = static_cast<Enum>(known - words.begin());
    };
    if (field_ == Field::alignment) choose(draft_.alignment, alignments);
    if (field_ == Field::limit_action) choose(draft_.limit_action, limit_actions);
    if (field_ == Field::mode) choose(draft_.mode, modes);
    if (field_ == Field::recipients) choose(draft_.recipients, recipient_types);
}

void TenantEntry::recipients_at(std::string_view domain, const Given& value, TextPlace where) {
    if (value.is != Given::Is::text) return error(where, in_quotes(domain) + ": must be a string, is " + std::string(value.in_words()));
    const auto type = recipient_type_named(value.text);
    if (!type)
        return error(where, in_quotes(domain) + ": " + one_of(recipient_types) + ", is " + in_quotes(value.text) +
                                hint(value.text, recipient_types.data(), recipient_types.size()));
    const bool wildcard = domain.starts_with("*.");
    std::string storage;
    const base::Result<std::string_view> name = canonical_domain(domain.substr(wildcard ? 2 : 0), storage);
    if (!name) return error(where, in_quotes(domain) + (wildcard ? " is no wildcard: " : " is no domain: ") + name.error().detail);
    if (draft_.recipients_of.size() == max_recipient_domains)
        return error(where, "more than " + std::to_string(max_recipient_domains) + " domains");
    draft_.recipients_of.push_back({std::string(*name), wildcard, *type});
}

void TenantEntry::end_recipients(TextPlace where) {
    const auto place_of = [](const DomainRecipients& entry) { return std::pair<std::string_view, bool>(entry.domain, entry.wildcard); };
    std::ranges::sort(draft_.recipients_of, {}, place_of);
    const auto twice = std::ranges::adjacent_find(draft_.recipients_of, {}, place_of);
    if (twice != draft_.recipients_of.end()) error(where, in_quotes((twice->wildcard ? "*." : "") + twice->domain) + " twice");
}

void TenantEntry::read_element(std::string_view value, TextPlace where) {
    switch (field_) {
        case Field::tenant_ids:
            return read_tenant_id(value, where);
        case Field::organizations:
        case Field::domains:
        case Field::dkim_domains:
            return read_name(value, where);
        case Field::proofs:
            return read_proof(value, where);
        case Field::connector_clients:
            return read_connector_client(value, where);
        case Field::limits:
            return read_limit(value, where);
        case Field::alignment:
        case Field::limit_action:
        case Field::mode:
        case Field::forwarding:
        case Field::hybrid:
        case Field::recipients:
            return;
    }
}

void TenantEntry::read_connector_client(std::string_view value, TextPlace where) {
    base::Result<base::IpPrefix> prefix = base::IpPrefix::parse(value);
    if (!prefix) return error(where, in_quotes(value) + ": " + prefix.error().detail);
    if (draft_.connector_clients.size() == max_connector_clients)
        return error(where, "more than " + std::to_string(max_connector_clients) + " connector clients");
    draft_.connector_clients.push_back(*prefix);
}

void TenantEntry::read_limit(std::string_view value, TextPlace where) {
    base::Result<Limit> limit = Limit::parse(value);
    if (!limit) return error(where, in_quotes(value) + ": " + limit.error().detail);
    if (draft_.limits->size() == max_limits) return error(where, "more than " + std::to_string(max_limits) + " limits");
    draft_.limits->push_back(*limit);
}

void TenantEntry::read_proof(std::string_view value, TextPlace where) {
    base::Result<Proof> proof = Proof::parse(value);
    if (!proof) return error(where, in_quotes(value) + ": " + proof.error().detail);
    if (defaults_.unusable_proof)
        if (const auto why = defaults_.unusable_proof(*proof)) return error(where, in_quotes(value) + ": " + *why);
    if (draft_.proofs->size() == max_proofs) return error(where, "more than " + std::to_string(max_proofs) + " proofs");
    draft_.proofs->push_back(std::move(*proof));
}

void TenantEntry::read_tenant_id(std::string_view value, TextPlace where) {
    std::string storage;
    std::string_view id = value;
    if (!is_surely_canonical_id(value)) {
        const base::Result<mail::TenantId> parsed = mail::TenantId::parse(value);
        if (!parsed) return error(where, in_quotes(value) + " is no UUID of 36 characters");
        storage = parsed->text();
        id = storage;
    }
    ++draft_.names[static_cast<std::size_t>(Field::tenant_ids)];
    if (id == mail::consumer_tenant_id) problems_.warning(where, path(), std::string(consumer_id_warning));
    names_.add(NamesToAdd::As::tenant_id, draft_.number, id, value, element_, where);
}

void TenantEntry::read_name(std::string_view value, TextPlace where) {
    const bool wildcard = value.starts_with("*.") && field_ == Field::domains;
    std::string storage;
    const base::Result<std::string_view> name = canonical_domain(value.substr(wildcard ? 2 : 0), storage);
    if (!name) return error(where, in_quotes(value) + (wildcard ? " is no wildcard: " : " is no domain: ") + name.error().detail);
    ++draft_.names[static_cast<std::size_t>(field_)];
    if (wildcard && covers_a_suffix(*name))
        return error(where, in_quotes(value) + ": a wildcard directly below a public or shared suffix covers other people's domains");
    // originator-org takes names below an organisation too, so an organisation that is a suffix would be everybody.
    if (field_ == Field::organizations && covers_a_suffix(*name))
        return error(where, in_quotes(value) + " is a suffix that many tenants share: everything below it would be this tenant");
    const auto as = wildcard                         ? NamesToAdd::As::wildcard
                    : field_ == Field::organizations ? NamesToAdd::As::organization
                    : field_ == Field::domains       ? NamesToAdd::As::domain
                                                     : NamesToAdd::As::dkim_domain;
    names_.add(as, draft_.number, *name, value, element_, where);
}

/// `base` is a public or a shared suffix, or a shared suffix lies below it.
bool TenantEntry::covers_a_suffix(std::string_view base) const {
    if (defaults_.is_public_suffix && defaults_.is_public_suffix(base)) return true;
    return std::ranges::any_of(defaults_.shared_suffixes, [&](const std::string& suffix) {
        return suffix == base || (suffix.size() > base.size() && suffix.ends_with(base) && suffix[suffix.size() - base.size() - 1] == '.');
    });
}

}  // namespace exota::tenant
