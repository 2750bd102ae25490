// The header of a message as DKIM and ARC need it: every field once, as on the wire, in one piece of memory with a limit.
//
// Fields are found by name without regard to case, bottom up as h= asks for them (RFC 6376 section 5.4.2), by binary search, so that a
// message of many fields and signatures of many names do not multiply. The relaxed form of a field is made once and shared by all
// signatures that cover it.
//
// Tested by dkim_header_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authn/canonicalize.h"

namespace exota::authn {

class HeaderFields {
public:
    struct Limits {
        std::size_t max_octets = 1024 * 1024;
        std::size_t max_fields = 4000;
    };
    explicit HeaderFields(Limits limits) : limits_(limits) {}

    /// @param value  every octet behind the colon, the leading blank and folding included, without the final line end. A bare LF (as
    ///               milters and files write folds) becomes CRLF.
    /// The field that passes a limit is dropped with all that follow, and overflowed() says so.
    void add(std::string_view name, std::string_view value);
    bool overflowed() const noexcept { return overflowed_; }

    /// No more fields; before named().
    void close();

    std::size_t size() const noexcept { return fields_.size(); }
    /// As written, without white space before the colon.
    std::string_view name(std::size_t index) const noexcept;
    /// As written, with it.
    std::string_view written_name(std::size_t index) const noexcept;
    std::string_view value(std::size_t index) const noexcept;
    /// Positions of the fields of that name, from the top.
    std::span<const std::uint32_t> named(std::string_view name) const noexcept;
    /// The field in canonical form with its final CRLF. The view lives until the next call.
    std::string_view canonical(std::size_t index, Canonicalization canonicalization);

private:
    struct Field {
        std::uint32_t begin, colon, end;  // in text_: "Name:value\r\n"
        std::uint32_t name_octets;
        std::uint32_t relaxed_begin, relaxed_end;  // in relaxed_; equal: not made yet
        std::uint32_t name_hash;                   // of the name in lower case
    };
    Limits limits_;
    bool overflowed_ = false;
    std::string text_, relaxed_;
    std::vector<Field> fields_;
    /// Less than 0, 0 or more: the order of by_name_. By hash, since most pairs are then settled; by name where hashes agree, so that
    /// names made to collide are still told apart.
    int compare(std::uint32_t field, std::uint32_t hash, std::string_view name) const noexcept;
    std::vector<std::uint32_t> by_name_;  // fields of one name together, from the top
};

}  // namespace exota::authn
