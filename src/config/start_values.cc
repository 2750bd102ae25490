#include "config/start_values.h"

#include <algorithm>

#include "config/key_table.h"

namespace exota::config {
namespace {

const StartValue* find(const std::vector<StartValue>& values, const std::string& key) {
    const auto found = std::ranges::find(values, key, &StartValue::key);
    return found == values.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> changed_start_values(const std::vector<StartValue>& before, const std::vector<StartValue>& after) {
    std::vector<std::string> changed;
    const auto add_section_of = [&](const std::string& key) {  // every key of the table has a value: only a whole section can be missing
        std::string section(section_of(key));
        if (std::ranges::find(changed, section) == changed.end()) changed.push_back(std::move(section));
    };
    for (const StartValue& now : after) {
        const StartValue* then = find(before, now.key);
        if (!then)
            add_section_of(now.key);
        else if (then->value != now.value)
            changed.push_back(now.key);
    }
    for (const StartValue& then : before)
        if (!find(after, then.key)) add_section_of(then.key);
    return changed;
}

}  // namespace exota::config
