// The smallest parts of a JSON text (RFC 8259): what stands at the beginning of some octets, of which more may come.
//
// Pure functions of the octets. json_events.cc puts the parts together.
//
// Internal to this folder. Tested by json_scan_test.cc, json_events_test.cc and fuzz/json_fuzz.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/sixteen.h"
#include "base/utf8.h"

namespace exota::tenant {

/// What was found at the beginning of the octets.
struct Scan {
    enum class Found : unsigned char {
        whole,
        unfinished,  // all octets are its beginning, and only more of them can tell
        wrong,
    } found{};
    std::size_t octets = 0;  // whole: its length; wrong: where it begins to be so
    friend bool operator==(const Scan&, const Scan&) = default;
};

/// One escape of a string (section 7), or two where they are a surrogate pair, and the character that it stands for.
struct Escape {
    Scan scan;
    base::EncodedCharacter character;
};

/// @param text  begins with a backslash.
Escape scan_escape(std::string_view text) noexcept;

/// One character as it may stand in a string by itself, in UTF-8.
/// @param text  at least one octet.
Scan scan_character(std::string_view text) noexcept;

/// A number (section 6). It has no end of its own: where the text ends with it, it is unfinished.
Scan scan_number(std::string_view text) noexcept;

/// "true", "false" or "null".
Scan scan_word(std::string_view text, std::string_view word) noexcept;

/// The first octet from `at` on that is not simply a character of a string: a quote, a backslash, a control character, or no ASCII.
inline const char* end_of_plain(const char* at, const char* end) noexcept {
    return base::find_octet(at, end,
                            [](auto octets) { return (octets == '"') | (octets == '\\') | (octets < ' '); });  // no ASCII: negative
}

/// The first octet from `at` on that is no blank.
inline const char* end_of_blanks(const char* at, const char* end) noexcept {
    return base::find_octet(at, end, [](auto octets) { return octets != ' '; });
}

}  // namespace exota::tenant
