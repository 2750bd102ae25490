// exota explain: what would be decided of this message, and why. The same collector and the same decide as the daemon's.
//
// Tested by tests/cli_explain_test.py and tests/system/test_explain_stored.py.
#include <boost/json.hpp>
#include <memory>

#include "app/look_up_once.h"
#include "base/joined.h"
#include "decision/decide.h"
#include "decision/judge_inbound.h"
#include "decision/keys.h"
#include "decision/render.h"
#include "directory/fed_source.h"
#include "evidence/json.h"
#include "programs/installed_documents.h"
#include "programs/logfmt.h"
#include "programs/message_command.h"
#include "programs/options.h"
#include "programs/problems.h"
#include "programs/report_sum.h"
#include "programs/stored_message.h"

extern "C" char** environ;

namespace exota::programs {
namespace {

struct Options {
    std::optional<std::string> config, evidence, message;
    SessionFacts session;
    WorldOptions world;
    std::optional<std::string> door;  // "relay", "inbound"
    bool json = false, from_received = false, keep_received = false;
};

bool is_inbound(const Options& options) { return options.door == "inbound"; }

/// Evidence, and what was assumed to come to it: sentences for people.
struct Seen {
    evidence::Evidence evidence;
    std::vector<std::string> notes;
    std::optional<SessionFacts> session;  // none: logged, or the notes name all that is not given
};

/// The value of `evidence` in a logfmt line, as it is written; empty if there is none.
std::string_view logfmt_evidence(std::string_view line) {
    std::string_view evidence;
    for_each_logfmt_pair(line, [&evidence](std::string_view name, std::string_view value) {
        if (name == "evidence") evidence = value;
    });
    return evidence;
}

/// Of a line of our log that has no evidence: why, and what would have put it there. nullopt: it is no such line.
std::optional<std::string> why_without_evidence(std::string_view text) {
    if (!parse_log_line(base::trim(text)) || text.contains("evidence=") || text.contains("\"evidence\"")) return std::nullopt;
    if (text.contains("evidence_octets"))
        return "the evidence of this message was too long for the log (evidence_octets); explain the message itself";
    return "this log line has no evidence: set log.evidence = \"refused\" (or \"all\"), and the line of the next such message has it; "
           "until then explain the message itself";
}

/// A log line of ours carries the evidence as "evidence"; a file may hold that line in either form, its value as it stands there, or the
/// evidence alone.
std::string evidence_text(std::string text) {
    boost::json::error_code error;
    boost::json::value value = boost::json::parse(text, error);
    if (error) {
        const std::string_view quoted = logfmt_evidence(text);
        if (quoted.empty()) return text;
        value = boost::json::parse(quoted, error);
        if (error) return text;
    }
    const auto* object = value.if_object();
    const boost::json::value& inner = object && object->contains("evidence") ? object->at("evidence") : value;
    return inner.is_string() ? std::string(inner.as_string()) : boost::json::serialize(inner);
}

base::Result<evidence::Evidence> evidence_from_file(const std::string& path) {
    auto text = read_message(path);
    if (!text) return std::unexpected(text.error());
    if (const auto why = why_without_evidence(*text)) return base::fail(base::Errc::invalid_data, path + ": " + *why);
    auto evidence = evidence::from_json(evidence_text(*std::move(text)));
    if (!evidence) return base::fail(base::Errc::invalid_data, path + ": " + evidence.error().detail);
    return evidence;
}

bool names_no_peer(const SessionFacts& session) { return !session.client_ip && !session.client_cert; }

/// What a person should know who compares this with what the daemon said. Facts that are given only in part are taken as meant.
std::vector<std::string> notes_on(const Options& options, const SessionFacts& session, const StoredTop& top) {
    std::vector<std::string> notes;
    if (names_no_peer(session)) {
        notes.push_back("not given, so taken as not seen: " + base::joined(not_given(session)));
        SessionFacts proposed;
        take_facts(top, proposed);
        if (top.received && !options.from_received)
            notes.push_back("the topmost Received field says (--from-received takes it; only if an MTA of yours wrote it): " +
                            as_options(proposed));
        else if (!top.received)
            notes.push_back("no options can be proposed: " + top.received.error().detail);
    }
    if (!top.received) return notes;
    const std::string received = "the topmost Received field (by " + top.received->by + ", id " + top.received->queue_id + ')';
    if (options.from_received) notes.push_back(received + " was believed: " + as_options(session));
    if (options.from_received && !top.received->tells_of_tls)
        notes.emplace_back("it does not say which certificate the client had: smtpd_tls_received_header = yes");
    notes.push_back(options.keep_received ? received + " was kept as a part of what the sender sent (--keep-received)"
                                          : received +
                                                " was left out, as Postfix writes it after the milter was asked; if it is not your own "
                                                "MTA's, say --keep-received");
    return notes;
}

/// The tenants of this message, where each message's are looked up.
std::vector<std::string> look_up(const config::Config& config, const evidence::Evidence& evidence, gate::Snapshot& snapshot) {
    if (!directory::looks_up(config.tenants)) return {};
    app::LookedUp looked_up = app::look_up_once(config, decision::keys_of(evidence, config.rules));
    if (looked_up.found.is(directory::LdapLookup::Found::yes)) snapshot.tenants = *looked_up.found;
    if (looked_up.found.is(directory::LdapLookup::Found::none)) snapshot.tenants = std::make_shared<const tenant::Index>();
    if (!looked_up.trouble.empty()) looked_up.problems.insert(looked_up.problems.begin(), "the directory: " + looked_up.trouble);
    return looked_up.problems;
}

/// Seen as the daemon sees it, and verified where the configuration says so.
base::Result<Seen> see_file(const Options& options, gate::Snapshot& snapshot, const config::Config& config) {
    const config::DnsConfig& dns = config.dns;
    auto seen = read_parts(*options.message);
    if (!seen) return std::unexpected(seen.error());
    mail::MessageParts& parts = (*seen)->parts;
    const StoredTop top = look_at_top(parts);
    if (options.from_received && !top.received)
        return base::fail(base::Errc::invalid_data, *options.message + ": --from-received: " + top.received.error().detail);
    SessionFacts session = options.session;
    if (options.from_received) take_facts(top, session);
    if (top.received && !options.keep_received) remove_what_came_later(parts);
    if (auto done = see_parts(**seen, session, snapshot); !done) return std::unexpected(std::move(done.error()));
    const std::vector<std::string> troubles = look_up(config, (*seen)->evidence, snapshot);
    const auto names = names_of(options.world, dns);
    if (!names) return std::unexpected(names.error());
    if (is_inbound(options))
        verify_inbound_message((*seen)->evidence, parts, snapshot, {}, **names, options.world.time(), dns.lookups.questions);
    else
        verify_message((*seen)->evidence, parts, snapshot, **names, options.world.time(), std::nullopt, dns.lookups.questions);
    std::vector<std::string> notes = notes_on(options, session, top);
    notes.insert(notes.end(), troubles.begin(), troubles.end());
    std::optional<SessionFacts> told;
    if (!names_no_peer(session)) told = session;
    // A field that tells of TLS would have named a verified certificate: none is not the same as not given.
    if (told && options.from_received && top.received->tells_of_tls && !told->client_cert) told->client_cert.emplace();
    return Seen{std::move((*seen)->evidence), std::move(notes), std::move(told)};
}

base::Result<Seen> see(const Options& options, gate::Snapshot& snapshot, const config::Config& config) {
    if (!options.evidence) return see_file(options, snapshot, config);
    auto evidence = evidence_from_file(*options.evidence);
    if (!evidence) return std::unexpected(std::move(evidence.error()));
    std::vector<std::string> notes = look_up(config, *evidence, snapshot);
    if (evidence->header.field_count == 0)
        notes.emplace_back(
            "there is no header field in this evidence: if its line has stage=client, recipient or mail, no message had come, and what "
            "was refused then is not judged here");
    return Seen{*std::move(evidence), std::move(notes), std::nullopt};
}

Exit run(const Options& options) {
    if (options.evidence.has_value() == options.message.has_value()) {
        complain("exota explain: name a MESSAGE (\"-\" is standard input), or --evidence FILE\n");
        return Exit::usage;
    }
    const bool tells_of_message =
        options.from_received || options.keep_received || options.session != SessionFacts{} || options.world.zone || options.world.now;
    if (options.evidence && tells_of_message) {
        complain(
            "exota explain: facts of the session, --from-received, --keep-received, --dns and --now are about a MESSAGE; --evidence "
            "has the session's facts and what was verified\n");
        return Exit::usage;
    }
    if (options.door && !is_inbound(options) && options.door != "relay") {
        complain("exota explain: --door is relay or inbound\n");
        return Exit::usage;
    }
    const app::ReadFiles files = app::read_chosen_files(options.config, environ);
    if (errors_in(files) > 0 && !files.tenants) {  // else some rows of a database are bad, and all others judge
        complain(to_text(files.problems));
        return exit_of(files);
    }
    const config::Config& config = *files.config;
    gate::Snapshot snapshot{
        .rules = config.rules,
        .limits = config.limits,
        .tenants = files.tenants,
    };
    if (is_inbound(options) && !config.rules.inbound) {
        complain("exota explain: --door inbound: the configuration has no section [inbound]\n");
        return Exit::bad_config;
    }
    auto seen = see(options, snapshot, config);
    if (!seen) return failed(seen.error());

    const decision::Decision decision = is_inbound(options)
                                            ? decision::judge_inbound(seen->evidence, snapshot.tenants.get(), snapshot.rules, {})
                                            : decision::decide(seen->evidence, snapshot.tenants.get(), snapshot.rules);
    if (seen->session)
        if (const auto missing = not_given(*seen->session, facts_behind(decision, snapshot.rules.peer_proof)); !missing.empty())
            seen->notes.insert(seen->notes.begin(), "not given, so taken as not seen: " + base::joined(missing));
    if (options.json)
        print(decision::to_json(decision, seen->evidence) + '\n');
    else
        print(with_installed_documents(decision::to_text(decision, seen->evidence)) + (seen->notes.empty() ? "" : "\n"));
    for (const std::string& note : seen->notes) options.json ? complain("note: " + note + '\n') : print("note      " + note + '\n');
    switch (decision.judged) {
        case decision::Verdict::accept:
            return Exit::ok;
        case decision::Verdict::tempfail:
            return Exit::temporary;
        case decision::Verdict::reject:
            return Exit::refused;
    }
    return Exit::internal;
}

}  // namespace

void add_explain(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command command = program.command("explain", "Say what would be decided of a message, and why (exit code: by what enforce would say)");
    command.option({.names = "-c,--config", .about = "Configuration file (default: /etc/exota/exota.toml)", .type = "FILE"},
                   options->config);
    add_session_options(command, options->session);
    add_world_options(command, options->world);
    command.option({.names = "--evidence", .about = "Judge logged evidence (log.evidence) instead of a message", .type = "FILE"},
                   options->evidence);
    command.option({.names = "--door",
                    .about = "Whose judgement: relay (the default), or inbound (clients and recipients are taken as they are)",
                    .type = "DOOR"},
                   options->door);
    command.flag("--from-received", options->from_received,
                 "Take what is not given from the topmost Received field, which your own Postfix wrote");
    command.flag("--keep-received", options->keep_received,
                 "A Received field of Postfix on top was sent so; it is not what your own MTA added");
    command.flag("--json", options->json, "Print JSON (notes go to standard error)");
    command.option(
        {.names = "MESSAGE", .about = "Message file as the MTA received it, or as it was stored after that; - is standard input"},
        options->message);
    command.action([options] { return run(*options); });
}

}  // namespace exota::programs
