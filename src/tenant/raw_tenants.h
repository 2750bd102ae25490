// Tenants as somebody wrote them, not checked: for whoever changes them, moves them from one source to another or keeps a copy. What they
// mean, and whether they may be so, is for read_tenants() to say of the text that is made of them (tenants_file.h).
//
//   a version-2 file  ─▶ RawTenants ─▶ change ─▶ the same, written anew ─▶ read_tenants(): good, or every problem
//   a row, as an object ─▶ RawTenant ─▶ one line of a version-2 text
//
// Tested by raw_tenants_test.cc and fuzz/raw_tenants_fuzz.cc.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"
#include "tenant/field.h"

namespace exota::tenant {

using RawWords = std::map<std::string, std::string>;  // a word for each name
using RawValue = std::variant<bool, std::string, std::vector<std::string>, RawWords>;

struct RawTenant {
    std::string name;
    std::map<Field, RawValue> values;  // a list exactly where the field is one; what is not said is not there
    friend bool operator==(const RawTenant&, const RawTenant&) = default;
};

/// In the order in which they were written.
class RawTenants {
public:
    /// @param text  a version-2 file.
    /// @return      invalid_data: it is no JSON, or has what cannot be kept (an unknown key, a key twice, a value of another kind, a text
    ///              of more than max_json_text_octets). read_tenants() says all of that, with places. A text that it takes is taken here.
    static base::Result<RawTenants> read(std::string_view text);

    const RawTenant* find(std::string_view name) const;
    /// Adds it, or replaces the one of this name where that stands.
    void put(RawTenant tenant);
    /// @return  whether there was one.
    bool remove(std::string_view name);
    const std::vector<RawTenant>& all() const noexcept { return tenants_; }

    /// A version-2 file, for people: one field a line.
    std::string text() const;

private:
    std::vector<RawTenant> tenants_;
    std::unordered_map<std::string, std::size_t> places_;
};

/// @param object  a tenant's value in a version-2 file.
/// @return        invalid_data as RawTenants::read().
base::Result<RawTenant> read_raw_tenant(std::string_view name, std::string_view object);

/// As a value of the version-2 file.
void put_raw(const base::JsonPlace& place, const RawValue& value);
/// The fields as members, in the order of the documents.
void add_fields(base::JsonObject& object, const RawTenant& tenant);
/// `"NAME":{…}` without a line break: a member of "tenants".
std::string one_line(const RawTenant& tenant);

/// The same with ids, organisations, domains and DKIM domains in their canonical form, sorted and each once; what has none stays.
RawTenant in_canonical_form(RawTenant tenant);

/// One change of a field, as "mode=enforce", "domains=a.test,b.test", "domains+=c.test", "domains-=a.test"; "mode=" takes the field away,
/// "limits=[]" makes a list empty, "recipients=a.test:authoritative,b.test:internal-relay" gives each domain its word. Names in lists are
/// found however they are written: += of what is there adds nothing, -= takes away each that is the same.
/// @return  invalid_data, in a sentence: no such form, an unknown field, += of no list, -= of what is not there.
base::Result<void> apply_setting(RawTenant& tenant, std::string_view setting);

struct FieldChange {
    Field field{};
    std::optional<RawValue> before, after;
};
struct TenantChange {
    enum class Is : std::uint8_t { added, changed, removed } is{};
    std::string name;
    std::vector<FieldChange> fields;  // in the order of the documents
};
/// What makes `after` of `before`: those that are in `after`, in its order, then those that are gone. The order within a list counts.
std::vector<TenantChange> difference(const RawTenants& before, const RawTenants& after);

}  // namespace exota::tenant
