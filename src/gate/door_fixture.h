// For tests: an inbound door, with lists of its own and a world whose DNS is a Zone.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "gate/door_lists.h"
#include "gate/resolving_world.h"
#include "gate/session_fixture.h"

namespace exota::gate::testing {

inline constexpr std::string_view door_tenants_text = R"({"version": 2, "tenants": {
    "contoso": {"domains": ["contoso.test"], "recipients": "authoritative"},
    "fabrikam": {"domains": ["fabrikam.test"]}
}})";

inline base::PrefixTable prefixes(std::initializer_list<std::string_view> texts) {
    std::vector<base::PrefixTable::Entry> entries;
    for (const std::string_view text : texts) entries.push_back({base::IpPrefix::parse(text).value(), 1});
    return base::PrefixTable(std::move(entries));
}

struct DoorOptions {
    std::initializer_list<std::string_view> allowed = {}, blocked = {};
    std::initializer_list<std::string_view> dnsbl = {};  // in use from the start
    int threshold = 1;
    bool require_ptr = false;
    std::initializer_list<std::string_view> recipients = {"john@contoso.test"};
    tenant::Mode mode = tenant::Mode::enforce;
    bool ask_recipients = false;  // instead of `recipients`
};

inline std::shared_ptr<DoorLists> door_lists(const DoorOptions& options) {
    auto lists = std::make_shared<DoorLists>();
    lists->allowed = std::make_shared<const base::PrefixTable>(prefixes(options.allowed));
    lists->blocked = std::make_shared<const base::PrefixTable>(prefixes(options.blocked));
    for (const std::string_view text : options.dnsbl) {
        auto state = std::make_shared<DnsblState>();
        for (const auto family : DnsblState::families) state->tested(family, authn::DnsblWorks::yes);
        lists->dnsbl.push_back({authn::Dnsbl::parse(text).value(), std::move(state)});
    }
    lists->threshold = options.threshold;
    lists->require_ptr = options.require_ptr;
    lists->ask_recipients = options.ask_recipients;
    if (options.ask_recipients) return lists;
    auto recipients = std::make_shared<tenant::RecipientList>();
    for (const std::string_view entry : options.recipients) recipients->add(entry);
    lists->recipients = std::move(recipients);
    return lists;
}

inline Snapshot door_snapshot(const DoorOptions& options) {
    Snapshot snapshot = snapshot_of(index_of(door_tenants_text));
    snapshot.rules.inbound.emplace().mode = options.mode;
    snapshot.rules.exchange_online = {base::IpPrefix::parse("40.92.0.0/15").value()};
    snapshot.rules.relay_pool = {base::IpPrefix::parse("40.93.0.0/16").value()};
    snapshot.door = door_lists(options);
    return snapshot;
}

inline evidence::Session session_from(std::string_view address) {
    evidence::Session session;
    session.client.address = evidence::Observed<base::IpAddress>{base::IpAddress::parse(address).value(), evidence::Source::mta};
    return session;
}

}  // namespace exota::gate::testing
