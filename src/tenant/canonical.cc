#include "tenant/canonical.h"

namespace exota::tenant {

base::Result<std::string_view> made_canonical(std::string_view name, std::string& storage) {
    const base::Result<mail::Domain> domain = mail::Domain::parse(name);
    if (!domain) return std::unexpected(domain.error());
    storage = domain->text();
    return std::string_view(storage);
}

}  // namespace exota::tenant
