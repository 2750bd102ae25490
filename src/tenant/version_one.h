// Version 1 of the tenants file, the predecessor's: domain → {"tenant_id", "dkim_enabled", "dkim_alignment_required"}; `[]` is empty.
//
// Here is the structure; what an entry may be is domain_entry.h's to say.
//
// Internal to this folder. Tested by version_one_test.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tenant/domain_entry.h"
#include "tenant/version_reader.h"

namespace exota::tenant {

class VersionOne final : public VersionReader {
public:
    explicit VersionOne(ReadingContext context);

    void on_key(std::string_view key, Text text) override;
    void on_string(std::string_view value, Text text) override;
    void on_number(double value) override;
    void on_bool(bool value) override;
    void on_null() override;
    void on_begin(Container container) override;
    void on_end(Container container) override;
    void finish(bool well_formed) override;

private:
    enum class Place : unsigned char { document, domains, empty_list, entry };

    void tell(const Given& value, Text text = Text::whole);
    void wrong_value(const Given& value);

    ReadingContext context_;
    Place place_ = Place::document;
    std::size_t skipped_ = 0;  // depth within a container that is not looked at
    bool list_reported_ = false;
    std::optional<DomainEntry::Field> field_;  // none: an unknown key, which was told
    const PathOf path_of_;
    DomainEntry entry_;
};

}  // namespace exota::tenant
