// Belief in Authentication-Results: position first, then the authserv-id, then the grammar.
//
// Only fields of a trusted id are parsed, so a hundred forged ones of other ids cost a hundred looks at the first word. The topmost
// field that names the method decides even where it does not count: OpenDKIM's default clean-up leaves fields with versions and with
// more than 15 results in place, so such a field may be a forgery above which the validator put nothing. Where fields anywhere are
// believed, whatever else OpenDKIM's clean-up leaves in place (AuthenticationResults::unusual) does not count either.
//
// Tested by authres_trust_test.cc.
#include "evidence/authres_trust.h"

#include <algorithm>

#include "authn/authres.h"
#include "base/cursor.h"
#include "base/text.h"
#include "mail/cfws.h"

namespace exota::evidence {
namespace {

constexpr std::string_view method = "dkim";

bool contains(const std::vector<std::string>& words, std::string_view word) noexcept {
    return std::ranges::any_of(words, [&](const std::string& each) { return base::iequals(each, word); });
}

bool is_method(std::string_view name, const AuthresTrust& trust) noexcept {
    return trust.as_predecessor ? name == method : base::iequals(name, method);
}

bool names_method(const authn::AuthenticationResults& field, const AuthresTrust& trust) noexcept {
    return std::ranges::any_of(field.results, [&](const authn::ResInfo& result) { return is_method(result.method, trust); });
}

bool can_predecessor_read(std::string_view value) noexcept {
    base::Cursor in(value);
    return std::ranges::none_of(value, mail::is_8bit) && !(mail::skip_cfws(in) && in.next_is('"'));
}

/// Why a field of a trusted id does not count, or empty.
std::string_view find_reason_not_to_count(const authn::AuthenticationResults& field, const AuthresTrust& trust) noexcept {
    if (!field.version.empty() && field.version != "1") return "a version other than 1";
    if (field.results.size() > trust.max_results) return "too many results";
    for (const authn::ResInfo& result : field.results)
        if (!result.method_version.empty()) return "a method with a version";
    return trust.position == AuthresTrust::Position::any ? field.unusual : std::string_view{};
}

std::optional<DkimResult::Value> value_of_word(std::string_view word) noexcept {
    using enum DkimResult::Value;
    for (const DkimResult::Value value : {pass, fail, permerror, temperror, neutral, policy, none})
        if (base::iequals(word, name_of(value))) return value;
    return std::nullopt;
}

/// A result without exactly one readable header.d (the predecessor takes the first), or of an unknown word, authorises nothing.
DkimResult read_result(const authn::ResInfo& result, bool as_predecessor) {
    DkimResult out;
    const std::optional<DkimResult::Value> value = value_of_word(result.result);
    out.value = value.value_or(DkimResult::Value::none);
    const auto is_sdid = [](const authn::Property& p) { return base::iequals(p.ptype, "header") && base::iequals(p.property, "d"); };
    const auto named = std::ranges::count_if(result.properties, is_sdid);
    const bool ambiguous = named > 1 && !as_predecessor;
    if (named > 0 && !ambiguous)
        if (base::Result<mail::Domain> sdid = mail::Domain::parse(result.find("header", "d")->pvalue)) out.sdid = std::move(*sdid);
    if (!value)
        out.detail = "unknown result " + result.result;
    else if (named == 0)
        out.detail = "no header.d";
    else if (ambiguous)
        out.detail = "more than one header.d";
    else if (!out.sdid)
        out.detail = "header.d is no domain";
    out.counts = out.detail.empty();
    return out;
}

}  // namespace

BelievedDkim believed_dkim(const Header& header, const AuthresTrust& trust) {
    BelievedDkim out;
    if (!contains(trust.methods, method)) {
        out.not_counted = "dkim is not among the trusted methods";
        return out;
    }
    const bool top_only = trust.position == AuthresTrust::Position::top;
    std::string scratch;
    for (const AuthresField& field : header.authentication_results) {
        if (top_only && field.received_above > trust.own_hops) break;
        if (trust.as_predecessor && !can_predecessor_read(field.value)) continue;
        const std::string_view id = authn::peek_authserv_id(field.value, scratch);
        if (id.empty() || !contains(trust.authserv_ids, id)) continue;
        const auto parsed = authn::parse_authentication_results(field.value);
        const std::string_view reason = parsed ? find_reason_not_to_count(*parsed, trust) : std::string_view("unparseable");
        if (parsed && !names_method(*parsed, trust)) continue;
        out.named = out.named || parsed || top_only;  // what cannot be parsed may name it: at the top that decides
        if (!reason.empty()) {
            out.not_counted = "field " + std::to_string(field.index) + " does not count: " + std::string(reason);
            if (!parsed) out.not_counted += " (" + parsed.error().detail + ')';
        } else {
            out.field = field.index;
            for (const authn::ResInfo& result : parsed->results)
                if (is_method(result.method, trust)) out.results.push_back(read_result(result, trust.as_predecessor));
        }
        if (top_only) break;
    }
    return out;
}

}  // namespace exota::evidence
