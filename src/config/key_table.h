// A table of keys, to be asked by name: also of sections that the operator names, and of sections within sections.
//
// The name of a key has its section before the last dot. A part NAME stands for whatever an operator calls his section:
// "gateway.NAME.listen" is the key of [gateway.exchange] and [gateway.partner] alike, "tenants.ldap.base" one of [tenants.ldap].
//
// Tested by key_table_test.cc.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.h"
#include "config/tree.h"

namespace exota::config {

inline constexpr std::size_t max_section_name_octets = 63;
/// 1 to max_section_name_octets of a-z, 0-9 and '-'.
bool is_section_name(std::string_view text) noexcept;

/// "gateway.exchange" of "gateway.exchange.listen"; empty where there is no dot.
std::string_view section_of(std::string_view name) noexcept;

class KeyTable {
public:
    /// @param keys  must outlive the table. Aborts on a default that is no TOML: the table is ours, and its test makes one.
    explicit KeyTable(std::span<const Key> keys);

    std::span<const Key> keys() const noexcept { return keys_; }
    /// @param name  as an operator writes it ("gateway.exchange.listen"), or as it stands in the table.
    const Key* find(std::string_view name) const noexcept;
    /// Something can stand in a section, or in one below it, of this name: "gateway", "gateway.exchange", "tenants.ldap".
    bool is_section(std::string_view name) const noexcept;
    /// What stands in this section are sections that the operator names: "gateway".
    bool holds_named_sections(std::string_view section) const noexcept;
    /// The known key or section that an unknown one was probably meant to be; empty if none is near.
    std::string nearest(std::string_view unknown) const;
    /// Its default; nullptr: it is required. Without a place. Lives as long as the table.
    const Node* default_of(const Key& key) const noexcept;

private:
    /// The words that may follow in this section: its keys, and sections below it that the operator does not name.
    std::vector<std::string_view> words_in(std::string_view section) const;

    std::span<const Key> keys_;
    std::map<std::string_view, Node> defaults_;
};

/// Of keys().
const KeyTable& key_table();

}  // namespace exota::config
