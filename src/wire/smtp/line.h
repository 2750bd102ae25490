// Octets → lines. CRLF ends a line and nothing else does: a reader that takes a bare LF for an end reads other commands than one that does
// not, which is how mail is smuggled. A line is handed on with what is wrong with it, so that it can be answered (500 5.5.2) and the
// session goes on.
//
// A line that lies whole in what was read is a view into it; only one that comes in pieces is copied, and never more of it than its limit.
// What is longer is thrown away up to its end (a line that never ends is for the deadline of the session).
//
// Tested by line_test.cc and fuzz/smtp_line_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace exota::smtp {

enum class LineFault : std::uint8_t { none, nul, bare_cr, bare_lf, too_long };

struct Line {
    std::string_view text;              // without its CRLF; empty if too long
    LineFault fault = LineFault::none;  // of several the first in the line, but too_long before all
};

/// Octets of a line with its CRLF.
struct LineLimits {
    std::size_t octets = 2048;
    std::size_t mail_octets = 4096;  // of one that begins with MAIL: its parameters may be long; not below `octets`
};
inline constexpr LineLimits command_limits{};

class LineReader {
public:
    explicit LineReader(LineLimits limits = command_limits) noexcept : limits_(limits) {}

    /// Takes octets off the front of `bytes`, up to the first end of a line.
    /// @return  the line, which views into `bytes` or into this reader, until the next call; nullopt: `bytes` is used up.
    std::optional<Line> next(std::string_view& bytes);

    /// Part of a line has been taken and not its end.
    bool within_line() const noexcept { return !delivered_ && (discarding_ || !kept_.empty()); }
    /// Octets that are kept of a line that is not whole yet.
    std::size_t kept_octets() const noexcept { return delivered_ ? 0 : kept_.size(); }

private:
    std::size_t limit_of(std::string_view piece) const noexcept;
    void keep(std::string_view piece);

    LineLimits limits_;
    std::string kept_;
    bool delivered_ = false;   // kept_ was handed on and is to be forgotten
    bool discarding_ = false;  // the line is too long
    bool after_cr_ = false;    // the last octet that was taken is a CR of a line that is not whole yet
};

}  // namespace exota::smtp
