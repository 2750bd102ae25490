// What Exchange Online Protection says of a message, in the fields that it writes on the way in to a tenant:
//
//   Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=none (message not signed)
//    header.d=none;dmarc=fail action=oreject header.from=bank.example;compauth=none reason=451
//   X-Forefront-Antispam-Report: CIP:192.0.2.1;CTRY:;SCL:1;DIR:INB;
//   X-Microsoft-Antispam: BCL:0;
//
// The first has no authserv-id, so it is never one of a validator that is trusted by its id (authres_trust.h). Text that anyone can write:
// when it counts is decision/eop.h's to say. Here it is read: a form that Microsoft is not known to write is unreadable as a whole.
//
// Tested by eop_test.cc, eop_corpus_test.cc and fuzz/eop_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "mail/domain.h"

namespace exota::evidence {

inline constexpr std::size_t max_eop_octets = 4096;  // of a field's value; a longer one is unreadable
inline constexpr std::size_t max_eop_statements = 50;
inline constexpr std::size_t max_eop_pairs = 100;  // of a field

struct EopPair {
    std::string name, value;
    friend bool operator==(const EopPair&, const EopPair&) = default;
};

/// "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example". Method, result and names in lower case, values as written.
struct EopStatement {
    std::string method, result;
    std::vector<std::string> comments;  // without the parentheses around each
    std::vector<EopPair> properties;
    /// nullptr: it has none of that name.
    const std::string* find(std::string_view name) const noexcept;
    friend bool operator==(const EopStatement&, const EopStatement&) = default;
};

/// All of it, what nobody knows as well.
struct Eop {
    std::uint32_t field = 0;            // the how-manieth Authentication-Results field, from 1: the topmost without authserv-id; 0: none
    std::string unreadable;             // why its results mean nothing; empty: they are read
    std::vector<EopStatement> results;  // in order; spf, dmarc and compauth at most once each
    std::vector<EopPair> report;        // of the topmost X-Forefront-Antispam-Report; names in capitals, each once
    std::string report_unreadable;      // why it means nothing
    std::vector<EopPair> antispam;      // of the topmost X-Microsoft-Antispam, likewise; what cannot be read is left out
    std::string outbound_results;       // X-MS-Exchange-Authentication-Results, the topmost, as it came: shown, never read
    friend bool operator==(const Eop&, const Eop&) = default;
};

/// @param value  of an Authentication-Results field. What begins neither with an authserv-id nor with "method=" has none.
bool has_authserv_id(std::string_view value) noexcept;

/// @param value  of such a field of EOP's, folding included.
/// @return  invalid_data: it has an authserv-id; a comment or a quoted string does not end; what stands between two ';' is neither a
///          statement nor a bare domain; a method twice with different results, a property twice with different values; a word of spf,
///          dkim, dmarc or compauth that is no result of it; a compauth reason that has not three digits; control characters.
///          too_long: above the limits.
base::Result<std::vector<EopStatement>> parse_eop_results(std::string_view value);

/// @param value  of X-Forefront-Antispam-Report or X-Microsoft-Antispam: "NAME:value;NAME:value;".
/// @return  invalid_data: a pair without ':' or with a name that is none; a name twice with different values; control characters.
///          too_long: above the limits.
base::Result<std::vector<EopPair>> parse_antispam_report(std::string_view value);

/// What is read of it. Views and pointers point into the Eop; each is empty, or none, where the field does not say it.
struct EopReading {
    std::string_view spf, dkim, dmarc, compauth;  // the word
    std::string_view action;                      // of dmarc
    std::string_view reason;                      // of compauth: three digits
    std::optional<base::IpAddress> sender_ip;     // of spf's comment
    std::optional<mail::Domain> header_from;      // of dmarc
    std::string_view direction;                   // DIR of the report: "INB"
    std::optional<base::IpAddress> client;        // CIP of the report
};
/// Of an Eop whose results are unreadable only what the report says.
EopReading reading_of(const Eop& eop);

/// "sender IP is A" of an spf statement.
std::optional<base::IpAddress> sender_ip_of(const EopStatement& spf);

/// The bulk complaint level; nullopt: none is said, or it is no number of at most three digits.
std::optional<unsigned> bulk_level_of(const Eop& eop) noexcept;

}  // namespace exota::evidence
