// An entry of the predecessor's: a domain with a tenant id and two flags, as version 1 of the tenants file has it. The one place that knows
// what it may be and what it means beside others; whoever reads such entries tells the values here, each with its place.
//
//   begin("contoso.com") · begin_field(tenant_id) set("1234abcd-…") · begin_field(dkim_enabled) set(true) · begin("…") · … · finish()
//
// Lenient where the predecessor was and it is harmless: the last of duplicates wins (with a warning), every form of a UUID that Python
// takes is normalised. What is wrong in an entry or a value that a later one of the same key takes the place of was never seen there, so
// it waits until it is known to stand, and of entries that are replaced nothing is said of all of them together. A domain with capitals or
// a final dot never matched there; here it is made canonical, with a warning, and yields to the same domain written canonically, which did
// match.
//
// Internal to this folder. Tested by version_one_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenant/entry.h"
#include "tenant/index_builder.h"
#include "tenant/json_events.h"
#include "tenant/kept_name.h"
#include "tenant/problems.h"
#include "tenant/tenants_file.h"

namespace exota::tenant {

class DomainEntry {
public:
    enum class Field : std::uint8_t { tenant_id, dkim_enabled, dkim_alignment_required };
    static constexpr std::array<std::string_view, 3> field_names{"tenant_id", "dkim_enabled", "dkim_alignment_required"};
    static constexpr std::optional<Field> field_named(std::string_view name) noexcept {
        for (std::size_t i = 0; i < field_names.size(); ++i)
            if (field_names[i] == name) return static_cast<Field>(i);
        return std::nullopt;
    }

    /// All of them must outlive this. @param path_of  is given the domain as it is written, where others have the tenant.
    DomainEntry(const Defaults& defaults, Problems& problems, IndexBuilder& builder, const PathOf& path_of) noexcept
        : defaults_(defaults), problems_(problems), builder_(builder), path_of_(path_of) {}
    DomainEntry(const DomainEntry&) = delete;
    DomainEntry& operator=(const DomainEntry&) = delete;

    /// An entry begins, and the one before is whole.
    /// @param text  cut: more of the domain was there than is given.
    void begin(std::string_view domain, Text text, TextPlace where);
    /// It cannot be used, unless its domain, or this field of it, comes again.
    void wrong(TextPlace where, std::string path, std::string text, std::optional<Field> field = std::nullopt);
    /// As it was written.
    std::string_view written() const noexcept { return current().written(); }

    /// A name that is no field's; the nearest known one is named.
    void unknown_field(std::string_view name, TextPlace where);
    /// What follows is of this field. A warning where it was told before.
    void begin_field(Field field, TextPlace where) {
        field_ = field;
        if (std::exchange(seen_[static_cast<std::size_t>(field)], true)) told_twice(where);
    }
    /// @param text  cut: more of a text was there than is given.
    void set(const Given& value, Text text, TextPlace where) {
        if (field_ == Field::tenant_id && value.is == Given::Is::text)
            read_tenant_id(value.text, text, where);
        else if (field_ != Field::tenant_id && value.is == Given::Is::truth)
            current().flags[field_ == Field::dkim_enabled ? 0 : 1] = value.truth;
        else
            wrong_kind(value, where);
    }

    /// After the last entry.
    /// @param told  some: the last one may be half an entry, and nothing is said of all of them together.
    void finish(Told told);

private:
    /// The policy of all entries with the same two flags.
    struct Flavour {
        std::optional<PolicyRef> policy;
        std::vector<std::string> left_empty;  // those of the configuration's proofs of which nothing is left
        std::size_t entries = 0;              // that stand
        TextPlace first;                      // of them, unless it was replaced
        std::string first_domain, first_path;
        bool first_stands = false;
    };
    struct Wrong {
        TextPlace where;
        std::string path, text;
        std::optional<Field> field;
    };

    /// A whole one waits a little before it is added: meanwhile the processor fetches its places in the tables.
    struct Entry {
        KeptName domain;     // empty where what was written is none
        std::string key;     // as written, where that is not the domain
        KeptName tenant_id;  // 36 characters, or empty
        std::uint32_t domain_fingerprint = 0, tenant_id_fingerprint = 0;
        std::array<bool, 2> flags{};  // dkim_enabled, dkim_alignment_required
        bool sound = false;           // it can be added
        bool follows_wrong = false;   // one of the same key, which was never added
        TextPlace where;
        bool was_rewritten() const noexcept { return !key.empty(); }
        std::string_view written() const noexcept { return key.empty() ? domain.view() : key; }
    };
    static constexpr std::size_t most_waiting = 8;

    void told_twice(TextPlace where);
    void wrong_kind(const Given& value, TextPlace where);
    void end_entry();
    bool withdraw_held(std::string_view key);
    void tell_held();
    void add(const Entry& entry);
    void count(const Entry& entry);
    void discount(const IndexBuilder::Replaced& entry, std::string_view domain);
    void tell_of_all(Told told);
    Entry& current() noexcept { return entries_[begun_ % entries_.size()]; }
    const Entry& current() const noexcept { return entries_[begun_ % entries_.size()]; }
    void read_tenant_id(std::string_view value, Text text, TextPlace where);
    PolicyRef policy(const Entry& entry);
    std::vector<Proof> proofs(const Entry& entry, std::vector<std::string>& left_empty) const;
    unsigned strictness(PolicyRef policy) const noexcept;
    std::string path_of(const Entry& entry) const { return path_of_(entry.written(), {}, std::nullopt); }
    std::string path_of_field() const { return path_of_(written(), field_names[static_cast<std::size_t>(field_)], std::nullopt); }

    const Defaults& defaults_;
    Problems& problems_;
    IndexBuilder& builder_;
    const PathOf& path_of_;

    std::array<Entry, most_waiting + 1> entries_;  // a ring: the next one goes where the oldest is
    std::size_t begun_ = 0;
    Field field_{};
    std::array<bool, field_names.size()> seen_{};

    std::vector<Wrong> wrong_;                                     // of the current entry
    std::map<std::string, std::vector<Wrong>, std::less<>> held_;  // of entries before it, by what was written
    std::size_t held_count_ = 0;                                   // with wrong_ at most max_problems
    bool holds_ = true;                                            // until there are too many

    std::array<Flavour, 4> flavours_;
    std::set<std::string, std::less<>> rewritten_domains_;  // that no canonical one has named so far
    std::size_t without_tenant_id_ = 0;
};

}  // namespace exota::tenant
