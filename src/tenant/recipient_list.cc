#include "tenant/recipient_list.h"

#include <array>

namespace exota::tenant {

RecipientList::Added RecipientList::add(std::string_view entry) {
    const HashedName hashed(entry, key_);
    bool is_known = false;
    const NameTable::Place place = table_.find_all(hashed, arena_, [&](NameRef) { is_known = true; });
    if (is_known) return Added::known_already;
    const NameRef ref = arena_.add(entry, {});
    if (ref == 0) return Added::full;
    table_.insert(ref, hashed, place);
    return Added::added;
}

bool RecipientList::knows(const RecipientName& name, const RecipientRules& rules) const {
    if (name.is_postmaster()) return true;
    if (has(name.text())) return true;
    const std::string_view local = name.local_part();
    // What begins with the delimiter has nothing before it that could be an address.
    if (const std::size_t end = rules.delimiter == '\0' ? std::string_view::npos : local.find(rules.delimiter, 1);
        end != std::string_view::npos) {
        std::array<char, max_recipient_octets> plain;
        const std::string_view domain = name.at_domain();
        const std::size_t octets = local.copy(plain.data(), end);
        const std::size_t all = octets + domain.copy(plain.data() + octets, plain.size() - octets);
        if (has({plain.data(), all})) return true;
    }
    return has(name.at_domain());
}

}  // namespace exota::tenant
