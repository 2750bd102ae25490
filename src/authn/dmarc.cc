#include "authn/dmarc.h"

#include <algorithm>
#include <array>
#include <optional>

#include "mail/domain.h"

namespace exota::authn {
namespace {

enum class Trouble : std::uint8_t { none, pending, temporary };

struct Found {
    std::string domain;
    DmarcRecord record;
};

/// The records on the way from a name to the root, the longest name first, and what they say of its organisation.
struct Walk {
    Trouble trouble = Trouble::none;
    std::vector<Found> found;
    std::string organizational_domain;
    std::string failed_at;
};

std::size_t label_count(std::string_view name) noexcept {
    return name.empty() ? 0 : 1 + static_cast<std::size_t>(std::ranges::count(name, '.'));
}

class Check {
public:
    Check(const DmarcQuery& query, Dns& dns) : query_(query), dns_(dns) {}
    DmarcResult run();

private:
    struct Answer {
        Trouble trouble = Trouble::none;
        std::size_t count = 0;              // of DMARC records
        std::optional<DmarcRecord> record;  // the one; several are as none
    };
    Answer records_at(std::string_view domain);
    Walk walk_tree(const std::string& start);
    Walk look_up_by_list(const std::string& start);
    std::string_view by_list(const std::string& domain) const {
        return listed_organizational_domain(domain, query_.shared_suffixes, query_.public_suffixes);
    }
    /// The list says that it is a suffix under which others register: nobody's, though it stands for itself where domains are compared.
    bool has_no_organization(const std::string& domain) const {
        return query_.rfc == DmarcRfc::rfc7489 && query_.public_suffixes.registrable_domain(domain).empty() &&
               !is_shared_suffix(mail::parent_of(domain), query_.shared_suffixes);
    }
    /// The organisational domain of an identifier. Trouble as a whole.
    Trouble organization_of(const std::string& domain, std::string& organization);
    Trouble is_aligned(const std::string& domain, DmarcAlignment alignment, bool& aligned);
    Trouble author_exists(bool& exists);
    const Found* applicable(const Walk& walk) const;
    Trouble align_all(const DmarcRecord& record, bool& doubtful);
    DmarcResult without_record(std::string detail);
    DmarcResult stopped(Trouble trouble, std::string detail);

    const DmarcQuery& query_;
    Dns& dns_;
    DmarcResult result_;
    Walk author_;
};

DmarcResult Check::stopped(Trouble trouble, std::string detail) {
    result_.pending = trouble == Trouble::pending;
    result_.value = DmarcValue::temperror;
    result_.aligned_dkim = result_.aligned_spf = result_.doubtful_dkim = false;
    result_.detail = std::move(detail);
    return result_;
}

Check::Answer Check::records_at(std::string_view domain) {
    const DnsAnswer* answer = dns_.ask("_dmarc." + std::string(domain), RecordType::txt);
    if (!answer) return {.trouble = Trouble::pending};
    if (answer->status == DnsStatus::temporary_failure || answer->status == DnsStatus::bogus) return {.trouble = Trouble::temporary};
    Answer out;
    for (const std::string& text : answer->records) {
        if (!is_dmarc_record(text)) continue;
        out.record.reset();
        if (++out.count == 1) out.record = parse_dmarc_record(text, query_.rfc);
    }
    return out;
}

// RFC 9989 section 4.10: the tree walk, and section 4.10.2: the organisational domain
Walk Check::walk_tree(const std::string& start) {
    Walk walk{.organizational_domain = start};
    std::string_view below;  // the name one step before, for psd=y
    std::string_view name = start;
    for (int queries = 0; queries < max_dmarc_walk_queries && !name.empty(); ++queries) {
        const auto [trouble, count, record] = records_at(name);
        if (trouble != Trouble::none) return walk.trouble = trouble, walk.failed_at = name, walk;
        const bool shared = is_shared_suffix(name, query_.shared_suffixes);
        const DmarcPsd psd = shared ? DmarcPsd::yes : record ? record->psd : DmarcPsd::unstated;
        if (record) {
            walk.found.push_back({std::string(name), *record});
            if (psd != DmarcPsd::yes) walk.organizational_domain = name;  // so far the fewest labels
        }
        if (psd == DmarcPsd::no) return walk;
        if (psd == DmarcPsd::yes) {
            if (!below.empty()) {
                // One label below, on the way from `start`: more than one label may have been skipped.
                std::string_view organization = start;
                while (mail::parent_of(organization) != name) organization = mail::parent_of(organization);
                walk.organizational_domain = organization;
            }
            return walk;
        }
        below = name;
        name = mail::parent_of(name);
        while (label_count(name) >= static_cast<std::size_t>(max_dmarc_walk_queries)) name = mail::parent_of(name);
    }
    return walk;
}

// RFC 7489 sections 3.2 and 6.6.3: the author domain, then its organisational domain by the public suffix list
Walk Check::look_up_by_list(const std::string& start) {
    Walk walk{.organizational_domain = std::string(by_list(start))};
    for (const std::string& name : {start, walk.organizational_domain}) {
        const auto [trouble, count, record] = records_at(name);
        if (trouble != Trouble::none) return walk.trouble = trouble, walk.failed_at = name, walk;
        if (record) walk.found.push_back({name, *record});
        if (count > 0) break;  // section 6.6.3 step 5: several end the search as well
    }
    return walk;
}

Trouble Check::organization_of(const std::string& domain, std::string& organization) {
    if (query_.rfc == DmarcRfc::rfc7489) {
        organization = by_list(domain);
        return Trouble::none;
    }
    Walk walk = walk_tree(domain);
    organization = std::move(walk.organizational_domain);
    return walk.trouble;
}

Trouble Check::is_aligned(const std::string& domain, DmarcAlignment alignment, bool& aligned) {
    aligned = domain == query_.author_domain;
    if (aligned || alignment == DmarcAlignment::strict || domain.empty()) return Trouble::none;
    // Only a name below the author's organisation can have the same one.
    const std::string& ours = author_.organizational_domain;
    if (domain != ours && !domain.ends_with("." + ours)) return Trouble::none;
    std::string organization;
    const Trouble trouble = organization_of(domain, organization);
    aligned = trouble == Trouble::none && organization == ours;
    return trouble;
}

/// RFC 9989 section 3.2.13: a name that does not exist answers NXDOMAIN, whatever type is asked for.
Trouble Check::author_exists(bool& exists) {
    const DnsAnswer* answer = dns_.ask(query_.author_domain, RecordType::a);
    if (!answer) return Trouble::pending;
    if (answer->status == DnsStatus::temporary_failure || answer->status == DnsStatus::bogus) return Trouble::temporary;
    exists = answer->status != DnsStatus::nxdomain;
    return Trouble::none;
}

/// Section 4.10.1: the record of the author domain, else of its organisational domain, else of the public suffix above.
const Found* Check::applicable(const Walk& walk) const {
    const auto at = [&](std::string_view domain) -> const Found* {
        const auto found = std::ranges::find(walk.found, domain, &Found::domain);
        return found == walk.found.end() ? nullptr : &*found;
    };
    if (const Found* found = at(query_.author_domain)) return found;
    if (const Found* found = at(walk.organizational_domain)) return found;
    const Found* last = walk.found.empty() ? nullptr : &walk.found.back();
    const bool of_suffix = last && (last->record.psd == DmarcPsd::yes || is_shared_suffix(last->domain, query_.shared_suffixes));
    return of_suffix ? last : nullptr;
}

Trouble Check::align_all(const DmarcRecord& record, bool& doubtful) {
    Trouble worst = Trouble::none;
    const auto examine = [&](const DmarcIdentifier& identifier, DmarcAlignment alignment, bool& passes) {
        if (identifier.result == IdentifierResult::other) return;
        bool aligned = false;
        const Trouble trouble = is_aligned(identifier.domain, alignment, aligned);
        if (trouble == Trouble::pending || worst == Trouble::none) worst = trouble;
        if (!aligned) return;
        (identifier.result == IdentifierResult::pass ? passes : doubtful) = true;
    };
    for (const DmarcIdentifier& identifier : query_.dkim) examine(identifier, record.adkim, result_.aligned_dkim);
    result_.doubtful_dkim = !result_.aligned_dkim && (doubtful || worst != Trouble::none);
    examine(query_.spf, record.aspf, result_.aligned_spf);
    return worst;
}

/// Nothing is asked for, so nothing passes or fails. What is aligned all the same is said by the public suffix list: nobody published
/// anything that a tree walk could find.
DmarcResult Check::without_record(std::string detail) {
    result_.detail = std::move(detail);
    if (!query_.align_without_record) return result_;
    const std::string_view ours = by_list(query_.author_domain);
    bool doubtful = false;
    const auto examine = [&](const DmarcIdentifier& identifier, bool& passes) {
        const bool aligned = identifier.domain == query_.author_domain ||
                             (!ours.empty() && !identifier.domain.empty() && by_list(identifier.domain) == ours);
        if (aligned && identifier.result == IdentifierResult::pass) passes = true;
        if (aligned && identifier.result == IdentifierResult::temperror) doubtful = true;
    };
    for (const DmarcIdentifier& identifier : query_.dkim) examine(identifier, result_.aligned_dkim);
    result_.doubtful_dkim = doubtful && !result_.aligned_dkim;
    examine(query_.spf, result_.aligned_spf);
    if (!result_.aligned_dkim && !result_.aligned_spf && doubtful)
        return stopped(Trouble::temporary, "an identifier that may be aligned could not be checked");
    return result_;
}

DmarcResult Check::run() {
    author_ = query_.rfc == DmarcRfc::rfc9989 ? walk_tree(query_.author_domain) : look_up_by_list(query_.author_domain);
    if (author_.trouble != Trouble::none) return stopped(author_.trouble, "DNS does not answer for _dmarc." + author_.failed_at);
    if (!has_no_organization(query_.author_domain)) result_.organizational_domain = author_.organizational_domain;
    const Found* policy = applicable(author_);
    if (!policy) return without_record("no DMARC record");
    if (!policy->record.has_policy) return without_record("the DMARC record at " + policy->domain + " states no usable policy");
    result_.policy_domain = policy->domain;
    result_.has_record = true;

    if (policy->domain == query_.author_domain) {
        result_.policy = policy->record.p;
    } else {
        bool exists = true;
        if (query_.rfc == DmarcRfc::rfc9989)
            if (const Trouble trouble = author_exists(exists); trouble != Trouble::none)
                return stopped(trouble, "DNS does not answer for " + query_.author_domain);
        result_.policy = exists ? policy->record.sp : policy->record.np;
    }

    // RFC 9989 section 4.7 (t); RFC 7489 section 6.6.4: who asks for no message to be treated so is heard with each. A share between none
    // and all would be drawn by lot, which a verdict that explains itself is not: the stricter one stands.
    const bool milder = query_.rfc == DmarcRfc::rfc9989 ? policy->record.testing : policy->record.percent == 0;
    result_.enforced = result_.policy;
    if (milder && result_.policy != DmarcPolicy::none) result_.enforced = static_cast<DmarcPolicy>(static_cast<int>(result_.policy) - 1);

    bool doubtful = false;
    const Trouble trouble = align_all(policy->record, doubtful);
    if (trouble == Trouble::pending) return stopped(trouble, {});
    if (result_.aligned_dkim || result_.aligned_spf) {
        result_.value = DmarcValue::pass;
        return result_;
    }
    if (trouble != Trouble::none || doubtful)
        return stopped(Trouble::temporary,
                       doubtful ? "an aligned identifier could not be checked" : "DNS does not answer for an identifier's organisation");
    result_.value = DmarcValue::fail;
    result_.disposition = result_.enforced;
    return result_;
}

}  // namespace

std::string_view name_of(DmarcValue value) noexcept {
    constexpr std::array<std::string_view, 5> names{"none", "pass", "fail", "temperror", "permerror"};
    return names[static_cast<std::size_t>(value)];
}

DmarcResult check_dmarc(const DmarcQuery& query, Dns& dns) { return Check(query, dns).run(); }

}  // namespace exota::authn
