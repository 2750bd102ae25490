// An entry of a directory server: the first octet is the schema, then the DN, then lines of attribute, tab, value.
//
// Whatever stands there, it is a tenant or there is a reason, which is short; and a tenant that was found by its domain has that domain,
// and no name but those of its attributes. Read as one of a whole tree it stops nothing, and what stands there twice is nobody.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "directory/ldap_entry.h"
#include "directory/ldap_rows.h"
#include "property.h"

using exota::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace exota;
    if (size == 0) return 0;
    directory::LdapSettings settings;
    settings.schema = data[0] % 2 == 1 ? directory::LdapSettings::Schema::predecessors : directory::LdapSettings::Schema::own;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    directory::LdapEntry entry;
    entry.dn = base::take_until(rest, '\n');
    while (!rest.empty()) {
        std::string_view value = base::take_until(rest, '\n');
        const std::string name(base::take_until(value, '\t'));
        if (entry.attributes.empty() || entry.attributes.back().first != name)
            entry.attributes.emplace_back(name, std::vector<std::string>{});
        entry.attributes.back().second.emplace_back(value);
    }
    tenant::Defaults defaults;
    defaults.proofs = {*tenant::Proof::parse("client-cert + dkim"), *tenant::Proof::parse("client-cert + tenant-id")};
    const std::vector<directory::TenantRow> rows = directory::rows_of({entry}), doubles = directory::rows_of({entry, entry});
    require(!rows.empty() && rows.size() == doubles.size());
    for (const directory::TenantRow& row : doubles) require(!row.wrong.empty() && row.wrong.size() < 600);
    directory::TenantRows held(defaults, base::HashKey{});
    const auto taken = held.take_all(rows);
    require(taken && taken->index->tenant_count() + taken->bad == rows.size());

    const tenant::ReadTenant read = directory::read_entry(entry, "contoso.com", settings, defaults);
    const std::string errors = directory::errors_of(entry, read.problems);
    require(errors.size() <= entry.dn.size() + 1100);
    if (!read.tenant) {
        require(errors.size() > entry.dn.size());
        return 0;
    }
    require(!read.tenant->name.empty() && read.tenant->own.tenant_count() == 1);
    if (settings.schema == directory::LdapSettings::Schema::predecessors)
        require(read.tenant->own.with_literal_domain("contoso.com").has_value());

    // Looked up by every name that it may have, the answers make one tenant.
    tenant::Answers answers{base::HashKey{}};
    answers.answered(tenant::KeyKind::domain, "contoso.com", tenant::Answer(read.tenant));
    answers.answered(tenant::KeyKind::wildcard, "contoso.com", tenant::Answer(read.tenant));
    answers.answered(tenant::KeyKind::organization, "other.example", tenant::Answer(tenant::Answer::unknown));
    const auto found = answers.finish();
    require(found.is(decltype(found)::yes) && (*found)->with_literal_domain("contoso.com") && (*found)->covering("x.contoso.com"));
    require((*found)->at_worst() != nullptr && (*found)->at_worst()->with_organization("other.example"));
    return 0;
}
