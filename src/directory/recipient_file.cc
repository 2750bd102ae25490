#include "directory/recipient_file.h"

#include <string>
#include <utility>

#include "mail/domain.h"

namespace exota::directory {
namespace {

/// As RecipientList takes it.
base::Result<std::string> entry_of(std::string_view text, const tenant::RecipientRules& rules) {
    if (text.starts_with('@')) {
        const auto domain = mail::Domain::parse(text.substr(1));
        if (!domain) return std::unexpected(domain.error());
        return '@' + domain->text();
    }
    const auto name = tenant::RecipientName::parse(text, rules);
    if (!name) return std::unexpected(name.error());
    return std::string(name->text());
}

}  // namespace

RecipientFile parse_recipient_file(std::string_view text, const tenant::RecipientRules& rules, const base::HashKey& key,
                                   std::size_t most_entries) {
    RecipientFile file;
    tenant::RecipientList list(key);
    for (ListLines line(text); line.next();) {
        if (line.is_too_long()) {
            note(file.problems, line.number(), "longer than " + std::to_string(max_list_line_octets) + " octets");
            continue;
        }
        auto entry = entry_of(line.content(), rules);
        if (!entry) {
            note(file.problems, line.number(), std::move(entry.error().detail));
            continue;
        }
        using Added = tenant::RecipientList::Added;
        const Added added = list.size() < most_entries ? list.add(*entry) : Added::full;
        if (added == Added::full) {
            note(file.problems, line.number(), "is one more than " + std::to_string(most_entries) + " recipients");
            return file;
        }
    }
    if (file.problems.empty()) file.list = std::move(list);
    return file;
}

}  // namespace exota::directory
