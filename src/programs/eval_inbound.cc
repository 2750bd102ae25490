#include "programs/eval_inbound.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <span>
#include <utility>

#include "authn/dmarc.h"
#include "base/text.h"
#include "decision/compauth.h"
#include "decision/judge_inbound.h"
#include "evidence/eop.h"
#include "programs/eval_spf.h"
#include "tenant/recipient_list.h"
#include "tenant/recipient_name.h"

namespace exota::programs {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::JsonArray;
using base::JsonObject;
using base::Result;
using evidence::EopPair;
using evidence::EopStatement;

// --- eop ------------------------------------------------------------------------------------------------------------------------------

/// Properties of the methods that have members of their own: property → member.
struct Member {
    std::string_view method, property, member;
};
constexpr std::array<Member, 5> members_of_methods{{{"spf", "smtp.mailfrom", "mail_from"},
                                                    {"dkim", "header.d", "header_d"},
                                                    {"dmarc", "action", "action"},
                                                    {"dmarc", "header.from", "header_from"},
                                                    {"compauth", "reason", "reason"}}};

bool has_own_member(const EopStatement& statement) noexcept {
    return std::ranges::find(members_of_methods, statement.method, &Member::method) != members_of_methods.end();
}

void add_statement(JsonObject& object, const EopStatement& statement) {
    object.add("result", statement.result);
    if (statement.method == "spf") {
        const auto address = evidence::sender_ip_of(statement);
        object.add("sender_ip", address ? std::optional(address->text()) : std::nullopt);
    }
    for (const Member& member : members_of_methods) {
        if (member.method != statement.method) continue;
        const std::string* value = statement.find(member.property);
        const bool says_none = value == nullptr || (member.property == "header.d" && *value == "none");
        object.add(member.member, says_none ? std::nullopt : std::optional<std::string_view>(*value));
    }
}

void add_pairs(JsonObject& object, std::span<const EopPair> pairs) {
    for (const EopPair& pair : pairs) object.add(pair.name, pair.value);
}

void add_whole(JsonArray& statements, const EopStatement& statement) {
    statements.add([&statement](JsonObject& object) {
        object.add("method", statement.method);
        object.add("result", statement.result);
        object.add("comments", statement.comments);
        object.add("properties", [&statement](JsonArray& properties) {
            for (const EopPair& pair : statement.properties) properties.add(std::array{pair.name, pair.value});
        });
    });
}

/// What has no member of its own, whole: methods that nobody knows, further signatures, properties that nobody knows.
std::vector<EopStatement> others_of(const std::vector<EopStatement>& statements) {
    std::vector<EopStatement> others;
    for (auto statement = statements.begin(); statement != statements.end(); ++statement) {
        const bool is_first =
            std::none_of(statements.begin(), statement, [&](const EopStatement& before) { return before.method == statement->method; });
        const bool is_shown =
            is_first && has_own_member(*statement) && std::ranges::all_of(statement->properties, [&](const EopPair& pair) {
                return std::ranges::any_of(members_of_methods, [&](const Member& member) {
                    return member.method == statement->method && member.property == pair.name;
                });
            });
        if (!is_shown) others.push_back(*statement);
    }
    return others;
}

/// One of the antispam fields, without its name.
Result<std::optional<std::vector<EopPair>>> pairs_in(const json::object& in, std::string_view key) {
    const auto text = optional_text(in, key);
    if (!text) return std::unexpected(text.error());
    if (!*text) return std::nullopt;
    auto pairs = evidence::parse_antispam_report(**text);
    if (!pairs) return fail(Errc::invalid_data, '"' + std::string(key) + "\": " + pairs.error().detail);
    return *std::move(pairs);
}

// --- compauth -------------------------------------------------------------------------------------------------------------------------

Result<bool> flag_in(const json::object& in, std::string_view key) {
    const json::value* value = in.if_contains(key);
    if (!value || value->is_null()) return false;
    if (!value->is_bool()) return fail(Errc::invalid_data, '"' + std::string(key) + "\" must be true or false");
    return value->get_bool();
}

template <class Value, std::size_t N>
Result<Value> word_in(const json::object& in, std::string_view key, const std::array<Value, N>& values, Value otherwise) {
    const auto text = optional_text(in, key);
    if (!text) return std::unexpected(text.error());
    if (!*text) return otherwise;
    for (const Value value : values)
        if (name_of(value) == **text) return value;
    return fail(Errc::invalid_data, "\"" + std::string(key) + "\": unknown word \"" + **text + "\"");
}

}  // namespace

Answer evaluate_eop(const json::object& in) {
    const auto field = required_text(in, "field");
    if (!field) return std::unexpected(field.error());
    std::string_view value = *field;
    const std::string_view name = base::trim(base::take_until(value, ':'));
    const bool is_results = base::iequals(name, "Authentication-Results");
    if (!is_results && !base::iequals(name, "X-MS-Exchange-Authentication-Results"))
        return fail(Errc::invalid_data, "\"field\" is none of EOP's results");
    const auto results = evidence::parse_eop_results(value);
    if (!results) return std::unexpected(results.error());
    const auto report = pairs_in(in, "report");
    if (!report) return std::unexpected(report.error());
    const auto antispam = pairs_in(in, "antispam");
    if (!antispam) return std::unexpected(antispam.error());
    return base::json_text(
        [&](JsonObject& members) {
            if (!is_results) members.add("counts", false);  // of the way out
            std::vector<std::string_view> shown;
            for (const EopStatement& statement : *results) {
                if (!has_own_member(statement) || std::ranges::find(shown, statement.method) != shown.end()) continue;
                shown.push_back(statement.method);
                members.add(statement.method, [&statement](JsonObject& object) { add_statement(object, statement); });
            }
            const std::vector<EopStatement> others = others_of(*results);
            if (!others.empty())
                members.add("other", [&others](JsonArray& statements) {
                    for (const EopStatement& statement : others) add_whole(statements, statement);
                });
            if (*report) members.add("report", [&](JsonObject& object) { add_pairs(object, **report); });
            if (*antispam) members.add("antispam", [&](JsonObject& object) { add_pairs(object, **antispam); });
        },
        base::spaced_json);
}

Answer evaluate_compauth(const json::object& in) {
    using decision::Action;
    using decision::Exception;
    using decision::Finding;
    auto query = dmarc_query_of(in);
    if (!query) return std::unexpected(query.error());
    query->query.align_without_record = true;
    const auto zone = zone_of(in);
    if (!zone) return std::unexpected(zone.error());
    if (const auto read = read_limits(in, {}); !read) return std::unexpected(read.error());

    decision::CompauthCase asked;
    const std::pair<std::string_view, bool*> flags[] = {
        {"own", &asked.own}, {"exchange_online", &asked.spf_from_exchange}, {"reverse_name", &asked.reverse_name}};
    for (const auto& [key, flag] : flags) {
        const auto given = flag_in(in, key);
        if (!given) return std::unexpected(given.error());
        *flag = *given;
    }
    const auto own_tenant =
        word_in(in, "own_tenant", std::array{Finding::holds, Finding::absent, Finding::contradicts, Finding::unavailable}, Finding::absent);
    if (!own_tenant) return std::unexpected(own_tenant.error());
    asked.own_tenant = *own_tenant;
    const auto exception =
        word_in(in, "exception", std::array{Exception::none, Exception::arc, Exception::forwarder, Exception::domain}, Exception::none);
    if (!exception) return std::unexpected(exception.error());
    asked.exception = *exception;
    const auto domains = word_in(in, "domains", std::array{Action::none, Action::mark, Action::reject}, Action::none);
    if (!domains) return std::unexpected(domains.error());
    if (*domains != Action::none) asked.domain = *domains;

    const authn::DmarcResult dmarc = settled(*zone, [&](authn::Dns& dns) { return authn::check_dmarc(query->query, dns); });
    asked.has_record = dmarc.has_record;
    asked.enforces = dmarc.has_record && dmarc.enforced != authn::DmarcPolicy::none;
    asked.aligned_dkim = dmarc.aligned_dkim;
    asked.aligned_spf = dmarc.aligned_spf;
    asked.unresolved = (dmarc.value == authn::DmarcValue::temperror || dmarc.doubtful_dkim) && !decision::is_proven_by_alignment(asked);
    const decision::Compauth compauth = decision::compauth_of(asked);
    return base::json_text(
        [&](JsonObject& members) {
            members.add("result", name_of(compauth.result));
            members.add("reason", decision::reason_text(compauth));
            members.add("row", compauth.row);
            members.add("enforced", dmarc.has_record ? std::optional(authn::name_of(dmarc.enforced)) : std::nullopt);
        },
        base::spaced_json);
}

Result<DoorFacts> door_of(const json::object& in) {
    DoorFacts door;
    const auto session = optional_object(in, "session");
    if (!session) return std::unexpected(session.error());
    if (!*session) return door;
    const auto name = optional_text(**session, "door");
    if (!name) return std::unexpected(name.error());
    if (*name && **name != "relay" && **name != "inbound") return fail(Errc::invalid_data, "\"door\" must be relay or inbound");
    door.inbound = *name && **name == "inbound";
    const json::value* known = (*session)->if_contains("known_recipients");
    if (!known || known->is_null()) return door;
    auto recipients = texts(**session, "known_recipients");
    if (!recipients) return std::unexpected(recipients.error());
    door.known_recipients = *std::move(recipients);
    return door;
}

decision::Decision judge_at_inbound_door(evidence::Evidence& evidence, const mail::MessageParts& message, const gate::Snapshot& snapshot,
                                         const DoorFacts& door, Names& names, std::chrono::sys_seconds now, std::size_t max_questions) {
    const tenant::RecipientRules compared;
    tenant::RecipientList known;
    if (door.known_recipients)
        for (const std::string& entry : *door.known_recipients) {
            const bool catch_all = entry.starts_with('@');
            const auto name = tenant::RecipientName::parse(catch_all ? "x" + entry : entry, compared);
            if (name) known.add(catch_all ? name->at_domain() : name->text());
        }
    decision::InboundFacts facts;
    std::vector<std::string> accepted;
    std::vector<decision::RecipientIs> accepted_as;
    decision::RecipientCounts counts;
    for (const std::string& recipient : evidence.envelope.recipients) {
        decision::RecipientIs is = decision::RecipientIs::not_asked;
        if (door.known_recipients) {
            const auto name = tenant::RecipientName::parse(recipient, compared);
            is = name && known.knows(*name, compared) ? decision::RecipientIs::known : decision::RecipientIs::unknown;
        }
        facts.recipients.push_back(is);
        const auto refused = decision::refuse_recipient(evidence.session, recipient, is, counts, snapshot.tenants.get(), snapshot.rules);
        if (refused && refused->verdict != decision::Verdict::accept) {
            ++counts.unknown;
            continue;
        }
        ++counts.accepted;
        accepted.push_back(recipient);
        accepted_as.push_back(is);
    }
    if (!accepted.empty()) {
        evidence.envelope.recipient_count -= static_cast<std::uint32_t>(evidence.envelope.recipients.size() - accepted.size());
        evidence.envelope.recipients = std::move(accepted);
        facts.recipients = std::move(accepted_as);
    }
    verify_inbound_message(evidence, message, snapshot, facts, names, now, max_questions);
    return decision::judge_inbound(evidence, snapshot.tenants.get(), snapshot.rules, facts);
}

}  // namespace exota::programs
