// DMARC on any record and any names. Properties: the walk ends within its queries; nothing passes without a passing identifier, nor with
// one of an unrelated domain; a broken answer anywhere is temperror.
#include <cstdint>
#include <string>

#include "authn/dmarc.h"
#include "base/text.h"
#include "property.h"

using namespace exota;

namespace {

using exota::fuzz::require;

authn::DmarcResult run(const authn::DmarcQuery& query, std::string_view records, bool broken) {
    authn::Dns dns;
    authn::DmarcResult result = authn::check_dmarc(query, dns);
    for (int rounds = 0; result.pending; ++rounds, result = authn::check_dmarc(query, dns)) {
        require(rounds < 100);
        const auto pending = dns.take_pending();
        require(!pending.empty());
        for (const authn::DnsQuestion& question : pending) {
            authn::DnsAnswer answer{.status = broken ? authn::DnsStatus::bogus : authn::DnsStatus::no_data};
            std::string_view rest = records;
            const std::string record(base::take_until(rest, '\n'));
            records = rest;
            if (!record.empty()) {
                answer.records = {record};
                if (!broken) answer.status = authn::DnsStatus::data;
            }
            dns.put(question, answer);
        }
    }
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    static const auto suffixes = authn::PublicSuffixes::built_in();
    authn::DmarcQuery query{.public_suffixes = *suffixes};
    query.author_domain = base::lower(base::take_until(rest, '\n').substr(0, 200)) + ".author.test";
    for (const authn::DmarcRfc rfc : {authn::DmarcRfc::rfc9989, authn::DmarcRfc::rfc7489}) {
        query.rfc = rfc;
        query.dkim.clear();
        require(run(query, rest, false).value != authn::DmarcValue::pass);
        query.dkim = {{"unrelated.example", authn::IdentifierResult::pass}};
        require(run(query, rest, false).value != authn::DmarcValue::pass);
        query.dkim = {{query.author_domain, authn::IdentifierResult::pass}};
        const auto value = run(query, rest, false).value;
        require(value == authn::DmarcValue::pass || value == authn::DmarcValue::none);
        require(run(query, rest, true).value == authn::DmarcValue::temperror);
    }
    return 0;
}
