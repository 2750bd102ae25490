// What an inbound door looks clients and recipients up in: lists of the operator, and DNS lists of others. A part of the Snapshot:
// immutable but for how the DNS lists fare, and swapped with it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "authn/dnsbl.h"
#include "base/prefix_table.h"
#include "gate/dnsbl_state.h"
#include "tenant/recipient_list.h"

namespace exota::gate {

/// Section [perimeter]; `delist` is decision::InboundRules'.
struct PerimeterSettings {
    std::string allow_file, block_file;  // empty: none
    std::vector<authn::Dnsbl> dnsbl;
    int threshold = 1;         // a client whose score reaches it is refused
    bool require_ptr = false;  // a client without a reverse name that leads back to it is refused
};

/// Section [recipients], but for what decision::InboundRules has of it.
struct RecipientSettings {
    std::string file;  // empty: there is none
    bool ask = false;  // a server is asked for each
    tenant::RecipientRules rules;
};

/// A DNS list with how it fares.
struct DnsblInUse {
    authn::Dnsbl list;
    std::shared_ptr<DnsblState> state;  // never null
};

struct DoorLists {
    std::shared_ptr<const base::PrefixTable> allowed, blocked;  // nullptr: there is none
    std::vector<DnsblInUse> dnsbl;
    int threshold = 1;
    bool require_ptr = false;
    std::shared_ptr<const tenant::RecipientList> recipients;  // nullptr: there is no list
    bool ask_recipients = false;                              // a server is asked for each (World::find_recipient)
    tenant::RecipientRules recipient_rules;
};

}  // namespace exota::gate
