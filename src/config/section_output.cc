// [reply], [header], [header_firewall], [log]: what is said and written.
//
// Tested by config_test.cc.
#include <algorithm>

#include "config/build.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/values.h"

namespace exota::config {
namespace {

/// A reply text: one line of printable ASCII whose placeholders are known.
void check_reply(Reader& in, std::string_view key) {
    const std::string& text = in.text(key);
    if (text.size() > 400) in.error(key, "longer than 400 octets");
    if (!std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; })) in.error(key, "must be one line of printable ASCII");
    for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
        const std::size_t close = text.find('}', open);
        const std::string name = close == std::string::npos ? text.substr(open) : text.substr(open, close - open + 1);
        if (name != "{text}" && name != "{reason}" && name != "{domain}" && name != "{queue_id}")
            in.error(key, "unknown placeholder " + name + "; known are {text} {reason} {domain} {queue_id}");
    }
}

}  // namespace

void read_output(Reader& in, Config& out, Origin origin) {
    decision::Rules& rules = out.rules;
    check_reply(in, "reply.reject");
    check_reply(in, "reply.tempfail");
    rules.reply.reject = in.text("reply.reject");
    rules.reply.tempfail = in.text("reply.tempfail");
    rules.reply.tempfail_code = static_cast<int>(in.integer("reply.tempfail_code"));
    rules.header.add = in.boolean("header.add");
    rules.header.format = in.choice<decision::HeaderFormat>("header.format");
    rules.header.authserv_id = in.text("header.authserv_id");
    if (rules.header.authserv_id.empty())
        rules.header.authserv_id = origin == Origin::json ? "localhost" : host_name();
    else if (const auto checked = authserv_id(rules.header.authserv_id); !checked)
        in.error("header.authserv_id", checked.error().detail);
    rules.header.verification_results = in.boolean("header.verification_results");
    rules.header_firewall = in.boolean("header_firewall.enabled");

    out.log.format = in.choice<telemetry::LogFormat>("log.format");
    out.log.target = in.choice<telemetry::LogTarget>("log.target");
    out.log.socket = in.text("log.socket");
    out.log.name = in.text("log.name");
    out.log.evidence = in.choice<telemetry::LogEvidence>("log.evidence");
    out.log.level = in.choice<telemetry::LogLevel>("log.level");
}

}  // namespace exota::config
