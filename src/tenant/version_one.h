// Version 1 of the tenants file, the predecessor's: domain → {"tenant_id", "dkim_enabled", "dkim_alignment_required"}.
//
// Lenient where the predecessor was and it is harmless: the last of duplicate keys wins (with a warning), every form of a UUID that
// Python takes is normalised, `[]` is an empty file. A domain with capitals or a final dot never matched there; here it is made
// canonical, with a warning, and yields to the same domain written canonically, which did match.
//
// Internal to this folder. Tested by version_one_test.cc.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <set>
#include <string>

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
    enum class Field : unsigned char { tenant_id, dkim_enabled, dkim_alignment_required, unknown };
    static constexpr std::array<std::string_view, 3> field_names{"tenant_id", "dkim_enabled", "dkim_alignment_required"};

    /// The policy of all entries with the same two flags.
    struct Flavour {
        std::optional<PolicyRef> policy;
        std::size_t first_line = 0;
    };

    /// An entry from its key on. A whole one waits a little before it is added: meanwhile the processor fetches its places in the tables.
    struct Entry {
        KeptName domain;     // empty where the key is none
        std::string key;     // as written, where that is not the domain
        KeptName tenant_id;  // 36 characters, or empty
        std::uint32_t domain_fingerprint = 0, tenant_id_fingerprint = 0;
        std::array<bool, 2> flags{};  // dkim_enabled, dkim_alignment_required
        bool sound = false;           // it can be added
        TextPlace where;
        bool was_rewritten() const noexcept { return !key.empty(); }
        std::string_view written() const noexcept { return key.empty() ? domain.view() : key; }
    };
    static constexpr std::size_t most_waiting = 8;

    void begin_entry(std::string_view key, Text text);
    void add(const Entry& entry);
    Entry& current() noexcept { return entries_[begun_ % entries_.size()]; }
    const Entry& current() const noexcept { return entries_[begun_ % entries_.size()]; }
    void wrong_value(std::string_view what);
    void read_tenant_id(std::string_view value, Text text);
    PolicyRef policy(const Entry& entry);
    std::vector<Proof> proofs(const Entry& entry);
    unsigned strictness(PolicyRef policy) const noexcept;
    std::string path() const;
    TextPlace here() const { return context_.place(); }

    ReadingContext context_;
    Place place_ = Place::document;
    std::size_t skipped_ = 0;  // depth within a container that is not looked at

    std::array<Entry, most_waiting + 1> entries_;  // a ring: the next one goes where the oldest is
    std::size_t begun_ = 0;
    Field field_ = Field::unknown;
    std::string unknown_field_;
    std::array<bool, 3> seen_{};

    std::array<Flavour, 4> flavours_;
    std::set<std::string, std::less<>> rewritten_domains_;  // that no canonical key has named so far
    std::size_t without_tenant_id_ = 0;
    bool list_reported_ = false;
};

}  // namespace exota::tenant
