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
    if (name.is_postmaster(rules)) return true;
    if (has(name.text())) return true;
    if (const std::string_view local = name.without_extension(rules); local.size() != name.local_part().size()) {
        std::array<char, max_recipient_octets> plain;
        const std::string_view domain = name.at_domain();
        const std::size_t octets = local.copy(plain.data(), plain.size());
        const std::size_t all = octets + domain.copy(plain.data() + octets, plain.size() - octets);
        if (has({plain.data(), all})) return true;
    }
    return has(name.at_domain());
}

}  // namespace exota::tenant
