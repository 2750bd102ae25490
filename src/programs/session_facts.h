// The facts of a session as `explain` and `eval` are told them, and their way into a Collector: the same calls as from the wire.
//
// Tested by session_facts_test.cc.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "evidence/collector.h"
#include "gate/mta_macros.h"
#include "mail/header_block.h"

namespace exota::programs {

struct SessionFacts {
    std::optional<std::string> client_ip;
    std::optional<std::string> client_cert;  // name of the verified certificate; "": verified, without a name
    std::optional<std::string> tls_version;  // none: no TLS, unless a certificate is given
    std::optional<std::string> helo;
    std::optional<std::string> mail_from;
    std::optional<std::string> xoorg;
    std::optional<std::string> queue_id;
    std::vector<std::string> recipients;
    std::optional<bool> authenticated;
    std::map<std::string, std::string> macros;  // by name as on the wire: "{cert_subject}", "i"; the facts above beat them

    friend bool operator==(const SessionFacts&, const SessionFacts&) = default;
};

/// Everything up to the header.
/// @return  invalid_data where a fact cannot be what it should: a client address that is none, a NUL in a macro.
/// @param unnamed  whose macros they are where no `v` says so: as the configuration's front end would read them.
base::Result<void> begin_message(const SessionFacts& facts, evidence::Collector& collector, gate::Unnamed unnamed = gate::Unnamed::unknown);

/// The header, field by field.
void note_fields(const std::vector<mail::MessageField>& fields, evidence::Collector& collector);

}  // namespace exota::programs
