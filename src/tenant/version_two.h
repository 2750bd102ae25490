// Version 2 of the tenants file: {"version": 2, "tenants": {NAME: {…}}}. Everything that is not as it should be is an error with its place.
//
// Here is the structure; what a tenant may be is entry.h's to say.
//
// Internal to this folder. Tested by version_two_test.cc.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "tenant/entry.h"
#include "tenant/version_reader.h"

namespace exota::tenant {

class VersionTwo final : public VersionReader {
public:
    explicit VersionTwo(ReadingContext context);

    void on_key(std::string_view key, Text text) override;
    void on_string(std::string_view value, Text text) override;
    void on_number(double value) override;
    void on_bool(bool value) override;
    void on_null() override;
    void on_begin(Container container) override;
    void on_end(Container container) override;
    void finish(bool well_formed) override;

private:
    enum class Place : unsigned char { document, root, tenants, tenant, list, recipients };
    enum class Key : unsigned char { version, tenants, unknown };

    void root_key(std::string_view key);
    void tell(const Given& value);
    void wrong_value(const Given& value);

    void error(std::string text) { context_.problems.error(context_.place(), path(), std::move(text)); }
    /// Of what lies above a tenant's values.
    std::string path() const;

    ReadingContext context_;
    Place place_ = Place::document;
    std::size_t skipped_ = 0;  // depth within a container that is not looked at
    Key key_ = Key::unknown;
    std::string unknown_;  // the last unknown key of the root
    bool version_seen_ = false, tenants_seen_ = false;
    std::string name_;            // of the tenant
    std::string domain_;          // of which the recipients are told
    std::optional<Field> field_;  // of the tenant; none: an unknown key, which was told
    const PathOf path_of_;
    TenantEntry entry_;
};

}  // namespace exota::tenant
