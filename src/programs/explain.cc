// exota explain: what would be decided of this message, and why. The same collector and the same decide as the daemon's.
//
// Tested by tests/cli_test.py.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "app/config_file.h"
#include "base/text.h"
#include "decision/decide.h"
#include "decision/render.h"
#include "evidence/json.h"
#include "programs/command.h"
#include "programs/loading.h"
#include "programs/message_reader.h"
#include "programs/session_facts.h"

namespace exota::programs {
namespace {

struct Options {
    std::optional<std::string> config, evidence, message;
    SessionFacts session;
    bool json = false;
};

base::Result<std::string> read_input(const std::string& path) {
    return app::read_whole_file(path == "-" ? "/dev/stdin" : path, max_message_octets);
}

Exit failed(const base::Error& error) {
    complain("exota: " + error.detail + '\n');
    return error.code == base::Errc::not_found ? Exit::no_input : Exit::bad_data;
}

/// A log line of ours carries the evidence as the member "evidence"; a file may hold that line, or the evidence alone.
base::Result<evidence::Evidence> evidence_from_file(const std::string& path) {
    auto text = read_input(path);
    if (!text) return std::unexpected(text.error());
    boost::json::error_code error;
    const boost::json::value line = boost::json::parse(*text, error);
    if (const auto* object = error ? nullptr : line.if_object(); object && object->contains("evidence")) {
        const boost::json::value& member = object->at("evidence");
        *text = member.is_string() ? std::string(member.as_string()) : boost::json::serialize(member);
    }
    auto evidence = evidence::from_json(*text);
    if (!evidence) return base::fail(base::Errc::invalid_data, path + ": " + evidence.error().detail);
    return evidence;
}

base::Result<evidence::Evidence> evidence_from_message(const Options& options, const evidence::MessageLimits& limits) {
    auto text = read_input(*options.message);
    if (!text) return std::unexpected(text.error());
    std::string_view message = *text;
    if (message.starts_with("From ")) base::take_until(message, '\n');  // of an mbox; sendmail(1) drops it too
    evidence::Collector collector(limits);
    if (auto begun = begin_message(options.session, collector); !begun) return std::unexpected(begun.error());
    const MessageParts parts = split_message(message);
    if (parts.fields.empty()) return base::fail(base::Errc::invalid_data, *options.message + ": has no header field: this is no message");
    note_fields(parts.fields, collector);
    return collector.finish();
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
    auto evidence = options.evidence ? evidence_from_file(*options.evidence) : evidence_from_message(options, config.limits);
    if (!evidence) return failed(evidence.error());

    const decision::Decision decision = decision::decide(*evidence, &*files.tenants.index, config.rules);
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
    SessionFacts& session = options->session;
    command->add_option("--client-ip", session.client_ip, "Address of the client that brought the message to the MTA")
        ->type_name("ADDRESS");
    command->add_option("--client-cert", session.client_cert, "Name in the client certificate that the MTA verified")->type_name("NAME");
    command->add_option("--tls-version", session.tls_version, "TLS was in use, also without a certificate (TLSv1.3)")->type_name("VERSION");
    command->add_option("--helo", session.helo, "Name given with EHLO")->type_name("NAME");
    command->add_option("--mail-from", session.mail_from, "Envelope sender (\"\" or <> is the null sender)")->type_name("ADDRESS");
    command->add_option("--rcpt", session.recipients, "Envelope recipient; may be repeated")->type_name("ADDRESS")->expected(1)->take_all();
    command->add_option("--xoorg", session.xoorg, "Value of XOORG= on MAIL FROM")->type_name("DOMAIN");
    command->add_option("--queue-id", session.queue_id, "Queue id, for the text of the reply")->type_name("ID");
    command->add_flag_callback("--authenticated", [&session] { session.authenticated = true; }, "The client logged in to the MTA by SASL");
    command->add_option("--evidence", options->evidence, "Judge logged evidence (log.evidence) instead of a message")->type_name("FILE");
    command->add_flag("--json", options->json, "Print JSON");
    command->add_option("MESSAGE", options->message, "Message file as the MTA received it; - is standard input");
    command->callback([options, &exit] { exit = run(*options); });
}

}  // namespace exota::programs
