// SPF on any record and any answers. Properties: the check ends within its look-ups; what DNS answers wrongly is never a pass; the same
// questions have the same answer however often it is asked.
#include <cstdint>
#include <string>

#include "authn/spf.h"
#include "authn/spf_macro.h"
#include "authn/spf_record.h"
#include "base/text.h"
#include "property.h"

using namespace exota;

namespace {

using exota::fuzz::require;

authn::SpfResult run(const authn::SpfQuery& query, const std::string& first, std::string_view others, bool broken) {
    authn::Dns dns;
    authn::SpfResult result = authn::check_spf(query, dns);
    std::size_t turn = 0;
    for (int rounds = 0; result.pending; ++rounds, result = authn::check_spf(query, dns)) {
        require(rounds < 200);
        const auto pending = dns.take_pending();
        require(!pending.empty());
        for (const authn::DnsQuestion& question : pending) {
            const char kind = others.empty() ? 0 : others[turn++ % others.size()];
            authn::DnsAnswer answer{.status = static_cast<authn::DnsStatus>(static_cast<unsigned char>(kind) % 5)};
            if (turn <= 1 && question.type == authn::RecordType::txt) answer.status = authn::DnsStatus::data;
            if (broken) answer.status = turn % 2 ? authn::DnsStatus::bogus : authn::DnsStatus::temporary_failure;
            if (answer.status == authn::DnsStatus::data || broken) {
                if (question.type == authn::RecordType::a)
                    answer.records = {std::string("\xc0\0\2\1", 4)};
                else if (question.type == authn::RecordType::aaaa)
                    answer.records = {std::string(16, '\1')};
                else if (question.type == authn::RecordType::mx)
                    answer.records = {std::string("\0\1mx.test", 9), std::string("\0", 1)};
                else
                    answer.records = {question.type == authn::RecordType::txt ? first : "ptr.test"};
            }
            dns.put(question, answer);
        }
    }
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    std::string_view rest = input;
    const std::string record(base::take_until(rest, '\n'));
    const std::string sender(base::take_until(rest, '\n'));
    if (const auto parsed = authn::parse_spf_record(record)) {
        require(authn::is_spf_record(record) && parsed->terms.size() <= authn::max_spf_terms);
        for (const authn::SpfTerm& term : parsed->terms) require(term.domain_spec.empty() || authn::is_domain_spec(term.domain_spec));
    }
    const authn::SpfQuery query{
        .ip = *base::IpAddress::parse("192.0.2.1"), .helo = "helo.test", .mail_from = sender, .want_explanation = true};
    const authn::SpfResult once = run(query, record, rest, false), again = run(query, record, rest, false);
    require(once.value == again.value && once.explanation == again.explanation);
    require(once.lookups <= 11 && once.void_lookups <= 3);
    const authn::SpfValue broken = run(query, record, rest, true).value;
    require(broken == authn::SpfValue::temperror || broken == authn::SpfValue::none);
    return 0;
}
