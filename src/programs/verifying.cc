#include "programs/verifying.h"

#include "config/whole_file.h"
#include "gate/verification.h"
#include "programs/live_names.h"

namespace exota::programs {
namespace {

using Body = gate::MessageHashing::Body;

constexpr std::size_t max_zone_octets = 64 * 1024 * 1024;

/// Files often end their lines with LF alone; what an MTA sends ends them with CRLF.
void feed_body(std::string_view body, gate::MessageHashing& hashing) {
    std::size_t begin = 0;
    for (std::size_t at = body.find('\n'); at != std::string_view::npos; at = body.find('\n', at + 1)) {
        if (at > 0 && body[at - 1] == '\r') continue;
        hashing.body(body.substr(begin, at - begin));
        hashing.body("\r\n");
        begin = at + 1;
    }
    hashing.body(body.substr(begin));
}

void feed(const mail::MessageParts& message, gate::MessageHashing& hashing) {
    for (const mail::MessageField& field : message.fields) hashing.header_field(field.name, field.value);
    feed_body(message.body, hashing);
    hashing.end_of_message();
}

/// @param round  true: what is missing could still change the verdict.
template <class Round>
void ask_until_settled(Names& names, std::size_t max_questions, Round round) {
    authn::Dns dns;
    std::size_t asked = 0;
    while (round(dns)) {
        std::vector<authn::DnsQuestion> questions = dns.take_pending();
        if (questions.empty()) return;
        for (; questions.size() > max_questions - asked; questions.pop_back())
            dns.put(std::move(questions.back()), {.status = authn::DnsStatus::temporary_failure});
        asked += questions.size();
        if (!questions.empty()) names.answer(std::move(questions), dns);
    }
}

}  // namespace

void ZoneNames::answer(std::vector<authn::DnsQuestion> questions, authn::Dns& dns) {
    for (authn::DnsQuestion& question : questions) {
        authn::DnsAnswer found = zone_.answer(question);
        dns.put(std::move(question), std::move(found));
    }
}

void verify_message(evidence::Evidence& evidence, const mail::MessageParts& message, const gate::Snapshot& snapshot, Names& names,
                    std::chrono::sys_seconds now, const std::optional<decision::Wanted>& only, std::size_t max_questions) {
    std::optional<gate::MessageHashing> hashing;
    if (only)
        hashing.emplace(snapshot, Body::comes, authn::MessageVerifier::Wanted{.dkim = only->dkim, .arc = only->arc});
    else if (gate::wants_body(snapshot, gate::Door::relay))
        hashing.emplace(snapshot, Body::comes);
    if (hashing) feed(message, *hashing);
    authn::KeyCache keys;
    ask_until_settled(names, max_questions, [&](authn::Dns& dns) {
        return only ? gate::verify_round(evidence, *hashing, snapshot.rules, dns, now, keys, *only)
                    : gate::verify_round(evidence, hashing ? &*hashing : nullptr, snapshot.rules, snapshot.tenants.get(), dns, now, keys);
    });
}

void verify_inbound_message(evidence::Evidence& evidence, const mail::MessageParts& message, const gate::Snapshot& snapshot,
                            const decision::InboundFacts& facts, Names& names, std::chrono::sys_seconds now, std::size_t max_questions) {
    gate::MessageHashing hashing(snapshot, Body::comes);
    feed(message, hashing);
    authn::KeyCache keys;
    ask_until_settled(names, max_questions, [&](authn::Dns& dns) {
        return gate::verify_inbound_round(evidence, &hashing, snapshot.rules, snapshot.tenants.get(), facts, dns, now, keys);
    });
}

std::chrono::sys_seconds WorldOptions::time() const {
    if (now) return std::chrono::sys_seconds(std::chrono::seconds(*now));
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

base::Result<std::unique_ptr<Names>> names_of(const WorldOptions& options, const config::DnsConfig& dns) {
    if (!options.zone) return std::make_unique<LiveNames>(dns.resolver, dns.lookups.deadline);
    const auto text = config::read_whole_file(*options.zone, max_zone_octets);
    if (!text) return std::unexpected(text.error());
    auto zone = MockZone::parse(*text);
    if (!zone) return base::fail(zone.error().code, *options.zone + ": " + zone.error().detail);
    return std::make_unique<ZoneNames>(*std::move(zone));
}

}  // namespace exota::programs
