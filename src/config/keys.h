// Every key of the configuration, once: its type, default, unit, range and meaning.
//
// Drives reading (types, ranges, defaults), unknown keys ("did you mean"), what a reload cannot change, `exota check --keys`, and the
// tables of docs/reference/settings.md and the manual page, which scripts/settings makes of it. What a key does to the Config is in
// section_*.cc.
//
// Tested by keys_test.cc, and against the documents by tests/cli_test.py.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace exota::config {

enum class KeyType : std::uint8_t {
    boolean,
    integer,
    duration,      // seconds as an integer, or "2 h", "30 s", "5 min", "1 d"
    milliseconds,  // as an integer, or "5 ms", "1 s"
    size,          // octets as an integer, or "64 KiB", "256 MiB", "10 GiB"
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
    domain_words,  // a table: domain → word
};
std::string_view name_of(KeyType type) noexcept;  // for people: "list of IP prefixes"

/// What it takes to change a setting of a running daemon.
enum class Takes : std::uint8_t { reload, restart };

struct Key {
    std::string_view
        name;  // SECTION.WORD: "authorisation.mode"; of a section that the operator names, one part is NAME: "gateway.NAME.listen"
    KeyType type = KeyType::text;
    std::string_view fallback;         // the default, as TOML; empty: the key is required where its section is there (authorisation is)
    std::string_view unit;             // "octets"; empty: none
    std::int64_t least = 0, most = 0;  // of integers and durations (in `unit`)
    std::string_view choices;          // "enforce|defer|quarantine|monitor"
    std::string_view meaning;          // one line
    Takes takes = Takes::reload;
    std::string_view since = "0.1";  // the version that brought it
};

std::span<const Key> keys() noexcept;  // sorted by section, then as documented

}  // namespace exota::config
