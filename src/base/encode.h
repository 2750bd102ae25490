// Encodings of octets as text: base64 (RFC 4648 section 4), hexadecimal, strings of JSON (RFC 8259 section 7) and TOML.
//
// Tested by encode_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace exota::base {

std::string base64_encode(std::string_view octets);
/// Strict but for white space (blank, tab, CR, LF), which mail folds in anywhere and is skipped; padding must be right.
/// @return nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

/// Lower case, two digits an octet.
std::string hex_encode(std::string_view octets);

/// Appends `text` as a JSON string with its quotes: the one writer of JSON strings in the program, and of quoted values in logfmt.
/// What does not show (base/unicode.h: controls, line ends of any reader, marks of direction, zero width …) is escaped, so a text is
/// neither a line nor a field of its own to anybody and reads back as it was. Each octet that is not UTF-8 becomes U+FFFD; who must
/// have it back writes base64.
void append_json_string(std::string& out, std::string_view text);
/// The same as a basic string of TOML, which has no surrogates: a character beyond U+FFFF is \UXXXXXXXX.
void append_toml_string(std::string& out, std::string_view text);

}  // namespace exota::base
