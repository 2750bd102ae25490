// A zone as JSON (`zone` of `exota eval`, the file of `--dns`): the resolver of tests and dry runs.
//
//     {"sel._domainkey.example.com": [{"TXT": "v=DKIM1; p=…"}], "example.com": [{"MX": [10, "mx.example.com"]}, "TIMEOUT"]}
//
// Records: TXT (a string, or a list of strings that are one record), A, AAAA, MX [preference, name], PTR, NS, CNAME, TLSA. A CNAME is
// followed. An absent name does not exist. The entry "TIMEOUT", "SERVFAIL" or "BOGUS" answers every query for its name that no other
// entry answers, and as the value of a record type all queries of that type.
//
// Tested by mock_zone_test.cc.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "authn/dns.h"
#include "base/result.h"

namespace exota::programs {

class MockZone {
public:
    /// A zone without names: nothing exists.
    MockZone() = default;
    /// @return  invalid_data, naming the entry that is wrong.
    static base::Result<MockZone> from_json(const boost::json::value& zone);
    static base::Result<MockZone> parse(std::string_view text);

    authn::DnsAnswer answer(const authn::DnsQuestion& question) const;
    /// Answers all that is pending. @return how many questions that were.
    std::size_t answer_pending(authn::Dns& dns) const;

private:
    struct Name {
        std::map<authn::RecordType, authn::DnsAnswer> answers;
        std::optional<authn::DnsStatus> otherwise;  // what every other query of the name gets
        std::string alias;                          // CNAME, or empty
    };
    std::map<std::string, Name> names_;
};

}  // namespace exota::programs
