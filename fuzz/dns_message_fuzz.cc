// DNS packets of an enemy. Properties: records only with the status data; names never hold what text could mistake; a packet cut short
// gives no more than the whole one.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "authn/dns_message.h"
#include "base/text.h"

using namespace exota;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view packet(reinterpret_cast<const char*>(data), size);
    for (const auto type : {authn::RecordType::txt, authn::RecordType::a, authn::RecordType::mx, authn::RecordType::ptr}) {
        const authn::DnsAnswer answer = authn::read_dns_message(packet, {"a.test", type});
        if (answer.records.empty() == (answer.status == authn::DnsStatus::data) || answer.records.size() > authn::max_dns_records)
            std::abort();
        for (const std::string& record : answer.records) {
            if (type == authn::RecordType::a && record.size() != 4) std::abort();
            if (type == authn::RecordType::ptr)
                for (const char c : record)
                    if (base::is_control(c) || base::to_lower(c) != c) std::abort();
        }
    }
    return 0;
}
