// Every key of the configuration, once: its type, default, unit, range and meaning.
//
// Drives reading (types, ranges, defaults), unknown keys ("did you mean"), `exota check --keys`, and the test that compares it with
// docs/reference/settings.md. What a key does to the Config is in build.cc.
//
// Tested by config_test.cc, and against the documents by tests/cli_test.py.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace exota::config {

enum class KeyType : std::uint8_t {
    boolean,
    integer,
    duration,  // seconds as an integer, or "2 h", "30 s", "5 min", "1 d"
    text,
    choice,     // one of `choices`: a string, or true, or false; numbers may be either
    mode_bits,  // of a file, octal, as text: "0660"
    file,       // a path; relative to the configuration file's folder
    text_list,
    domain_list,
    authserv_ids,  // list of authserv-ids
    prefix_list,   // "192.0.2.0/24", "2001:db8::/32", or an address
    proof_list,    // "client-cert + dkim"
    limit_list,    // "1000 messages / hour"
};
std::string_view name_of(KeyType type) noexcept;  // for people: "list of IP prefixes"

struct Key {
    std::string_view name;  // "authorisation.mode"
    KeyType type = KeyType::text;
    std::string_view fallback;         // the default, as TOML; empty: the key is required
    std::string_view unit;             // "octets"; empty: none
    std::int64_t least = 0, most = 0;  // of integers and durations (seconds)
    std::string_view choices;          // "enforce|defer|quarantine|monitor"
    std::string_view meaning;          // one line
};

std::span<const Key> keys() noexcept;  // sorted by section, then as documented
const Key* find_key(std::string_view name) noexcept;
bool is_section(std::string_view name) noexcept;
/// The known key that an unknown one was probably meant to be; empty if none is near.
std::string nearest_key(std::string_view unknown);

}  // namespace exota::config
