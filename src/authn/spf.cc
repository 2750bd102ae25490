#include "authn/spf.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "authn/dns_names.h"
#include "authn/spf_macro.h"
#include "authn/spf_record.h"
#include "base/text.h"
#include "mail/cfws.h"
#include "mail/domain.h"

namespace exota::authn {
namespace {

/// What one step found. `pending` beats everything: the check is called again.
enum class Match : std::uint8_t { yes, no, pending, temperror, permerror };

bool is_temporary(DnsStatus status) noexcept { return status == DnsStatus::temporary_failure || status == DnsStatus::bogus; }

/// RFC 7208 section 4.3: U-labels are asked for as A-labels. Empty: what is written is no domain.
std::string in_a_labels(std::string domain) {
    if (std::ranges::none_of(domain, mail::is_8bit)) return domain;
    const auto read = mail::Domain::parse(domain);
    return read ? read->text() : std::string();
}

bool is_in_network(const base::IpAddress& address, const base::IpAddress& network, int bits) noexcept {
    for (int bit = 0; bit < bits; bit += 8) {
        const auto i = static_cast<std::size_t>(bit / 8);
        const auto mask = static_cast<std::uint8_t>(bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit)));
        if ((address.octets()[i] & mask) != (network.octets()[i] & mask)) return false;
    }
    return true;
}

class Check {
public:
    Check(const SpfQuery& query, Dns& dns, const SpfLimits& limits) : query_(query), dns_(dns), limits_(limits) {}

    SpfResult run();

private:
    struct Outcome {
        Match problem = Match::no;  // pending, or no: `value` says
        SpfValue value = SpfValue::none;
        std::string detail;
    };
    Outcome check_host(const std::string& domain, bool top);
    Outcome from_record(const SpfRecord& record, const std::string& domain, bool top);
    Match matches(const SpfTerm& term, const std::string& domain, std::string& why);
    Match match_addresses(std::string_view name, const SpfTerm& term);
    Match match_mx(const std::string& name, const SpfTerm& term);
    Match match_ptr(const std::string& name);
    Match match_exists(const std::string& name);
    Match match_include(const std::string& name, std::string& why);
    /// Expands a domain-spec. nullopt: pending (the value of %{p}).
    std::optional<std::string> target(std::string_view spec, const std::string& domain);
    /// Names of the client that point back to it. nullopt: pending.
    std::optional<std::vector<std::string>> validated_names();
    std::optional<std::string> validated_name_for(const std::string& domain);
    Match explain(const std::string& spec, const std::string& domain);
    /// Asks; counts void look-ups. nullptr with `match` set: pending, an error, or a name that nobody can ask for (then `no`).
    const DnsAnswer* ask(std::string_view name, RecordType type, Match& match);
    bool count_lookup() noexcept { return ++result_.lookups <= limits_.lookups; }
    SpfMacroValues values(const std::string& domain, std::string_view validated) const {
        return {.sender = sender_,
                .domain = domain,
                .ip = query_.ip,
                .helo = query_.helo,
                .validated = validated,
                .receiver = query_.receiver,
                .now = query_.now};
    }

    const SpfQuery& query_;
    Dns& dns_;
    const SpfLimits& limits_;
    std::string sender_;
    SpfResult result_;
};

SpfResult Check::run() {
    const std::string& identity = query_.mail_from.empty() ? query_.helo : query_.mail_from;
    const std::size_t at = query_.mail_from.empty() ? std::string::npos : identity.rfind('@');
    result_.domain = in_a_labels(at == std::string::npos ? identity : identity.substr(at + 1));
    sender_ = (at == std::string::npos || at == 0 ? std::string("postmaster") : identity.substr(0, at)) + '@' + result_.domain;
    if (result_.domain.ends_with('.')) result_.domain.pop_back();
    if (!is_dns_name(result_.domain, 2)) {  // section 4.3
        result_.detail = "no domain to check";
        return result_;
    }
    const Outcome outcome = check_host(result_.domain, true);
    result_.pending = outcome.problem == Match::pending;
    result_.value = outcome.value;
    result_.detail = outcome.detail;
    if (result_.pending) result_.explanation.clear();
    return result_;
}

Check::Outcome Check::check_host(const std::string& domain, bool top) {
    // 4.4 Record look-up
    const DnsAnswer* answer = dns_.ask(domain, RecordType::txt);
    if (!answer) return {.problem = Match::pending};
    if (is_temporary(answer->status))
        return {.value = SpfValue::temperror,
                .detail = answer->status == DnsStatus::bogus ? "DNSSEC says bogus: " + domain : "DNS does not answer for " + domain};
    // 4.5 Selecting records
    const std::string* text = nullptr;
    for (const std::string& record : answer->records) {
        if (!is_spf_record(record)) continue;
        if (text) return {.value = SpfValue::permerror, .detail = "several SPF records at " + domain};
        text = &record;
    }
    if (!text) return {.value = SpfValue::none, .detail = "no SPF record at " + domain};
    // 4.6 Record evaluation
    const auto record = parse_spf_record(*text);
    if (!record) return {.value = SpfValue::permerror, .detail = record.error().detail};
    return from_record(*record, domain, top);
}

Check::Outcome Check::from_record(const SpfRecord& record, const std::string& domain, bool top) {
    constexpr std::array<SpfValue, 4> by_qualifier{SpfValue::pass, SpfValue::fail, SpfValue::softfail, SpfValue::neutral};
    for (const SpfTerm& term : record.terms) {
        std::string why;
        switch (matches(term, domain, why)) {
            case Match::no:
                continue;
            case Match::pending:
                return {.problem = Match::pending};
            case Match::temperror:
                return {.value = SpfValue::temperror, .detail = why.empty() ? "DNS does not answer for " + term.text : why};
            case Match::permerror:
                return {.value = SpfValue::permerror, .detail = why.empty() ? "limit passed at " + term.text : why};
            case Match::yes:
                break;
        }
        const SpfValue value = by_qualifier[static_cast<std::size_t>(term.qualifier)];
        if (value == SpfValue::fail && top && query_.want_explanation && !record.explanation.empty() &&
            explain(record.explanation, domain) == Match::pending)
            return {.problem = Match::pending};
        return {.value = value, .detail = term.text};
    }
    if (record.redirect.empty()) return {.value = SpfValue::neutral, .detail = "no term matches"};
    // 6.1 redirect
    if (!count_lookup()) return {.value = SpfValue::permerror, .detail = "more than " + std::to_string(limits_.lookups) + " look-ups"};
    const std::optional<std::string> name = target(record.redirect, domain);
    if (!name) return {.problem = Match::pending};
    if (!is_dns_name(*name, 1)) return {.value = SpfValue::permerror, .detail = "redirect to no domain"};
    Outcome outcome = check_host(*name, top);
    if (outcome.problem == Match::no && outcome.value == SpfValue::none)
        return {.value = SpfValue::permerror, .detail = "redirect to " + *name + ", which has no SPF record"};
    return outcome;
}

Match Check::matches(const SpfTerm& term, const std::string& domain, std::string& why) {
    switch (term.mechanism) {
        case SpfMechanism::all:
            return Match::yes;
        case SpfMechanism::ip4:
            return query_.ip.is_v4() && is_in_network(query_.ip, term.network, 96 + term.ip4_bits) ? Match::yes : Match::no;
        case SpfMechanism::ip6:
            return !query_.ip.is_v4() && is_in_network(query_.ip, term.network, term.ip6_bits) ? Match::yes : Match::no;
        default:
            break;
    }
    if (!count_lookup()) {
        why = "more than " + std::to_string(limits_.lookups) + " look-ups";
        return Match::permerror;
    }
    const std::optional<std::string> name = term.domain_spec.empty() ? std::optional(domain) : target(term.domain_spec, domain);
    if (!name) return Match::pending;
    switch (term.mechanism) {
        case SpfMechanism::include:
            return match_include(*name, why);
        case SpfMechanism::a:
            return match_addresses(*name, term);
        case SpfMechanism::mx:
            return match_mx(*name, term);
        case SpfMechanism::ptr:
            return match_ptr(*name);
        default:
            return match_exists(*name);
    }
}

const DnsAnswer* Check::ask(std::string_view name, RecordType type, Match& match) {
    match = Match::no;
    if (!is_dns_name(name, 1)) return nullptr;  // section 4.8: what no DNS query can carry does not match
    const DnsAnswer* answer = dns_.ask(name, type);
    if (!answer) return match = Match::pending, nullptr;
    if (is_temporary(answer->status)) return match = Match::temperror, nullptr;
    if (answer->records.empty() && ++result_.void_lookups > limits_.void_lookups) return match = Match::permerror, nullptr;
    return answer;
}

// 5.3 a, and the addresses of 5.4 mx
Match Check::match_addresses(std::string_view name, const SpfTerm& term) {
    Match match = Match::no;
    const DnsAnswer* answer = ask(name, query_.ip.is_v4() ? RecordType::a : RecordType::aaaa, match);
    if (!answer) return match;
    const int bits = query_.ip.is_v4() ? 96 + term.ip4_bits : term.ip6_bits;
    for (const std::string& record : answer->records)
        if (const auto address = address_of(record); address && is_in_network(query_.ip, *address, bits)) return Match::yes;
    return Match::no;
}

Match Check::match_mx(const std::string& name, const SpfTerm& term) {
    Match match = Match::no;
    const DnsAnswer* answer = ask(name, RecordType::mx, match);
    if (!answer) return match;
    if (answer->records.size() > static_cast<std::size_t>(limits_.names)) return Match::permerror;  // section 4.6.4
    bool pending = false;
    for (const std::string& record : answer->records) {
        if (record.size() <= 2) continue;
        match = match_addresses(std::string_view(record).substr(2), term);
        if (match == Match::pending)
            pending = true;  // go on, so that all addresses are asked for together
        else if (match != Match::no)
            return pending ? Match::pending : match;
    }
    return pending ? Match::pending : Match::no;
}

// 5.5 ptr: trouble with DNS is no match
std::optional<std::vector<std::string>> Check::validated_names() {
    std::vector<std::string> names;
    const DnsAnswer* pointers = dns_.ask(reverse_name(query_.ip), RecordType::ptr);
    if (!pointers) return std::nullopt;
    bool pending = false;
    const std::size_t count = std::min(pointers->records.size(), static_cast<std::size_t>(limits_.names));
    for (std::size_t i = 0; i < count && pointers->status == DnsStatus::data; ++i) {
        const std::string& name = pointers->records[i];
        if (!is_dns_name(name, 1)) continue;
        const DnsAnswer* addresses = dns_.ask(name, query_.ip.is_v4() ? RecordType::a : RecordType::aaaa);
        if (!addresses) {
            pending = true;
            continue;
        }
        if (addresses->status != DnsStatus::data) continue;
        if (std::ranges::any_of(addresses->records, [&](const std::string& record) { return address_of(record) == query_.ip; }))
            names.push_back(base::lower(name));
    }
    if (pending) return std::nullopt;
    return names;
}

constexpr bool is_same_or_below(std::string_view name, std::string_view domain) noexcept {
    if (!base::iends_with(name, domain)) return false;
    return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

Match Check::match_ptr(const std::string& name) {
    const auto names = validated_names();
    if (!names) return Match::pending;
    return std::ranges::any_of(*names, [&](const std::string& validated) { return is_same_or_below(validated, name); }) ? Match::yes
                                                                                                                        : Match::no;
}

// 7.3 %{p}: the domain itself, else a name below it, else any, else "unknown"
std::optional<std::string> Check::validated_name_for(const std::string& domain) {
    const auto names = validated_names();
    if (!names) return std::nullopt;
    for (const std::string& name : *names)
        if (base::iequals(name, domain)) return name;
    for (const std::string& name : *names)
        if (is_same_or_below(name, domain)) return name;
    return names->empty() ? "unknown" : names->front();
}

Match Check::match_exists(const std::string& name) {
    Match match = Match::no;
    const DnsAnswer* answer = ask(name, RecordType::a, match);
    if (!answer) return match;
    return answer->records.empty() ? Match::no : Match::yes;
}

// 5.2 include: the table of that section
Match Check::match_include(const std::string& name, std::string& why) {
    if (!is_dns_name(name, 1)) {
        why = "include of no domain";
        return Match::permerror;
    }
    const Outcome outcome = check_host(name, false);
    if (outcome.problem == Match::pending) return Match::pending;
    why = outcome.detail;
    switch (outcome.value) {
        case SpfValue::pass:
            return Match::yes;
        case SpfValue::temperror:
            return Match::temperror;
        case SpfValue::permerror:
        case SpfValue::none:
            return Match::permerror;
        default:
            return Match::no;
    }
}

std::optional<std::string> Check::target(std::string_view spec, const std::string& domain) {
    std::string validated = "unknown";
    if (uses_validated_name(spec)) {
        std::optional<std::string> name = validated_name_for(domain);
        if (!name) return std::nullopt;
        validated = std::move(*name);
    }
    std::string name = expand_macros(spec, values(domain, validated), SpfMacroUse::domain_spec);
    if (name.ends_with('.')) name.pop_back();
    return name;
}

// 6.2 exp: whatever goes wrong, there is no explanation
Match Check::explain(const std::string& spec, const std::string& domain) {
    const std::optional<std::string> name = target(spec, domain);
    if (!name) return Match::pending;
    if (!is_dns_name(*name, 1)) return Match::no;
    const DnsAnswer* answer = dns_.ask(*name, RecordType::txt);
    if (!answer) return Match::pending;
    if (answer->status != DnsStatus::data || answer->records.size() != 1) return Match::no;
    const std::string& text = answer->records.front();
    if (!is_macro_string(text, SpfMacroUse::explanation)) return Match::no;
    std::string validated = "unknown";
    if (uses_validated_name(text)) {
        std::optional<std::string> validated_name = validated_name_for(domain);
        if (!validated_name) return Match::pending;
        validated = std::move(*validated_name);
    }
    result_.explanation = expand_macros(text, values(domain, validated), SpfMacroUse::explanation);
    return Match::yes;
}

}  // namespace

std::string_view name_of(SpfValue value) noexcept {
    constexpr std::array<std::string_view, 7> names{"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"};
    return names[static_cast<std::size_t>(value)];
}

SpfResult check_spf(const SpfQuery& query, Dns& dns, const SpfLimits& limits) { return Check(query, dns, limits).run(); }

}  // namespace exota::authn
