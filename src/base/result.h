// What a function that can fail returns: a value, or an Error that says how to react and what to tell people.
//
// The code drives the reaction (docs/errors.md has the table); the detail is for people and never leaves in a reply to a peer.
// The only header that includes <expected>.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace exota::base {

enum class Errc : std::uint8_t {
    invalid_data,  // the data break their grammar: refuse, count
    too_long,      // a named limit was passed
    protocol,      // the peer broke the protocol: hang up
    closed,        // the peer is gone
    timeout,       // a deadline passed
    unavailable,   // a dependency does not answer: becomes the finding `unavailable`, so 4xx
    not_found,     // the thing asked for is not there (a file, a key)
    io,            // the operating system refused
};

struct Error {
    Errc code = Errc::invalid_data;
    std::string detail;
    friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

/// Reads well at the place of failure: `return fail(Errc::too_long, "domain of more than 253 octets");`
inline std::unexpected<Error> fail(Errc code, std::string_view detail) { return std::unexpected(Error{code, std::string(detail)}); }

}  // namespace exota::base
