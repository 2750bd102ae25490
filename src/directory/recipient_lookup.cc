#include "directory/recipient_lookup.h"

#include <memory>
#include <utility>

namespace exota::directory {

void RecipientLookup::find(const tenant::RecipientName& name, const tenant::RecipientRules& rules, OnFound on_found) {
    if (name.is_postmaster(rules)) return on_found(Is::known);
    struct Gathering {
        std::size_t left;
        Is is = Is::unknown;
        OnFound on_found;
    };
    const std::vector<std::string> entries = name.entries(rules);
    const auto gathering = std::make_shared<Gathering>(Gathering{.left = entries.size(), .on_found = std::move(on_found)});
    for (const std::string& entry : entries)
        cache_.find(entry, [gathering](const Answer& answer) {
            if (answer.is(Answer::yes)) gathering->is = Is::known;
            if (answer.is(Answer::unknown) && gathering->is == Is::unknown) gathering->is = Is::unanswered;
            if (--gathering->left == 0) gathering->on_found(gathering->is);
        });
}

}  // namespace exota::directory
