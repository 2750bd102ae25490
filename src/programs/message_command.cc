#include "programs/message_command.h"

#include <CLI/CLI.hpp>

#include "app/config_file.h"
#include "base/ip.h"
#include "base/text.h"

namespace exota::programs {

void add_session_options(CLI::App& command, SessionFacts& session) {
    command.add_option("--client-ip", session.client_ip, "Address of the client that brought the message to the MTA")
        ->type_name("ADDRESS")
        ->check([](const std::string& text) {
            const auto address = base::IpAddress::parse(text);
            return address ? std::string() : "\"" + text + "\": " + address.error().detail;
        });
    command.add_option("--client-cert", session.client_cert, "Name in the client certificate that the MTA verified")->type_name("NAME");
    command.add_option("--tls-version", session.tls_version, "TLS was in use, also without a certificate (TLSv1.3)")->type_name("VERSION");
    command.add_option("--helo", session.helo, "Name given with EHLO")->type_name("NAME");
    command.add_option("--mail-from", session.mail_from, "Envelope sender (\"\" or <> is the null sender)")->type_name("ADDRESS");
    command.add_option("--rcpt", session.recipients, "Envelope recipient; may be repeated")->type_name("ADDRESS")->expected(1)->take_all();
    command.add_option("--xoorg", session.xoorg, "Value of XOORG= on MAIL FROM")->type_name("DOMAIN");
    command.add_option("--queue-id", session.queue_id, "Queue id, for job ids and the text of the reply")->type_name("ID");
    command.add_flag_callback("--authenticated", [&session] { session.authenticated = true; }, "The client logged in to the MTA by SASL");
}

void add_world_options(CLI::App& command, WorldOptions& world) {
    command.add_option("--dns", world.zone, "Zone file (JSON, as of exota eval) that answers instead of the system's resolver")
        ->type_name("ZONE");
    command.add_option("--now", world.now, "Verify as of this time, in seconds since 1970")
        ->type_name("SECONDS")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{999'999'999'999}));
}

base::Result<std::string> read_message(const std::string& path) {
    return app::read_whole_file(path == "-" ? "/dev/stdin" : path, max_message_octets);
}

base::Result<std::unique_ptr<SeenMessage>> read_parts(const std::string& path) {
    auto text = read_message(path);
    if (!text) return std::unexpected(text.error());
    auto seen = std::make_unique<SeenMessage>();
    seen->text = *std::move(text);
    std::string_view message = seen->text;
    if (message.starts_with("From ")) base::take_until(message, '\n');  // of an mbox; sendmail(1) drops it too
    seen->parts = split_message(message);
    if (seen->parts.fields.empty()) return base::fail(base::Errc::invalid_data, path + ": has no header field: this is no message");
    return seen;
}

base::Result<void> see_parts(SeenMessage& seen, const SessionFacts& session, const gate::Snapshot& snapshot) {
    evidence::Collector collector(snapshot.limits);
    if (auto begun = begin_message(session, collector, gate::unnamed_under(snapshot.rules)); !begun) return begun;
    note_fields(seen.parts.fields, collector);
    seen.evidence = collector.finish();
    return {};
}

base::Result<std::unique_ptr<SeenMessage>> see_message(const std::string& path, const SessionFacts& session,
                                                       const gate::Snapshot& snapshot) {
    auto seen = read_parts(path);
    if (!seen) return seen;
    if (auto done = see_parts(**seen, session, snapshot); !done) return std::unexpected(std::move(done.error()));
    return seen;
}

Exit failed(const base::Error& error) {
    complain("exota: " + error.detail + '\n');
    return error.code == base::Errc::not_found ? Exit::no_input : Exit::bad_data;
}

}  // namespace exota::programs
