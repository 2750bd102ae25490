#include "telemetry/log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "decision/details.h"
#include "evidence/json.h"
#include "net/testing.h"
#include "telemetry/testing.h"

namespace exota::telemetry {
namespace {

using testing::documented_names;
using testing::MemorySink;

struct Sample {
    decision::Decision decision;
    evidence::Evidence evidence;
    bool gateway = true, inbound = false;
    std::string backend_reply = "250 2.0.0 Ok: queued as 4ABC", answered = "250 2.0.0 Ok: queued as 4ABC";
};

/// A message that has a value for every field.
Sample full_sample() {
    Sample sample;
    decision::Decision& d = sample.decision;
    d.verdict = decision::Verdict::reject;
    d.judged = decision::Verdict::reject;
    d.reason = decision::Reason::not_proven;
    d.quarantine = true;
    d.tenant_name = "contoso";
    d.author_domain = "contoso.com";
    d.forward = true;
    d.proofs.push_back({"client-cert + dkim", false, {tenant::Factor::dkim}});
    d.proof = 0;
    d.findings[static_cast<std::size_t>(tenant::Factor::client_cert)].finding = decision::Finding::holds;
    d.findings[static_cast<std::size_t>(tenant::Factor::dkim)] =
        decision::coded(decision::Finding::absent, "no-trusted-result", evidence::Source::header_field);
    d.why = "no passing DKIM signature";
    d.reply = mail::Reply{550, "5.7.20", "no passing DKIM signature"};
    d.peer_proven = true;
    evidence::Evidence& e = sample.evidence;
    e.session.client.address = evidence::Observed<base::IpAddress>{*base::IpAddress::parse("40.92.0.1"), evidence::Source::mta};
    e.session.client.name = "mail.example";
    e.session.helo = "EUR01.outbound.example";
    e.session.tls.version = "TLSv1.3";
    e.session.tls.certificate_name = evidence::Observed<std::string>{"mail.protection.outlook.com", evidence::Source::mta};
    e.session.tls.hint = evidence::CertificateHint::not_verified;
    e.envelope.reverse_path = "a@contoso.com";
    e.envelope.has_mail = true;
    e.envelope.recipient_count = 2;
    e.envelope.queue_id = "4ABC";
    return sample;
}

Sample at_inbound_door(Sample sample) {
    sample.inbound = true;
    decision::InboundOutcome& inbound = sample.decision.inbound.emplace();
    inbound.compauth = decision::Compauth{.result = decision::CompauthResult::fail, .reason = 1};
    inbound.action = decision::Action::reject;
    inbound.setting = "inbound.own_domain";
    sample.evidence.envelope.recipients = {"b@dest.test"};
    return sample;
}

std::string logged(const Sample& sample, LogConfig config) {
    auto sink = std::make_unique<MemorySink>();
    const auto lines = sink->lines();
    {
        net::testing::LoopThread thread;
        Log log(config, std::move(sink));
        MessageLog& messages = log.add_loop(thread.loop());
        thread.call([&] {
            messages.message({.decision = sample.decision,
                              .evidence = sample.evidence,
                              .judging = std::chrono::microseconds(57),
                              .front = sample.gateway ? "gateway" : "",
                              .gateway = sample.gateway ? "exchange" : "",
                              .stage = sample.inbound   ? "recipient"
                                       : sample.gateway ? "header"
                                                        : "",
                              .backend = sample.gateway ? "192.0.2.2:25" : "",
                              .backend_reply = sample.backend_reply,
                              .answered = sample.answered,
                              .door = sample.inbound ? "inbound" : ""});
        });
        thread.call([] {});  // the flush at the end of that turn is behind it
        thread.stop();
    }
    return lines->all();
}

std::vector<std::string> names_in_logfmt(std::string_view line) {
    std::vector<std::string> names;
    bool quoted = false, in_name = true;
    std::string name;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (in_name && c == '=') {
            names.push_back(name);
            name.clear();
            in_name = false;
        } else if (c == ' ' || c == '\n') {
            in_name = true;
        } else if (in_name) {
            name += c;
        }
    }
    return names;
}

TEST(Log, a_message_has_every_field_in_order) {
    const std::string line = logged(at_inbound_door(full_sample()), {.socket = {}, .evidence = LogEvidence::all});
    std::vector<std::string> want{"time", "level", "event"};
    want.insert(want.end(), message_field_names.begin(), message_field_names.end());
    std::erase(want, "evidence_octets");  // in place of evidence
    EXPECT_EQ(names_in_logfmt(line), want) << line;
    EXPECT_NE(line.find(" verdict=reject judged=reject reason=not-proven mode=enforce quarantine=true tenant=contoso "
                        "author_domain=contoso.com forward=true "
                        "proof=\"client-cert + dkim\" missing=dkim why=\"no passing DKIM signature\" "),
              std::string::npos)
        << line;
    EXPECT_NE(line.find(" client=40.92.0.1 "), std::string::npos) << line;
    EXPECT_NE(line.find(" door=inbound compauth=\"fail 001\" action=reject setting=inbound.own_domain recipient=b@dest.test judging_us="),
              std::string::npos)
        << line;
    EXPECT_NE(line.find(" judging_us=57 "), std::string::npos) << line;
    EXPECT_NE(line.find(" findings=\"client-cert=holds dkim=absent(no-trusted-result)\" hint=\"dkim: the message is signed, but "),
              std::string::npos)
        << line;
}

TEST(Log, fields_without_a_value_are_left_out) {
    const std::string line = logged({}, {});
    const auto names = names_in_logfmt(line);
    for (const std::string_view absent :
         {"tenant", "author_domain", "proof", "client", "tls", "mail_from", "reply", "evidence", "quarantine"})
        EXPECT_EQ(std::count(names.begin(), names.end(), absent), 0) << absent << " in " << line;
}

TEST(Log, evidence_by_setting) {
    Sample refused = full_sample();
    Sample accepted = full_sample();
    accepted.decision.judged = accepted.decision.verdict = decision::Verdict::accept;
    Sample monitored = full_sample();
    monitored.decision.verdict = decision::Verdict::accept;
    const struct {
        LogEvidence setting;
        const Sample* sample;
        bool want;
    } cases[] = {
        {LogEvidence::none, &refused, false},     {LogEvidence::refused, &refused, true},   {LogEvidence::all, &refused, true},
        {LogEvidence::none, &accepted, false},    {LogEvidence::refused, &accepted, false}, {LogEvidence::all, &accepted, true},
        {LogEvidence::refused, &monitored, true},
    };
    for (const auto& c : cases)
        EXPECT_EQ(logged(*c.sample, {.socket = {}, .evidence = c.setting}).find(" evidence=") != std::string::npos, c.want)
            << static_cast<int>(c.setting);
}

/// By what it takes in the log: a quote of the sender's takes four octets there.
TEST(Log, evidence_that_is_too_long_is_left_out_and_measured) {
    for (const std::string_view written : {"x", "\"", "\\", "\x01"})
        for (const LogFormat format : {LogFormat::logfmt, LogFormat::json}) {
            Sample sample = full_sample();
            sample.evidence.header.from.assign(1, "");
            const LogConfig all{.format = format, .socket = {}, .evidence = LogEvidence::all};
            const auto field_octets = [&](std::size_t count) {
                sample.evidence.header.from.front().clear();
                for (std::size_t i = 0; i < count; ++i) sample.evidence.header.from.front() += written;
                const std::string line = logged(sample, all);
                const std::size_t at = line.find(format == LogFormat::json ? ",\"evidence\":" : " evidence=");
                if (at != std::string::npos) return line.size() - at - (format == LogFormat::json ? 2 : 1);
                EXPECT_NE(line.find("evidence_octets"), std::string::npos);
                EXPECT_LT(line.size(), 5000U);
                return std::size_t{0};
            };
            const std::size_t frame = field_octets(0), each = field_octets(1) - frame;
            const std::size_t most = (max_json_field_octets - frame) / each;
            EXPECT_EQ(field_octets(most), frame + most * each) << written << static_cast<int>(format);
            EXPECT_EQ(field_octets(most + 1), 0U) << written << static_cast<int>(format);
        }
}

TEST(Log, the_level_leaves_out_what_is_below) {
    EXPECT_EQ(logged(full_sample(), {.socket = {}, .level = LogLevel::warning}), "");
    auto sink = std::make_unique<MemorySink>();
    const auto lines = sink->lines();
    {
        Log log({.socket = {}, .level = LogLevel::warning}, std::move(sink));
        log.service(LogLevel::info, "start", "not to be seen");
        log.service(LogLevel::error, "reload-failed", "to be\nseen", {LogField::of("place", "a:1")});
        log.reconfigure({.format = LogFormat::json, .socket = {}, .level = LogLevel::debug});
        log.service(LogLevel::debug, "start", "too");
    }
    const std::string all = lines->all();
    EXPECT_EQ(all.find("not to be seen"), std::string::npos);
    EXPECT_NE(all.find("level=error event=reload-failed text=\"to be\\nseen\" place=a:1\n"), std::string::npos) << all;
    EXPECT_NE(all.find("\"level\":\"debug\",\"event\":\"start\",\"text\":\"too\"}\n"), std::string::npos) << all;
}

TEST(Log, documents_are_named_as_they_are_installed) {
    const auto sink_lines = [](NameDocuments name_documents) {
        auto sink = std::make_unique<MemorySink>();
        const auto lines = sink->lines();
        {
            net::testing::LoopThread thread;
            Log log({.socket = {}}, std::move(sink), std::move(name_documents));
            log.service(LogLevel::warning, "config-problem", "open hole 2 (docs/migration.md)", {LogField::of("place", "docs/x.md")});
            MessageLog& messages = log.add_loop(thread.loop());
            Sample sample = full_sample();
            sample.decision.proofs.front().missing = {tenant::Factor::client_cert, tenant::Factor::dkim};
            sample.decision.proofs.front().text = "client-cert + dkim";
            sample.decision.findings[static_cast<std::size_t>(tenant::Factor::client_cert)] =
                decision::coded(decision::Finding::unavailable, "certificate-not-verified", evidence::Source::mta);
            thread.call([&] { messages.message({.decision = sample.decision, .evidence = sample.evidence}); });
            thread.call([] {});  // the flush at the end of that turn is behind it
            thread.stop();
        }
        return lines->all();
    };
    const std::string usual = sink_lines({});
    EXPECT_TRUE(usual.contains("text=\"open hole 2 (docs/migration.md)\" place=docs/x.md\n")) << usual;
    EXPECT_TRUE(usual.contains("clientAuth purpose (docs/postfix.md)")) << usual;
    const std::string installed = sink_lines([](std::string_view text) {
        std::string out(text);
        if (const std::size_t at = out.find("docs/"); at != std::string::npos) out.insert(at, "/doc/");
        return out;
    });
    EXPECT_TRUE(installed.contains("text=\"open hole 2 (/doc/docs/migration.md)\" place=docs/x.md\n")) << installed;
    EXPECT_TRUE(installed.contains("clientAuth purpose (/doc/docs/postfix.md)")) << installed;
}

TEST(Log, a_senders_text_stays_within_its_field) {
    Sample sample = full_sample();
    const std::string forged = "x\" verdict=accept\ntime=2023 level=info event=message verdict=accept";
    sample.evidence.session.helo = sample.evidence.envelope.reverse_path = sample.evidence.session.client.name = forged;
    sample.decision.author_domain = sample.decision.why = forged;
    sample.evidence.envelope.queue_id = forged;
    sample = at_inbound_door(std::move(sample));
    sample.evidence.envelope.recipients = {forged};
    const std::string line = logged(sample, {.socket = {}, .evidence = LogEvidence::all});
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
    const auto names = names_in_logfmt(line);
    EXPECT_EQ(std::count(names.begin(), names.end(), "verdict"), 1) << line;
    EXPECT_EQ(names.size(), 3 + message_field_names.size() - 1);
}

TEST(Log, what_became_of_a_gateways_message) {
    Sample sample = full_sample();
    EXPECT_NE(logged(sample, {})
                  .find(" front=gateway gateway=exchange stage=header backend=192.0.2.2:25 "
                        "backend_reply=\"250 2.0.0 Ok: queued as 4ABC\" answered=\"250 2.0.0 Ok: queued as 4ABC\" judging_us"),
              std::string::npos)
        << logged(sample, {});
    sample.answered = "";
    EXPECT_NE(logged(sample, {}).find(" answered=none "), std::string::npos) << "it had gone";
    sample.gateway = false;
    sample.backend_reply = "";
    for (const std::string_view name : {" front=", " gateway=", " stage=", " backend", " answered=", " door=", " recipient="})
        EXPECT_EQ(logged(sample, {}).find(name), std::string::npos) << name << " of a milter's message";
}

TEST(Log, a_recipient_that_is_let_through_is_answered_by_the_backend) {
    Sample sample = at_inbound_door(full_sample());
    sample.answered = "";
    EXPECT_TRUE(logged(sample, {}).contains(" stage=recipient ") && logged(sample, {}).contains(" answered=none ")) << "it had gone";
    sample.decision.verdict = decision::Verdict::accept;
    EXPECT_FALSE(logged(sample, {}).contains(" answered=")) << logged(sample, {});
}

TEST(Log, documented) {
    const std::set<std::string> documented = documented_names(EXOTA_SOURCE_DIR "/docs/reference/log.md", "## `event=message`");
    const std::set<std::string> known(message_field_names.begin(), message_field_names.end());
    EXPECT_EQ(documented, known);
}

TEST(Log, deliveries_documented) {
    const std::set<std::string> documented = documented_names(EXOTA_SOURCE_DIR "/docs/reference/log.md", "## `event=relayed`");
    EXPECT_EQ(documented, std::set<std::string>(relayed_field_names.begin(), relayed_field_names.end()));
}

TEST(Log, another_event_of_a_loop) {
    net::Loop loop;
    auto sink = std::make_unique<testing::MemorySink>();
    const auto lines = sink->lines();
    {
        Log log({.socket = {}, .level = LogLevel::warning}, std::move(sink));
        MessageLog& messages = log.add_loop(loop);
        const LogField fields[] = {LogField::of("gateway", "out"), LogField::of_number("recipients", 2)};
        messages.event(LogLevel::info, "relayed", fields);
        messages.event(LogLevel::warning, "hop-failed", fields);
        bool through = false;
        loop.post([&] { through = true; });
        loop.run_until([&] { return through; });
    }
    EXPECT_EQ(lines->all().find("event=relayed"), std::string::npos) << "below the level";
    EXPECT_NE(lines->all().find(" level=warning event=hop-failed gateway=out recipients=2\n"), std::string::npos) << lines->all();
}

/// What writes records of other events than messages.
std::vector<std::string> sources_of_events() {
    std::vector<std::string> sources;
    for (const auto& entry : std::filesystem::directory_iterator(EXOTA_SOURCE_DIR "/src/app")) {
        const std::string name = entry.path().filename();
        if (!name.ends_with(".cc") || name.ends_with("_test.cc")) continue;
        std::stringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        sources.push_back(text.str());
    }
    return sources;
}

std::vector<std::string> all_found(const std::string& text, const std::regex& pattern) {
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) found.push_back((*at)[1]);
    return found;
}

/// Of two fields of one name a reader of JSON keeps whichever it likes.
TEST(Log, no_record_has_a_name_twice) {
    const auto expect_once = [](const auto& names, std::string_view where) {
        std::multiset<std::string> all{"time", "level", "event"};
        all.insert(names.begin(), names.end());
        for (const std::string& name : all) EXPECT_EQ(all.count(name), 1U) << name << " in " << where;
    };
    expect_once(message_field_names, "event=message");
    expect_once(relayed_field_names, "event=relayed");
    // Of the others, what one statement puts together.
    static const std::regex field(R"re(LogField::of\w*\(\s*"([^"]+)")re");
    std::size_t fields = 0;
    for (const std::string& source : sources_of_events()) {
        std::stringstream statements(source);
        for (std::string statement; std::getline(statements, statement, ';');) {
            std::vector<std::string> names = all_found(statement, field);
            fields += names.size();
            if (statement.contains("service(")) names.emplace_back("text");  // it writes that one itself
            expect_once(names, statement);
        }
    }
    EXPECT_GT(fields, 40U);
}

/// Every event that the sources name is in the document, and the other way round.
TEST(Log, events_documented) {
    static const std::regex call(R"((?:service|event)\(\s*[\w:]+,\s*"([^"]+)\")");
    std::set<std::string> used;
    for (const std::string& source : sources_of_events())
        for (std::string& event : all_found(source, call)) used.insert(std::move(event));
    used.erase("relayed");  // has a section of its own
    EXPECT_EQ(documented_names(EXOTA_SOURCE_DIR "/docs/reference/log.md", "## Other events"), used);
}

}  // namespace
}  // namespace exota::telemetry
