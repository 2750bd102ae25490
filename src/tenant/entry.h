// A tenant as an operator writes it: the one place that knows which values it may have, what each of them may be, and what they mean
// together. Whoever reads tenants (a file's JSON, and other sources) tells the values here, each with its place; the names go into the
// index, the rest becomes the tenant's policy, and every problem is told in the same words wherever the value came from.
//
//   begin("contoso") · begin_field(domains) begin_list element("contoso.com") element("*.contoso.com") end_list · … · end()
//   begin("contoso") · set_texts(domains, {"contoso.com", "*.contoso.com"}) · set_texts(hybrid, {"TRUE"}) · end()
//
// Names go into the index as they are told, so a tenant may have a million domains; its policy is known at its end. One tenant at a time.
//
// Internal to this folder. Tested by entry_test.cc and version_two_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenant/field.h"
#include "tenant/names_to_add.h"
#include "tenant/tenants_file.h"

namespace exota::tenant {

/// Longer names of tenants are refused: they stand in every log line.
inline constexpr std::size_t max_tenant_name_octets = 128;
/// In one list of a tenant.
inline constexpr std::size_t max_connector_clients = 1024;
inline constexpr std::size_t max_limits = 16;
/// Domains that "recipients" names, of one tenant.
inline constexpr std::size_t max_recipient_domains = 10'000;

/// Of a tenant id that is mail::consumer_tenant_id.
inline constexpr std::string_view consumer_id_warning =
    "this is the tenant of all consumer accounts (outlook.com, hotmail.com): tenant-id never holds for it";

/// The policy of a tenant that says nothing for itself.
Policy policy_of(const Defaults& defaults);

/// A value as a source has it, for fields that want a certain kind.
struct Given {
    enum class Is : std::uint8_t { text, truth, number, null, list, object } is = Is::null;
    std::string_view text{};
    bool truth = false;

    static Given of(std::string_view text) noexcept { return {Is::text, text}; }
    static Given of_truth(bool truth) noexcept { return {Is::truth, {}, truth}; }
    /// "a string", "true", "null" …
    std::string_view in_words() const noexcept;
};

/// Of the tenants of a source, when no more of them come.
enum class Told : std::uint8_t { all, some };

class TenantEntry {
public:
    using Field = tenant::Field;

    /// All of them must outlive this.
    TenantEntry(const Defaults& defaults, Problems& problems, IndexBuilder& builder, const PathOf& path_of) noexcept
        : defaults_(defaults), problems_(problems), builder_(builder), path_of_(path_of), names_(builder, problems, path_of) {}
    TenantEntry(const TenantEntry&) = delete;
    TenantEntry& operator=(const TenantEntry&) = delete;

    /// A tenant begins.
    void begin(std::string_view name, TextPlace where);
    /// Its last value was told: what can be said of it as a whole is said, at the place where it began.
    void end();
    /// After the last tenant.
    /// @param told  some: nothing is said of all of them together.
    void finish(Told told);

    /// A name that is no field's; the nearest known one is named.
    void unknown_field(std::string_view name, TextPlace where);
    /// What follows is of this field. An error where it was told before.
    void begin_field(Field field, TextPlace where) {
        field_ = field;
        if (std::exchange(draft_.seen[static_cast<std::size_t>(field)], true)) told_twice(where);
    }
    /// Its value, where it is no list.
    void set(const Given& value, TextPlace where);
    /// Its value is a list of elements: only if is_list(field).
    void begin_list();
    void element(const Given& value, TextPlace where) {
        if (value.is == Given::Is::text)
            read_element(value.text, where);
        else
            wrong_kind(value, where);
        ++element_;
    }
    /// An element that could not be read whole. @param why  a sentence of the source's.
    void unread_element(std::string why, TextPlace where);
    void end_list(TextPlace where);

    /// The value of `recipients` is an object: what follows is one member of it after the other.
    void begin_recipients() noexcept { draft_.recipients_of.clear(); }
    void recipients_at(std::string_view domain, const Given& value, TextPlace where);
    void end_recipients(TextPlace where);

    /// A field of a source that has nothing but texts: one value or more; "true" and "false" in any letter case are truth values, and
    /// "contoso.com=authoritative" is a member of `recipients`.
    void set_texts(Field field, std::span<const std::string_view> texts, TextPlace where);

private:
    /// What a tenant says for itself, until its end.
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
        std::optional<RecipientType> recipients;
        std::vector<DomainRecipients> recipients_of;
    };

    void wrong_kind(const Given& value, TextPlace where);
    void read_word(std::string_view value, TextPlace where);
    void read_element(std::string_view value, TextPlace where);
    void read_tenant_id(std::string_view value, TextPlace where);
    void read_name(std::string_view value, TextPlace where);
    void read_proof(std::string_view value, TextPlace where);
    void read_connector_client(std::string_view value, TextPlace where);
    void read_limit(std::string_view value, TextPlace where);
    bool covers_a_suffix(std::string_view base) const;
    PolicyRef policy_of_draft();

    void told_twice(TextPlace where);
    void error(TextPlace where, std::string text);
    /// Of the field and, in a list, of its element.
    std::string path() const { return path_of_(name_, name_of(field_), in_list_ ? std::optional(element_) : std::nullopt); }

    const Defaults& defaults_;
    Problems& problems_;
    IndexBuilder& builder_;
    const PathOf& path_of_;
    NamesToAdd names_;

    std::string name_;
    Draft draft_;
    Field field_{};
    bool in_list_ = false;
    std::size_t element_ = 0;
    std::optional<PolicyRef> default_policy_;
    bool defaults_used_ = false;  // some tenant takes the configuration's proofs
};

}  // namespace exota::tenant
