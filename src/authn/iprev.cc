#include "authn/iprev.h"

#include <algorithm>
#include <array>

#include "authn/dns_names.h"
#include "base/text.h"

namespace exota::authn {
namespace {

bool is_temporary(DnsStatus status) noexcept { return status == DnsStatus::temporary_failure || status == DnsStatus::bogus; }

}  // namespace

std::string_view name_of(IprevValue value) noexcept {
    constexpr std::array<std::string_view, 4> names{"pass", "fail", "temperror", "permerror"};
    return names[static_cast<std::size_t>(value)];
}

IprevResult check_iprev(const base::IpAddress& address, Dns& dns) {
    const DnsAnswer* pointers = dns.ask(reverse_name(address), RecordType::ptr);
    if (!pointers) return {.pending = true};
    if (is_temporary(pointers->status)) return {};
    if (pointers->records.empty()) return {.value = IprevValue::permerror};
    IprevResult result{.value = IprevValue::fail};
    bool unknown = false;
    for (std::size_t i = 0; i < std::min(pointers->records.size(), max_iprev_names); ++i) {
        const std::string& name = pointers->records[i];
        if (!is_dns_name(name, 1)) continue;
        const DnsAnswer* addresses = dns.ask(name, address.is_v4() ? RecordType::a : RecordType::aaaa);
        if (!addresses)
            result.pending = true;
        else if (is_temporary(addresses->status))
            unknown = true;
        else if (std::ranges::any_of(addresses->records, [&](const std::string& record) { return address_of(record) == address; }))
            result.names.push_back(base::lower(name));
    }
    if (result.pending || (unknown && result.names.empty())) {
        result.value = IprevValue::temperror;
    } else if (!result.names.empty()) {
        result.value = IprevValue::pass;
    }
    return result;
}

}  // namespace exota::authn
