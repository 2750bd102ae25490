#include "programs/eval_ops.h"

#include <array>
#include <boost/json.hpp>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "app/loading.h"
#include "authn/authres.h"
#include "base/text.h"
#include "config/config.h"
#include "decision/decide.h"
#include "decision/render.h"
#include "gate/judge.h"
#include "mail/author.h"
#include "mail/header_block.h"
#include "programs/eval_dkim.h"
#include "programs/eval_inbound.h"
#include "programs/eval_input.h"
#include "programs/eval_spf.h"
#include "programs/session_facts.h"
#include "programs/verifying.h"
#include "tenant/tenants_file.h"

namespace exota::programs {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::JsonArray;
using base::JsonObject;

std::string name_of_key(std::string_view key) { return '"' + std::string(key) + '"'; }

// --- from ---------------------------------------------------------------------------------------------------------------------------

Answer from(const json::object& in) {
    std::vector<mail::MessageField> fields;
    if (in.contains("headers")) {
        const auto lines = texts(in, "headers");
        if (!lines) return std::unexpected(lines.error());
        fields = mail::fields_of_lines(*lines);
    } else {
        const auto message = message_of(in);
        if (!message) return std::unexpected(message.error());
        fields = mail::split_message(*message).fields;
    }
    std::vector<std::string> values;
    for (const mail::MessageField& field : fields)
        if (is_named(field, "From")) values.push_back(field.value);
    const auto author = mail::parse_author(values);
    if (!author) {
        const std::string_view reason = author.error().problem == mail::AuthorProblem::missing ? "from-missing" : "from-ambiguous";
        return base::json_text(
            [&](JsonObject& members) {
                members.add("verdict", "reject");
                members.add("domain", nullptr);
                members.add("address", nullptr);
                members.add("reason", reason);
                members.add("detail", author.error().detail);
            },
            base::spaced_json);
    }
    return base::json_text(
        [&](JsonObject& members) {
            members.add("verdict", "ok");
            members.add("domain", author->domain.text());
            members.add("address", author->text());
            members.add("reason", nullptr);
        },
        base::spaced_json);
}

// --- authres ------------------------------------------------------------------------------------------------------------------------

/// Names of methods, results and properties are keywords: lower case whatever was written. Values are as given.
void add_result(JsonArray& results, const authn::ResInfo& result) {
    const auto add_properties = [&result](JsonArray& properties) {
        for (const authn::Property& property : result.properties)
            properties.add(std::array{base::lower(property.ptype), base::lower(property.property), std::string(property.pvalue)});
    };
    results.add([&](JsonObject& members) {
        members.add("method", base::lower(result.method));
        members.add("version", base::null_if_empty(result.method_version));
        members.add("result", base::lower(result.result));
        members.add("reason", base::null_if_empty(result.reason));
        members.add("properties", add_properties);
    });
}

Answer authres(const json::object& in) {
    const auto field = required_text(in, "field");
    if (!field) return std::unexpected(field.error());
    std::string_view value = *field;
    const std::string_view name = base::trim(base::take_until(value, ':'));
    if (!base::iequals(name, "Authentication-Results")) return fail(Errc::invalid_data, "\"field\" is no Authentication-Results field");
    const auto parsed = authn::parse_authentication_results(value);
    if (!parsed) return std::unexpected(parsed.error());
    return base::json_text(
        [&](JsonObject& members) {
            members.add("authserv_id", parsed->authserv_id);
            members.add("version", base::null_if_empty(parsed->version));
            members.add("results", [&](JsonArray& results) {
                for (const authn::ResInfo& result : parsed->results) add_result(results, result);
            });
        },
        base::spaced_json);
}

// --- decide -------------------------------------------------------------------------------------------------------------------------

base::Result<SessionFacts> session_of(const json::object& in) {
    SessionFacts facts;
    const auto session = optional_object(in, "session");
    if (!session) return std::unexpected(session.error());
    if (!*session) return facts;
    const json::object& given = **session;
    const struct {
        std::string_view key;
        std::optional<std::string>* fact;
    } named[] = {
        {"client_ip", &facts.client_ip}, {"client_cert", &facts.client_cert}, {"tls_version", &facts.tls_version},
        {"helo", &facts.helo},           {"mail_from", &facts.mail_from},     {"xoorg", &facts.xoorg},
        {"queue_id", &facts.queue_id},
    };
    for (const auto& [key, fact] : named) {
        auto text = optional_text(given, key);
        if (!text) return std::unexpected(text.error());
        *fact = *std::move(text);
    }
    auto recipients = texts(given, "rcpts");
    if (!recipients) return std::unexpected(recipients.error());
    facts.recipients = *std::move(recipients);
    if (const json::value* authenticated = given.if_contains("authenticated"); authenticated && !authenticated->is_null()) {
        if (!authenticated->is_bool()) return fail(Errc::invalid_data, "\"authenticated\" must be true or false");
        facts.authenticated = authenticated->get_bool();
    }
    const auto macros = optional_object(given, "macros");
    if (!macros) return std::unexpected(macros.error());
    if (*macros)
        for (const auto& [name, value] : **macros) {
            if (!value.is_string()) return fail(Errc::invalid_data, "each of \"macros\" must be a string");
            facts.macros.insert_or_assign(std::string(name), std::string(value.get_string()));
        }
    return facts;
}

base::Result<config::Config> config_of(const json::object& in) {
    const auto tree = optional_object(in, "config");
    if (!tree) return std::unexpected(tree.error());
    if (!*tree) return fail(Errc::invalid_data, "\"config\" is missing");
    config::LoadedConfig loaded = config::from_json(json::serialize(**tree));
    if (loaded.config) return *std::move(loaded.config);
    return fail(Errc::invalid_data, app::errors_in_one_line("config", loaded.problems));
}

base::Result<tenant::Index> tenants_of(const json::object& in, const tenant::Defaults& defaults) {
    const json::value* tree = in.if_contains("tenants");
    if (!tree) return fail(Errc::invalid_data, "\"tenants\" is missing");
    tenant::LoadedTenants loaded = tenant::read_tenants(json::serialize(*tree), defaults);
    if (loaded.index) return *std::move(loaded.index);
    return fail(Errc::invalid_data, app::errors_in_one_line("tenants", app::problems_in({}, std::move(loaded.problems))));
}

Answer decide(const json::object& in) {
    const auto message = message_of(in);
    if (!message) return std::unexpected(message.error());
    const auto facts = session_of(in);
    if (!facts) return std::unexpected(facts.error());
    const auto config = config_of(in);
    if (!config) return std::unexpected(config.error());
    gate::Snapshot snapshot{.rules = config->rules, .limits = config->limits};
    evidence::MessageLimits& limits = snapshot.limits;
    const auto read = read_limits(in, {{"field_octets", &limits.field_octets},
                                       {"header_octets", &limits.header_octets},
                                       {"header_fields", &limits.header_fields},
                                       {"kept_fields", &limits.kept_fields}});
    if (!read) return std::unexpected(read.error());
    auto tenants = tenants_of(in, config->tenant_defaults);
    if (!tenants) return std::unexpected(tenants.error());
    snapshot.tenants = std::make_shared<const tenant::Index>(*std::move(tenants));
    const auto zone = zone_of(in);
    if (!zone) return std::unexpected(zone.error());
    const auto now = now_of(in);
    if (!now) return std::unexpected(now.error());

    const auto door = door_of(in);
    if (!door) return std::unexpected(door.error());
    if (door->inbound && !snapshot.rules.inbound) return fail(Errc::invalid_data, "\"config\" has no section [inbound]");

    const mail::MessageParts parts = mail::split_message(*message);
    evidence::Collector collector(limits, {.indirect = door->inbound});
    if (auto begun = begin_message(*facts, collector, gate::unnamed_under(snapshot.rules)); !begun) return std::unexpected(begun.error());
    note_fields(parts.fields, collector);
    evidence::Evidence evidence = collector.finish();
    ZoneNames names(*zone);
    if (door->inbound) {
        const decision::Decision decision =
            judge_at_inbound_door(evidence, parts, snapshot, *door, names, *now, gate::LookupLimits{}.questions);
        return decision::to_json(decision, evidence);
    }
    verify_message(evidence, parts, snapshot, names, *now);
    const decision::Decision decision = decision::decide(evidence, snapshot.tenants.get(), snapshot.rules);
    return decision::to_json(decision, evidence);
}

// --- dispatch -----------------------------------------------------------------------------------------------------------------------

struct Operation {
    std::string_view name;
    Answer (*run)(const json::object&);
};
constexpr auto operations = std::to_array<Operation>({
    {"from", from},
    {"authres", authres},
    {"decide", decide},
    {"dkim", evaluate_dkim},
    {"arc", evaluate_arc},
    {"spf", evaluate_spf},
    {"dmarc", evaluate_dmarc},
    {"eop", evaluate_eop},
    {"compauth", evaluate_compauth},
});

Answer evaluate(const json::object& in) {
    const auto op = required_text(in, "op");
    if (!op) return std::unexpected(op.error());
    for (const Operation& operation : operations)
        if (operation.name == *op) return operation.run(in);
    return fail(Errc::invalid_data, "unknown op " + name_of_key(*op));
}

/// Puts the id in front of the other members.
std::string with_id(std::string_view object, const json::value* id) {
    if (!id) return std::string(object);
    std::string id_text;
    put(*id, base::JsonPlace(id_text));
    return base::json_text(
        [&](JsonObject& members) {
            members.add("id", base::JsonText{id_text});
            members.add_members_of({object});
        },
        base::spaced_json);
}

std::string error_object(std::string_view why) {
    return base::json_text([why](JsonObject& members) { members.add("error", why); }, base::spaced_json);
}

}  // namespace

std::string evaluate_line(std::string_view line) {
    if (line.size() > max_eval_line_octets) return error_object("line of more than " + std::to_string(max_eval_line_octets) + " octets");
    try {
        json::error_code error;
        const json::value parsed = json::parse(json::string_view(line.data(), line.size()), error);
        if (error) return error_object("no JSON: " + error.message());
        const json::object* in = parsed.if_object();
        if (!in) return error_object("each line must be a JSON object");
        const json::value* id = in->if_contains("id");
        if (id && !is_finite(*id)) return error_object("\"id\" holds a number out of range");
        const Answer answer = evaluate(*in);
        return with_id(answer ? *answer : error_object(answer.error().detail), id);
    } catch (const std::bad_alloc&) {
        return error_object("not enough memory for this line");
    }
}

}  // namespace exota::programs
