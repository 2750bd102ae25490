// exota explain: what would be decided of this message, and why. The same collector and the same decide as the daemon's.
//
// Tested by tests/cli_test.py.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "decision/decide.h"
#include "decision/render.h"
#include "evidence/json.h"
#include "programs/command.h"
#include "programs/loading.h"
#include "programs/logfmt.h"
#include "programs/message_command.h"

namespace exota::programs {
namespace {

struct Options {
    std::optional<std::string> config, evidence, message;
    SessionFacts session;
    WorldOptions world;
    bool json = false;
};

/// The value of `evidence` in a logfmt line, as it is written; empty if there is none.
std::string_view logfmt_evidence(std::string_view line) {
    std::string_view evidence;
    for_each_logfmt_pair(line, [&evidence](std::string_view name, std::string_view value) {
        if (name == "evidence") evidence = value;
    });
    return evidence;
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
    auto evidence = evidence::from_json(evidence_text(*std::move(text)));
    if (!evidence) return base::fail(base::Errc::invalid_data, path + ": " + evidence.error().detail);
    return evidence;
}

/// Seen as the daemon sees it, and verified where the configuration says so.
base::Result<evidence::Evidence> evidence_from_message(const Options& options, const gate::Snapshot& snapshot, const app::DnsConfig& dns) {
    auto seen = see_message(*options.message, options.session, snapshot);
    if (!seen) return std::unexpected(seen.error());
    const auto names = names_of(options.world, dns);
    if (!names) return std::unexpected(names.error());
    verify_message((*seen)->evidence, (*seen)->parts, snapshot, **names, options.world.time(), std::nullopt, dns.lookups.questions);
    return std::move((*seen)->evidence);
}

Exit run(const Options& options) {
    if (options.evidence.has_value() == options.message.has_value()) {
        complain("exota explain: name a MESSAGE (\"-\" is standard input), or --evidence FILE\n");
        return Exit::usage;
    }
    LoadedFiles files = load_files(options.config);
    if (files.errors() > 0) {
        complain(to_text(files.problems));
        return files.exit();
    }
    const app::Config& config = *files.config.config;
    const gate::Snapshot snapshot{
        .rules = config.rules,
        .limits = config.limits,
        .tenants = std::make_shared<const tenant::Index>(*std::move(files.tenants.index)),
    };
    auto evidence = options.evidence ? evidence_from_file(*options.evidence) : evidence_from_message(options, snapshot, config.dns);
    if (!evidence) return failed(evidence.error());

    const decision::Decision decision = decision::decide(*evidence, snapshot.tenants.get(), snapshot.rules);
    print((options.json ? decision::to_json(decision, *evidence) : decision::to_text(decision, *evidence)));
    if (options.json) print("\n");
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

void add_explain(CLI::App& program, Exit& exit) {
    auto options = std::make_shared<Options>();
    CLI::App* command =
        program.add_subcommand("explain", "Say what would be decided of a message, and why (exit code: by what enforce would say)");
    command->add_option("-c,--config", options->config, "Configuration file (default: /etc/exota/exota.toml)")->type_name("FILE");
    add_session_options(*command, options->session);
    add_world_options(*command, options->world);
    command->add_option("--evidence", options->evidence, "Judge logged evidence (log.evidence) instead of a message")->type_name("FILE");
    command->add_flag("--json", options->json, "Print JSON");
    command->add_option("MESSAGE", options->message, "Message file as the MTA received it; - is standard input");
    command->callback([options, &exit] { exit = run(*options); });
}

}  // namespace exota::programs
