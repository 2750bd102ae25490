// Where a message is kept while its verdict is pending: appended to once, then read back. In memory, in a file, or half and half: that,
// and every limit, is the implementer's (app/spool.h). gate does no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::gate {

class Spool {
public:
    virtual ~Spool() = default;

    /// @return  why the octets could not be kept: a limit is reached, the disk is full, the system fails. The message is then of no
    ///          further use to anybody (452 4.3.1).
    virtual base::Result<void> append(std::string_view octets) = 0;
    virtual std::uint64_t size() const noexcept = 0;

    /// @param at  below size().
    /// @return    some octets from there on, at least one and at most `max_octets`; the view is valid until the next call of any function
    ///            but size(). An error: what was kept cannot be read any more (451).
    virtual base::Result<std::string_view> read(std::uint64_t at, std::size_t max_octets) = 0;
};

}  // namespace exota::gate
