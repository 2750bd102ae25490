// Names of tenants on their way into an index. Each waits a little before it is added: until then the processor fetches its places in the
// tables, while the next names are read. A name that is somebody's already is told with the place where it was given.
//
// Internal to this folder. Tested by entry_test.cc and version_two_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tenant/index_builder.h"
#include "tenant/kept_name.h"
#include "tenant/problems.h"

namespace exota::tenant {

/// Where a problem is, in the words of the source: "tenants.contoso.domains[3]" in a file, DN and attribute, table and row.
/// @param field    empty: the tenant itself.
/// @param element  of a list, from 0.
using PathOf = std::function<std::string(std::string_view tenant, std::string_view field, std::optional<std::size_t> element)>;

class NamesToAdd {
public:
    enum class As : unsigned char { tenant_id, organization, domain, dkim_domain, wildcard, tenant };

    NamesToAdd(IndexBuilder& builder, Problems& problems, const PathOf& path_of) noexcept
        : builder_(builder), problems_(problems), path_of_(path_of) {}

    /// @param name     canonical.
    /// @param written  as it was given; the same octets as `name` where that is canonical already.
    /// @param element  of the list that it stands in.
    void add(As as, Number tenant, std::string_view name, std::string_view written, std::size_t element, TextPlace where);
    /// Those that still wait. After the last name, and before anybody asks what is in the index.
    void add_all();

private:
    struct Waiting {
        As as{};
        Number tenant{};
        std::uint32_t fingerprint = 0;
        TextPlace where;
        std::size_t element = 0;
        KeptName name;
        std::string written;  // where that is not the name
    };
    static constexpr std::size_t most_waiting = 16;

    void enter(const Waiting& waiting);

    IndexBuilder& builder_;
    Problems& problems_;
    const PathOf& path_of_;
    std::array<Waiting, most_waiting> waiting_;  // a ring: the next one goes where the oldest is
    std::size_t count_ = 0;                      // how many names came in
};

}  // namespace exota::tenant
