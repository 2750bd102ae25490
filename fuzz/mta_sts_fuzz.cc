// MTA-STS: what parses is written and parses to itself, as policy and as kept entry; a host that a policy names is one of its names, or
// has exactly one label more than one of its wildcards; a record's id has the form that the RFC gives it.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "authn/mta_sts.h"
#include "base/text.h"
#include "property.h"

using namespace exota::authn;

namespace {
using exota::fuzz::require;
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const std::vector<std::string> records{text};
    if (const auto id = mta_sts_id(records)) {
        require(!id->empty() && id->size() <= 32 && std::ranges::all_of(*id, exota::base::is_alnum));
        require(!mta_sts_id(std::vector{text, text}));
    }
    if (const auto entry = MtaStsEntry::parse(text)) require(MtaStsEntry::parse(entry->text()) == *entry);
    const auto policy = MtaStsPolicy::parse(text);
    if (!policy) {
        require(!policy.error().detail.empty());
        return 0;
    }
    require(MtaStsPolicy::parse(policy->text()) == *policy);
    require(policy->max_age >= std::chrono::seconds(0) && policy->max_age <= max_mta_sts_age);
    require(policy->mode == MtaStsPolicy::Mode::none || !policy->mx.empty());
    std::vector<std::string> hosts{"a.test", "test", ""};
    for (const std::string& pattern : policy->mx) {
        hosts.push_back(pattern);
        hosts.push_back("x." + pattern);
        if (pattern.starts_with("*.")) {
            hosts.push_back("x" + pattern.substr(1));
            require(policy->names_mx(hosts.back()));
        }
    }
    for (const std::string& host : hosts) {
        const bool expected = std::ranges::any_of(policy->mx, [&](const std::string& pattern) {
            if (!pattern.starts_with("*.")) return pattern == host;
            const std::string end = pattern.substr(1);
            return host.size() > end.size() && host.ends_with(end) &&
                   host.substr(0, host.size() - end.size()).find('.') == std::string::npos;
        });
        require(policy->names_mx(host) == expected);
    }
    return 0;
}
