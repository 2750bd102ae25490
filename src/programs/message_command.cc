#include "programs/message_command.h"

#include "base/ip.h"
#include "base/text.h"
#include "config/whole_file.h"

namespace exota::programs {

void add_session_options(Command& command, SessionFacts& session) {
    command.option({.names = "--client-ip",
                    .about = "Address of the client that brought the message to the MTA",
                    .type = "ADDRESS",
                    .wrong =
                        [](const std::string& text) {
                            const auto address = base::IpAddress::parse(text);
                            return address ? std::string() : "\"" + text + "\": " + address.error().detail;
                        }},
                   session.client_ip);
    command.option({.names = "--client-cert", .about = "Name in the client certificate that the MTA verified", .type = "NAME"},
                   session.client_cert);
    command.option({.names = "--tls-version", .about = "TLS was in use, also without a certificate (TLSv1.3)", .type = "VERSION"},
                   session.tls_version);
    command.option({.names = "--helo", .about = "Name given with EHLO", .type = "NAME"}, session.helo);
    command.option({.names = "--mail-from", .about = "Envelope sender (\"\" or <> is the null sender)", .type = "ADDRESS"},
                   session.mail_from);
    command.option({.names = "--rcpt", .about = "Envelope recipient; may be repeated", .type = "ADDRESS"}, session.recipients);
    command.option({.names = "--xoorg", .about = "Value of XOORG= on MAIL FROM", .type = "DOMAIN"}, session.xoorg);
    command.option({.names = "--queue-id", .about = "Queue id, for job ids and the text of the reply", .type = "ID"}, session.queue_id);
    command.flag("--authenticated", [&session] { session.authenticated = true; }, "The client logged in to the MTA by SASL");
}

void add_world_options(Command& command, WorldOptions& world) {
    command.option(
        {.names = "--dns", .about = "Zone file (JSON, as of exota eval) that answers instead of the system's resolver", .type = "ZONE"},
        world.zone);
    command.number({.names = "--now", .about = "Verify as of this time, in seconds since 1970", .type = "SECONDS"}, world.now, 0,
                   999'999'999'999);
}

base::Result<std::string> read_message(const std::string& path) {
    return config::read_whole_file(path == "-" ? "/dev/stdin" : path, max_message_octets);
}

base::Result<std::unique_ptr<SeenMessage>> read_parts(const std::string& path) {
    auto text = read_message(path);
    if (!text) return std::unexpected(text.error());
    auto seen = std::make_unique<SeenMessage>();
    seen->text = *std::move(text);
    std::string_view message = seen->text;
    if (message.starts_with("From ")) base::take_until(message, '\n');  // of an mbox; sendmail(1) drops it too
    seen->parts = mail::split_message(message);
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
