// exota verify: DKIM, ARC, SPF and DMARC of one message, as an Authentication-Results field.
//
// Tested by tests/authn/verify_test.py.
#include <algorithm>
#include <memory>

#include "config/build.h"
#include "decision/verified_results.h"
#include "evidence/author.h"
#include "evidence/json.h"
#include "gate/verification.h"
#include "programs/json_output.h"
#include "programs/message_command.h"
#include "programs/options.h"
#include "programs/problems.h"

namespace exota::programs {
namespace {

struct Options {
    std::optional<std::string> config;
    std::string message;
    SessionFacts session;
    WorldOptions world;
    bool json = false;
};

/// Signatures below a limit of ours are not looked at next time either: an error that waiting does not mend (RFC 8601 section 2.7.1), and
/// none of DNS. So is DMARC where it hangs on them, and on no answer of DNS.
void settle_what_is_above_a_limit(evidence::Verification& verified) {
    if (!verified.dkim) return;
    const auto unseen = std::ranges::find(*verified.dkim, gate::header_above_limit, &evidence::DkimResult::detail);
    if (unseen == verified.dkim->end()) return;
    unseen->value = evidence::DkimResult::Value::permerror;
    if (!verified.dmarc || verified.dmarc->value != evidence::DmarcValue::temperror ||
        verified.dmarc->detail.starts_with("DNS does not answer"))
        return;
    verified.dmarc->value = evidence::DmarcValue::permerror;
    verified.dmarc->detail = gate::header_above_limit;
}

void verify(SeenMessage& seen, const gate::Snapshot& snapshot, Names& names, std::chrono::sys_seconds now, std::size_t questions) {
    evidence::Evidence& evidence = seen.evidence;
    const bool knows_client = evidence::value_of(evidence.session.client.address) != nullptr;
    const bool knows_sender = evidence.envelope.has_mail || !evidence.session.helo.empty();
    const decision::Wanted wanted{.dkim = true, .spf = knows_client && knows_sender, .dmarc = true, .arc = true};
    verify_message(evidence, seen.parts, snapshot, names, now, wanted, questions);
    evidence::Verification& verified = evidence.verification;
    settle_what_is_above_a_limit(verified);
    if (!wanted.spf) verified.spf.reset();  // "none" would say that it was looked for
    if (const std::string_view why = why_no_author(evidence.header.author); !why.empty() && verified.dmarc) {
        verified.dmarc->value = evidence::DmarcValue::permerror;
        verified.dmarc->detail = why;
    }
}

bool has_temperror(const evidence::Verification& verified) {
    const auto dkim_has = [&] {
        return std::ranges::any_of(
            *verified.dkim, [](const evidence::DkimResult& result) { return result.value == evidence::DkimResult::Value::temperror; });
    };
    return (verified.dkim && dkim_has()) || (verified.spf && verified.spf->value == evidence::SpfValue::temperror) ||
           (verified.arc && verified.arc->value == evidence::ArcValue::temperror) ||
           (verified.dmarc && verified.dmarc->value == evidence::DmarcValue::temperror);
}

/// The verification as in logged evidence.
std::string to_json(const std::string& field, const evidence::Evidence& evidence) {
    return json_output([&](base::JsonObject& members) {
        members.add("authentication_results", field);
        members.add("verification", base::JsonText{evidence::verification_to_json(evidence.verification)});
    });
}

Exit run(const Options& options) {
    gate::Snapshot snapshot;
    config::DnsConfig dns;
    std::string authserv_id = config::host_name();
    if (options.config) {
        const auto config = chosen_config(options.config, nullptr);
        if (!config) return config.error();
        snapshot.rules = config->rules;
        snapshot.limits = config->limits;
        dns = config->dns;
        authserv_id = snapshot.rules.header.authserv_id;
    }
    auto seen = see_message(options.message, options.session, snapshot);
    if (!seen) return failed(seen.error());
    const auto names = names_of(options.world, dns);
    if (!names) return failed(names.error());
    verify(**seen, snapshot, **names, options.world.time(), dns.lookups.questions);

    const evidence::Evidence& evidence = (*seen)->evidence;
    const std::string field = decision::verified_results(evidence, authserv_id);
    print(options.json ? to_json(field, evidence) : "Authentication-Results: " + field + '\n');
    return has_temperror(evidence.verification) ? Exit::temporary : Exit::ok;
}

}  // namespace

void add_verify(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command command = program.command("verify", "Verify DKIM, ARC, SPF and DMARC of a message (exit code: 75 if DNS fails)");
    command.option({.names = "-c,--config", .about = "Configuration file for name, limits and DNS (default: none)", .type = "FILE"},
                   options->config);
    add_world_options(command, options->world);
    add_session_options(command, options->session);
    command.flag("--json", options->json, "Print JSON");
    command.option({.names = "MESSAGE", .about = "Message file as the MTA received it; - is standard input", .required = true},
                   options->message);
    command.action([options] { return run(*options); });
}

}  // namespace exota::programs
