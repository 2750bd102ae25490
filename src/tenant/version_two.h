// Version 2 of the tenants file: {"version": 2, "tenants": {NAME: {…}}}. Everything that is not as it should be is an error with its place.
//
// Names go into the index as they are read, so a tenant may have a million domains; its policy is known when its object ends.
//
// Internal to this folder. Tested by version_two_test.cc.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

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
    enum class Place : unsigned char { document, root, tenants, tenant, list };
    enum class Key : unsigned char { version, tenants, unknown };
    enum class Field : unsigned char {
        tenant_ids,
        organizations,
        domains,
        dkim_domains,
        proofs,
        connector_clients,
        limits,  // lists
        alignment,
        limit_action,
        mode,  // strings
        forwarding,
        hybrid,  // booleans
        unknown,
    };
    static constexpr std::array<std::string_view, 12> field_names{
        "tenant_ids", "organizations", "domains",      "dkim_domains", "proofs",     "connector_clients",
        "limits",     "alignment",     "limit_action", "mode",         "forwarding", "hybrid"};
    static constexpr bool is_list(Field field) noexcept { return field <= Field::limits; }
    static constexpr bool is_string(Field field) noexcept { return field >= Field::alignment && field <= Field::mode; }

    /// What a tenant says for itself, until its object ends.
    struct Draft {
        Number number{};
        TextPlace where;
        std::array<bool, field_names.size()> seen{};
        std::array<std::size_t, 4> names{};  // how many tenant_ids, organizations, domains, dkim_domains
        std::optional<std::vector<Proof>> proofs;
        std::optional<std::vector<Limit>> limits;
        std::vector<base::IpPrefix> connector_clients;
        std::optional<Alignment> alignment;
        std::optional<LimitAction> limit_action;
        std::optional<Mode> mode;
        std::optional<Forwarding> forwarding;
        bool hybrid = false;
    };

    /// A name that was read and is soon added: until then the processor fetches its places in the tables, while the next names are read.
    struct Waiting {
        enum class As : unsigned char { tenant_id, organization, domain, dkim_domain, wildcard, tenant } as{};  // as Field, then more
        Number tenant{};
        std::uint32_t fingerprint = 0;
        TextPlace where;
        std::size_t element = 0;
        KeptName name;
        std::string written;  // as it stands in the file, where that is not the name
    };
    static constexpr std::size_t most_waiting = 16;

    void root_key(std::string_view key);
    void begin_tenant(std::string_view name, Text text);
    void tenant_key(std::string_view key);
    void end_tenant();
    void end_list();
    void wrong_value(std::string_view what);

    void read_string(std::string_view value);
    void read_element(std::string_view value);
    void read_tenant_id(std::string_view value);
    void read_name(std::string_view value);
    void read_proof(std::string_view value);
    void wait(Waiting::As as, std::string_view name, std::string_view written);
    void add(const Waiting& waiting);
    void add_waiting();
    bool covers_a_suffix(std::string_view base) const;

    PolicyRef policy_of_draft();

    void error(std::string text) { context_.problems.error(context_.place(), path(), std::move(text)); }
    void warning(std::string text) { context_.problems.warning(context_.place(), path(), std::move(text)); }
    std::string path() const;

    ReadingContext context_;
    Place place_ = Place::document;
    std::size_t skipped_ = 0;  // depth within a container that is not looked at
    Key key_ = Key::unknown;
    std::string unknown_;  // the last unknown key
    bool version_seen_ = false, tenants_seen_ = false;
    std::string name_;
    Draft draft_;
    Field field_ = Field::unknown;
    std::size_t element_ = 0;
    std::array<Waiting, most_waiting> waiting_;  // a ring: the next one goes where the oldest is
    std::size_t waited_ = 0;                     // how many names came in
    std::optional<PolicyRef> default_policy_;
    bool defaults_used_ = false;  // some tenant takes the configuration's proofs
};

}  // namespace exota::tenant
