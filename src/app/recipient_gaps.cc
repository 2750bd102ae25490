#include "app/recipient_gaps.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/counted.h"
#include "base/joined.h"
#include "tenant/index_builder.h"

namespace exota::app {

std::vector<config::Problem> domains_without_recipients(const config::Config& config, const tenant::Index& tenants,
                                                        const tenant::RecipientList& recipients) {
    std::vector<std::string> without;
    tenant::IndexBuilder::for_each_domain(tenants, [&](std::string_view domain) {
        const auto coverage = tenants.covering(domain);
        if (coverage && coverage->policy->recipients_at(domain) == tenant::RecipientType::authoritative) without.emplace_back(domain);
    });
    if (without.empty()) return {};
    std::unordered_set<std::string_view> present;
    recipients.for_each([&](std::string_view entry) { present.insert(entry.substr(entry.rfind('@') + 1)); });
    std::erase_if(without, [&](const std::string& domain) { return present.contains(domain); });
    if (without.empty()) return {};
    std::ranges::sort(without);
    const std::size_t more = without.size() - std::min(without.size(), most_domains_named);
    without.resize(without.size() - more);
    std::string text = "has nobody of " + base::joined(without, ", ");
    if (more > 0) text += " and " + base::counted(more, "domain") + " more";
    text += ", whose recipients are said to be \"authoritative\": all mail for them would be refused";
    return {{config::Problem::Severity::warning, config.recipients.file, 0, 0, "recipients.file", std::move(text)}};
}

}  // namespace exota::app
