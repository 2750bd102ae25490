#include "authn/dns.h"

#include <algorithm>

#include "base/text.h"

namespace exota::authn {

const DnsAnswer* Dns::ask(std::string_view name, RecordType type) {
    if (name.ends_with('.')) name.remove_suffix(1);
    DnsQuestion question{base::lower(name), type};
    if (const auto found = known_.find(question); found != known_.end()) return &found->second;
    if (std::ranges::find(pending_, question) == pending_.end()) pending_.push_back(std::move(question));
    return nullptr;
}

void Dns::put(DnsQuestion question, DnsAnswer answer) {
    std::erase(pending_, question);
    known_.insert_or_assign(std::move(question), std::move(answer));
}

std::vector<DnsQuestion> Dns::take_pending() { return std::exchange(pending_, {}); }

}  // namespace exota::authn
