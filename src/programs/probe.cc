// exota probe: what does Exchange Online really send to this host? A listener that writes it down and accepts nothing.
//
// Tested by tests/system/test_probe.py and tests/cli_test.py.
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/system_error.h"
#include "config/build.h"
#include "evidence/json.h"
#include "mail/header_block.h"
#include "net/listener.h"
#include "net/tls_context.h"
#include "programs/message_command.h"
#include "programs/options.h"
#include "programs/probe_listener.h"
#include "programs/probe_report.h"
#include "programs/verifying.h"

namespace exota::programs {
namespace {

struct Options {
    std::vector<std::string> listen;
    std::optional<std::string> certificate, key, client_ca, hostname, report, evidence;
    std::optional<std::int64_t> sessions, minutes;
    WorldOptions world;
    bool json = false;
};

/// As a whole or not at all: who looks at the report while it is written sees the one before.
base::Result<void> write_file(const std::string& path, std::string_view text) {
    const std::string beside = path + ".new";
    const auto close = [](std::FILE* file) { return std::fclose(file); };
    std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(beside.c_str(), "we"));
    const bool written = file && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() && std::fclose(file.release()) == 0;
    if (written && std::rename(beside.c_str(), path.c_str()) == 0) return {};
    return base::system_error(path);
}

base::Result<std::shared_ptr<const net::TlsContext>> context_of(const Options& options) {
    if (!options.certificate) return nullptr;
    return net::TlsContext::make(net::TlsRole::server, {.certificate_file = *options.certificate,
                                                        .key_file = options.key.value_or(""),
                                                        .roots_file = options.client_ca.value_or(""),
                                                        .request_certificate = true});
}

/// Empty: it can be listened on.
std::string wrong_with_endpoint(const std::string& text) {
    const auto endpoint = net::Endpoint::parse(text);
    if (!endpoint) return text + ": " + endpoint.error().detail;
    return endpoint->is_tcp() ? std::string() : text + ": this listens on TCP: inet:HOST:PORT";
}

/// Opens all or none.
std::vector<net::Listener> open(const Options& options, std::vector<std::string>& problems) {
    std::vector<net::Listener> listeners;
    for (const std::string& text : options.listen) {
        auto opened = net::Listener::open(net::Endpoint::parse(text).value(), {}, 1);
        if (opened)
            listeners.push_back(*std::move(opened));
        else
            problems.push_back(opened.error().detail);
    }
    return listeners;
}

/// What a gateway would find out of the message itself.
void verify(ProbedMessage& message, Names& names, std::chrono::sys_seconds now) {
    if (!message.complete) return;
    verify_message(message.evidence, mail::split_message(message.text), {}, names, now,
                   decision::Wanted{.dkim = true, .spf = true, .dmarc = true, .arc = true});
}

/// A file for each message: explain --evidence takes it.
base::Result<void> write_evidence(const std::string& folder, const ProbedSession& session) {
    for (std::size_t i = 0; i < session.messages.size(); ++i) {
        const std::string name = folder + "/probe-" + std::to_string(session.number) + '-' + std::to_string(i + 1) + ".json";
        if (auto written = write_file(name, evidence::to_json(session.messages[i].evidence) + '\n'); !written) return written;
    }
    return {};
}

Exit say(const base::Error& error, Exit exit) {
    complain("exota probe: " + error.detail + '\n');
    return exit;
}

Exit finish(ProbeRun& run, const Options& options, Names& names) {
    const std::chrono::sys_seconds now = options.world.time();
    for (ProbedSession& session : run.sessions)
        for (ProbedMessage& message : session.messages) verify(message, names, now);
    // What was seen will not be seen again: a file that cannot be written costs nothing else.
    Exit exit = Exit::ok;
    const std::string report = to_json(run);
    if (const auto written = options.report ? write_file(*options.report, report) : base::Result<void>{}; !written)
        exit = say(written.error(), Exit::unavailable);
    if (!options.report || exit != Exit::ok) print(report);
    if (options.evidence)
        for (const ProbedSession& session : run.sessions)
            if (const auto written = write_evidence(*options.evidence, session); !written) exit = say(written.error(), Exit::unavailable);
    return exit;
}

Exit run(Options options) {
    if (options.key && !options.certificate) {
        complain("exota probe: --key without --certificate\n");
        return Exit::usage;
    }
    if (options.listen.empty()) options.listen = {"inet:0.0.0.0:25"};
    if (options.evidence && !std::filesystem::is_directory(*options.evidence)) {
        complain("exota probe: --evidence " + *options.evidence + ": there is no such folder\n");
        return Exit::no_input;
    }
    auto context = context_of(options);
    if (!context) return say(context.error(), Exit::no_input);
    const auto names = names_of(options.world, {});
    if (!names) return say(names.error(), Exit::no_input);
    std::vector<std::string> problems;
    std::vector<net::Listener> listeners = open(options, problems);
    for (const std::string& problem : problems) complain("exota probe: " + problem + '\n');
    if (!problems.empty()) return Exit::unavailable;

    ProbeLimits limits;
    if (options.sessions) limits.sessions = static_cast<std::size_t>(*options.sessions);
    if (options.minutes) limits.time = std::chrono::minutes(*options.minutes);
    const auto clock = [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); };
    const std::string hostname = options.hostname.value_or(config::host_name());
    ProbeRun run{.listened = {}, .hostname = hostname, .began = clock(), .ended = {}, .why = {}, .sessions = {}};

    net::Loop loop;
    ProbeListener listener(loop,
                           {.hostname = hostname, .tls = *std::move(context), .budget = ProbeBudget(0), .now = clock, .ended = nullptr},
                           limits, [](const ProbedSession& session) { complain(in_one_line(session) + '\n'); });
    // Before anybody is told that it listens, so that nothing is lost with whoever then ends it.
    boost::asio::signal_set signals(loop.context(), SIGINT, SIGTERM);
    signals.async_wait([&listener](const boost::system::error_code& error, int signal) {
        if (!error) listener.stop(signal == SIGINT ? "SIGINT" : "SIGTERM");
    });
    for (net::Listener& opened : listeners) {
        listener.listen(opened.take(0));
        run.listened.push_back(opened.bound());
        complain("listening on " + opened.bound() + ": every message is refused with 451 4.7.1\n");
    }
    listener.run();
    run.ended = clock();
    run.why = listener.why();
    run.sessions = std::move(listener.sessions());
    complain("ended by " + run.why + '\n');
    return finish(run, options, **names);
}

}  // namespace

void add_probe(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command command = program.command("probe", "Write down what Exchange Online sends to this host; accept nothing");
    command.option({.names = "--listen",
                    .about = "Where to listen; may be repeated (default: inet:0.0.0.0:25)",
                    .type = "ENDPOINT",
                    .wrong = wrong_with_endpoint},
                   options->listen);
    command.option(
        {.names = "--certificate", .about = "Certificate with its chain, PEM; without it STARTTLS is not offered", .type = "FILE"},
        options->certificate);
    command.option({.names = "--key", .about = "Key of the certificate, PEM (default: in the same file)", .type = "FILE"}, options->key);
    command.option({.names = "--client-ca", .about = "Roots for client certificates, PEM (default: the system's)", .type = "FILE"},
                   options->client_ca);
    command.option({.names = "--hostname", .about = "Name in greeting and EHLO (default: the host's)", .type = "NAME"}, options->hostname);
    const ProbeLimits most;
    command.number({.names = "--sessions", .about = "End after so many (default: 20, which is the most)", .type = "NUMBER"},
                   options->sessions, 1, static_cast<std::int64_t>(most.sessions));
    command.number({.names = "--minutes", .about = "End after so many (default: 10, which is the most)", .type = "NUMBER"},
                   options->minutes, 1, std::chrono::duration_cast<std::chrono::minutes>(most.time).count());
    command.option({.names = "--report", .about = "Write the report there (default: standard output)", .type = "FILE"}, options->report);
    command.option({.names = "--evidence",
                    .about = "Write the evidence of each message into this folder, for exota explain --evidence",
                    .type = "FOLDER"},
                   options->evidence);
    add_world_options(command, options->world);
    command.flag("--json", options->json, "Changes nothing: the report is always JSON");
    command.action([options] { return run(*options); });
}

}  // namespace exota::programs
