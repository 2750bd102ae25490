#include "tenant/candidates.h"

#include <algorithm>
#include <charconv>
#include <compare>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "mail/domain.h"

namespace exota::tenant {
namespace {

constexpr std::string_view mark = "exota candidates ", version = "1";

void count(SeenNames& seen, std::string_view name) {
    const auto known = std::ranges::find(seen.names, name, &SeenNames::Name::text);
    if (known != seen.names.end())
        ++known->messages;
    else if (seen.names.size() < max_names_of_candidate)
        seen.names.push_back({std::string(name), 1});
    else
        seen.more = true;
}

/// The first is seen less than the second; of two that are alike the one that was seen longer ago.
bool is_seen_less(const Candidate& a, const Candidate& b) noexcept {
    return std::tie(a.messages, a.last_seen, a.domain) < std::tie(b.messages, b.last_seen, b.domain);
}

/// Of all candidates of whom `among` says so. nullptr: of none.
template <class Among>
const Candidate* least_seen(const std::map<std::string, Candidate>& candidates, Among among) {
    const Candidate* least = nullptr;
    for (const auto& [domain, candidate] : candidates)
        if (among(candidate) && (least == nullptr || is_seen_less(candidate, *least))) least = &candidate;
    return least;
}

/// To whom a candidate belongs, as far as room is given: without a tenant id, to the owner of the domain.
std::string_view holder(const Candidate& candidate) noexcept {
    const std::string_view id = candidate.usual_tenant_id();
    return id.empty() ? std::string_view(candidate.organizational_domain) : id;
}

// --- Text ---------------------------------------------------------------------------------------------------------------------------

std::string text_of(const SeenNames& seen) {
    if (seen.names.empty()) return "-";
    std::string out;
    for (const SeenNames::Name& name : seen.names) {
        if (!out.empty()) out += ',';
        out.append(name.text).append("=").append(std::to_string(name.messages));
    }
    return seen.more ? out + ",+" : out;
}

std::unexpected<base::Error> unusable(std::string_view why) { return base::fail(base::Errc::invalid_data, why); }
std::unexpected<base::Error> unusable_line(std::size_t line, std::string_view what) {
    return unusable("line " + std::to_string(line) + ": " + std::string(what));
}

/// The text up to `end`, which goes away with it; without one, all of it.
std::string_view take_until(std::string_view& text, char end) {
    const std::size_t at = std::min(text.find(end), text.size());
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return part;
}

/// As we write them: no sign, no leading zero.
template <class Number>
bool parse_number(std::string_view text, Number& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    return error == std::errc() && end == text.data() + text.size() && std::to_string(into) == text;
}

bool is_domain(std::string_view text) {
    const auto domain = mail::Domain::parse(text);
    return domain && domain->text() == text;
}
bool is_tenant_id(std::string_view text) {
    const auto id = mail::TenantId::parse(text);
    return id && id->text() == text;
}
bool is_or_is_below(std::string_view domain, std::string_view parent) {
    if (!domain.ends_with(parent)) return false;
    return domain.size() == parent.size() || domain[domain.size() - parent.size() - 1] == '.';
}

/// @param is_name  what the names have to be.
bool parse_names(std::string_view text, bool (*is_name)(std::string_view), SeenNames& into) {
    if (text == "-") return true;
    if (text.ends_with(",+")) {
        into.more = true;
        text.remove_suffix(2);
    }
    while (!text.empty()) {
        std::string_view entry = take_until(text, ',');
        const std::string_view name = take_until(entry, '=');
        std::uint64_t messages = 0;
        if (!is_name(name) || !parse_number(entry, messages) || messages == 0) return false;
        if (std::ranges::find(into.names, name, &SeenNames::Name::text) != into.names.end()) return false;
        into.names.push_back({std::string(name), messages});
    }
    return !into.names.empty() && (into.more ? into.names.size() == max_names_of_candidate : into.names.size() <= max_names_of_candidate);
}

std::optional<Candidate> parse_candidate(std::string_view line) {
    Candidate out;
    out.domain = take_until(line, ' ');
    out.organizational_domain = take_until(line, ' ');
    std::int64_t first = 0, last = 0;
    if (!is_domain(out.domain) || !is_domain(out.organizational_domain) || !is_or_is_below(out.domain, out.organizational_domain))
        return {};
    if (!parse_number(take_until(line, ' '), first) || !parse_number(take_until(line, ' '), last) || first < 0 || last < first) return {};
    if (!parse_number(take_until(line, ' '), out.messages) || out.messages == 0) return {};
    out.first_seen = std::chrono::sys_seconds(std::chrono::seconds(first));
    out.last_seen = std::chrono::sys_seconds(std::chrono::seconds(last));
    if (!parse_names(take_until(line, ' '), is_tenant_id, out.tenant_ids)) return {};
    if (!parse_names(take_until(line, ' '), is_domain, out.organizations)) return {};
    if (!parse_names(take_until(line, ' '), is_domain, out.sdids) || !line.empty()) return {};
    return out;
}

}  // namespace

std::string_view Candidate::usual_tenant_id() const noexcept {
    const auto usual = std::ranges::max_element(tenant_ids.names, {}, &SeenNames::Name::messages);
    return usual == tenant_ids.names.end() ? std::string_view() : std::string_view(usual->text);
}

std::optional<std::string> Candidates::who_leaves_for(std::string_view organizational_domain, std::string_view tenant_id) const {
    const auto is_of_its_group = [&](const Candidate& one) {
        return one.organizational_domain == organizational_domain && one.usual_tenant_id() == tenant_id;
    };
    const auto of_its_group = std::ranges::count_if(by_domain_, [&](const auto& entry) { return is_of_its_group(entry.second); });
    if (static_cast<std::size_t>(of_its_group) >= limits_.of_one_group) return least_seen(by_domain_, is_of_its_group)->domain;
    if (by_domain_.size() < limits_.most) return std::nullopt;
    std::unordered_map<std::string_view, std::size_t> of_holder;
    std::size_t most = 0;
    for (const auto& [domain, candidate] : by_domain_) most = std::max(most, ++of_holder[holder(candidate)]);
    return least_seen(by_domain_, [&](const Candidate& one) { return of_holder.at(holder(one)) == most; })->domain;
}

/// As if they left one after the other: whoever is far down among the candidates of his tenant id goes first.
void Candidates::make_room() {
    if (by_domain_.size() <= limits_.most) return;
    std::vector<const Candidate*> all;
    for (const auto& [domain, candidate] : by_domain_) all.push_back(&candidate);
    std::ranges::sort(all, [](const Candidate* a, const Candidate* b) { return is_seen_less(*b, *a); });
    std::unordered_map<std::string_view, std::size_t> of_holder;
    struct Ranked {
        std::size_t place;   // among the candidates of its holder, the most seen first
        std::size_t of_all;  // likewise
        std::string domain;
        auto operator<=>(const Ranked&) const = default;
    };
    std::vector<Ranked> ranked;
    for (std::size_t i = 0; i < all.size(); ++i) ranked.push_back({of_holder[holder(*all[i])]++, i, all[i]->domain});
    std::ranges::sort(ranked);
    for (std::size_t i = limits_.most; i < ranked.size(); ++i) by_domain_.erase(ranked[i].domain);
}

Candidates::Noted Candidates::note(const Sighting& sighting, std::chrono::sys_seconds now) {
    auto found = by_domain_.find(sighting.author_domain);
    const bool is_new = found == by_domain_.end();
    const std::string id = sighting.tenant_id ? sighting.tenant_id->text() : std::string();
    std::optional<std::string> displaced;
    if (is_new) {
        displaced = who_leaves_for(sighting.organizational_domain, id);
        if (displaced) by_domain_.erase(*displaced);
        Candidate fresh{.domain = sighting.author_domain,
                        .organizational_domain = sighting.organizational_domain,
                        .first_seen = now,
                        .last_seen = now,
                        .tenant_ids = {},
                        .organizations = {},
                        .sdids = {}};
        found = by_domain_.emplace(sighting.author_domain, std::move(fresh)).first;
    }
    Candidate& candidate = found->second;
    const bool conflicted = candidate.is_conflicting();
    ++candidate.messages;
    candidate.last_seen = std::max(candidate.last_seen, now);  // a clock may be set back
    if (!id.empty()) count(candidate.tenant_ids, id);
    for (const std::string& name : sighting.organizations) count(candidate.organizations, name);
    for (const std::string& name : sighting.sdids) count(candidate.sdids, name);
    return {candidate, is_new, !conflicted && candidate.is_conflicting(), std::move(displaced)};
}

const Candidate* Candidates::find(const std::string& domain) const {
    const auto found = by_domain_.find(domain);
    return found == by_domain_.end() ? nullptr : &found->second;
}

std::size_t Candidates::conflicting() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(by_domain_, [](const auto& entry) { return entry.second.is_conflicting(); }));
}

std::vector<const Candidate*> Candidates::by_messages() const {
    std::vector<const Candidate*> all;
    for (const auto& [domain, candidate] : by_domain_) all.push_back(&candidate);
    std::ranges::sort(all, [](const Candidate* a, const Candidate* b) {
        return a->messages != b->messages ? a->messages > b->messages : a->domain < b->domain;
    });
    return all;
}

std::string Candidates::text() const {
    std::string out(mark);
    out.append(version) += '\n';
    for (const auto& [domain, one] : by_domain_) {
        out.append(domain).append(" ").append(one.organizational_domain);
        for (const auto number : {one.first_seen.time_since_epoch().count(), one.last_seen.time_since_epoch().count()})
            out.append(" ").append(std::to_string(number));
        out.append(" ").append(std::to_string(one.messages));
        for (const SeenNames* names : {&one.tenant_ids, &one.organizations, &one.sdids}) out.append(" ").append(text_of(*names));
        out += '\n';
    }
    return out.append("end ").append(std::to_string(by_domain_.size())) += '\n';
}

base::Result<Candidates> Candidates::read(std::string_view text, CandidateLimits limits) {
    const std::string_view whole = text;
    if (!text.starts_with(mark)) return unusable("is no list of candidates");
    text.remove_prefix(mark.size());
    if (take_until(text, '\n') != version) return unusable("is of another version of this program");
    Candidates out(limits);
    for (std::size_t number = 2; !text.empty(); ++number) {
        if (!text.contains('\n')) return unusable("is cut short");
        const std::string_view line = take_until(text, '\n');
        if (line == "end " + std::to_string(out.by_domain_.size()) && text.empty()) {
            if (out.text() != whole) return unusable("is not as this program writes it");
            out.make_room();
            return out;
        }
        if (out.by_domain_.size() == most_candidates_read)
            return unusable("has more than " + std::to_string(most_candidates_read) + " candidates");
        auto candidate = parse_candidate(line);
        if (!candidate) return unusable_line(number, "is no candidate as this program writes it");
        std::string domain = candidate->domain;
        if (!out.by_domain_.emplace(std::move(domain), *std::move(candidate)).second) return unusable_line(number, "is there twice");
    }
    return unusable("is cut short");
}

}  // namespace exota::tenant
