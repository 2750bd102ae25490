#include "programs/eval_spf.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "authn/dmarc.h"
#include "authn/spf.h"
#include "base/ip.h"
#include "config/public_suffixes.h"
#include "decision/rules.h"
#include "mail/domain.h"

namespace exota::programs {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::JsonObject;
using base::null_if_empty;
using base::Result;

// Far above what RFC 7208 allows, far below what a record that includes itself would need to exhaust the stack.
constexpr std::uint32_t most_spf_lookups = 100;

Result<std::string> canonical(std::string_view key, const std::string& text) {
    const auto domain = mail::Domain::parse(text);
    if (!domain) return fail(Errc::invalid_data, '"' + std::string(key) + "\": \"" + text + "\": " + domain.error().detail);
    return domain->text();
}

constexpr auto result_words =
    std::to_array<std::string_view>({"none", "neutral", "pass", "fail", "softfail", "policy", "permerror", "hardfail", "temperror"});

/// {"result", "domain"}; no domain: nothing that could be aligned.
Result<authn::DmarcIdentifier> identifier(std::string_view key, const json::object& in) {
    authn::DmarcIdentifier made;
    const auto word = required_text(in, "result");
    if (!word) return std::unexpected(word.error());
    if (std::ranges::find(result_words, *word) == result_words.end())
        return fail(Errc::invalid_data, '"' + std::string(key) + "\": unknown result \"" + *word + '"');
    made.result = *word == "pass"        ? authn::IdentifierResult::pass
                  : *word == "temperror" ? authn::IdentifierResult::temperror
                                         : authn::IdentifierResult::other;
    const auto domain = optional_text(in, "domain");
    if (!domain) return std::unexpected(domain.error());
    if (!*domain || (*domain)->empty()) return made;
    auto name = canonical(key, **domain);
    if (!name) return std::unexpected(name.error());
    made.domain = *std::move(name);
    return made;
}

Result<void> read_identifiers(const json::object& in, authn::DmarcQuery& query) {
    const auto spf = optional_object(in, "spf");
    if (!spf) return std::unexpected(spf.error());
    if (*spf) {
        auto made = identifier("spf", **spf);
        if (!made) return std::unexpected(made.error());
        query.spf = *std::move(made);
    }
    const json::value* dkim = in.if_contains("dkim");
    if (!dkim || dkim->is_null()) return {};
    if (!dkim->is_array()) return fail(Errc::invalid_data, "\"dkim\" must be a list");
    for (const json::value& element : dkim->get_array()) {
        if (!element.is_object()) return fail(Errc::invalid_data, "each of \"dkim\" must be an object");
        auto made = identifier("dkim", element.get_object());
        if (!made) return std::unexpected(made.error());
        if (!made->domain.empty()) query.dkim.push_back(*std::move(made));
    }
    return {};
}

Result<authn::DmarcRfc> rfc_of(const json::object& in) {
    const json::value* rfc = in.if_contains("rfc");
    if (!rfc || rfc->is_null()) return authn::DmarcRfc::rfc9989;
    std::string text = rfc->is_string() ? std::string(rfc->get_string()) : json::serialize(*rfc);
    if (text.starts_with("rfc")) text.erase(0, 3);
    if (text == "9989") return authn::DmarcRfc::rfc9989;
    if (text == "7489") return authn::DmarcRfc::rfc7489;
    return fail(Errc::invalid_data, "\"rfc\" must be 9989 or 7489");
}

Result<std::vector<std::string>> suffixes_of(const json::object& in) {
    if (!in.contains("shared_suffixes")) return decision::Rules{}.shared_suffixes;
    auto given = texts(in, "shared_suffixes");
    if (!given) return given;
    for (std::string& suffix : *given) {
        auto name = canonical("shared_suffixes", suffix);
        if (!name) return std::unexpected(name.error());
        suffix = *std::move(name);
    }
    return given;
}

}  // namespace

Answer evaluate_spf(const json::object& in) {
    const auto address = required_text(in, "ip");
    if (!address) return std::unexpected(address.error());
    const auto ip = base::IpAddress::parse(*address);
    if (!ip) return fail(Errc::invalid_data, "\"ip\": \"" + *address + "\": " + ip.error().detail);
    authn::SpfQuery query{.ip = *ip, .want_explanation = true};
    const std::pair<std::string_view, std::string*> members[] = {
        {"helo", &query.helo}, {"mail_from", &query.mail_from}, {"receiver", &query.receiver}};
    for (const auto& [key, member] : members) {
        auto text = optional_text(in, key);
        if (!text) return std::unexpected(text.error());
        if (*text) *member = **std::move(text);
    }
    if (query.mail_from.starts_with('<') && query.mail_from.ends_with('>'))
        query.mail_from = query.mail_from.substr(1, query.mail_from.size() - 2);
    const auto zone = zone_of(in);
    if (!zone) return std::unexpected(zone.error());
    const auto now = now_of(in);
    if (!now) return std::unexpected(now.error());
    query.now = now->time_since_epoch().count();
    authn::SpfLimits limits;
    const auto read = read_limits(in, {{"lookups", &limits.lookups, most_spf_lookups},
                                       {"void_lookups", &limits.void_lookups, most_spf_lookups},
                                       {"names", &limits.names, most_spf_lookups}});
    if (!read) return std::unexpected(read.error());

    const authn::SpfResult result = settled(*zone, [&](authn::Dns& dns) { return authn::check_spf(query, dns, limits); });
    return base::json_text(
        [&result](JsonObject& members) {
            members.add("result", authn::name_of(result.value));
            members.add("explanation", null_if_empty(result.explanation));
            members.add("lookups", result.lookups);
            members.add("void_lookups", result.void_lookups);
            members.add("domain", null_if_empty(result.domain));
            members.add("detail", null_if_empty(result.detail));
        },
        base::spaced_json);
}

Result<GivenDmarcQuery> dmarc_query_of(const json::object& in) {
    GivenDmarcQuery given{.shared_suffixes = {}, .query = {.public_suffixes = *config::process_public_suffixes()}};
    authn::DmarcQuery& query = given.query;
    const auto author = required_text(in, "from_domain");
    if (!author) return std::unexpected(author.error());
    auto domain = canonical("from_domain", *author);
    if (!domain) return std::unexpected(domain.error());
    query.author_domain = *std::move(domain);
    if (const auto read = read_identifiers(in, query); !read) return std::unexpected(read.error());
    const auto rfc = rfc_of(in);
    if (!rfc) return std::unexpected(rfc.error());
    query.rfc = *rfc;
    auto suffixes = suffixes_of(in);
    if (!suffixes) return std::unexpected(suffixes.error());
    given.shared_suffixes = *std::move(suffixes);
    query.shared_suffixes = given.shared_suffixes;
    return given;
}

Answer evaluate_dmarc(const json::object& in) {
    const auto given = dmarc_query_of(in);
    if (!given) return std::unexpected(given.error());
    const auto zone = zone_of(in);
    if (!zone) return std::unexpected(zone.error());
    if (const auto read = read_limits(in, {}); !read) return std::unexpected(read.error());

    const authn::DmarcResult result = settled(*zone, [&](authn::Dns& dns) { return authn::check_dmarc(given->query, dns); });
    const bool found = !result.policy_domain.empty();
    const auto policy = [found](authn::DmarcPolicy value) { return found ? std::optional(authn::name_of(value)) : std::nullopt; };
    return base::json_text(
        [&](JsonObject& members) {
            members.add("result", authn::name_of(result.value));
            members.add("policy", policy(result.policy));
            members.add("disposition", policy(result.disposition));
            members.add("organizational_domain", null_if_empty(result.organizational_domain));
            members.add("policy_domain", null_if_empty(result.policy_domain));
            members.add("aligned", [&result](JsonObject& aligned) {
                aligned.add("spf", result.aligned_spf);
                aligned.add("dkim", result.aligned_dkim);
            });
            members.add("detail", null_if_empty(result.detail));
        },
        base::spaced_json);
}

}  // namespace exota::programs
