#include "wire/smtp/line.h"

#include <algorithm>

#include "base/sixteen.h"
#include "base/text.h"

namespace exota::smtp {
namespace {

/// Octets up to and with the first LF that a CR stands before; npos if there is none.
std::size_t end_of_line(std::string_view bytes, bool after_cr) noexcept {
    for (std::size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1))
        if (at == 0 ? after_cr : bytes[at - 1] == '\r') return at + 1;
    return std::string_view::npos;
}

/// @param text  a line without its CRLF: whatever CR or LF is in it is bare.
LineFault fault_of(std::string_view text) noexcept {
    const char* const end = text.data() + text.size();
    const char* const found =
        base::find_octet(text.data(), end, [](auto octet) { return (octet == '\r') | (octet == '\n') | (octet == '\0'); });
    if (found == end) return LineFault::none;
    return *found == '\0' ? LineFault::nul : *found == '\r' ? LineFault::bare_cr : LineFault::bare_lf;
}

}  // namespace

std::size_t LineReader::limit_of(std::string_view piece) const noexcept {
    char verb[4] = {};
    const std::size_t kept = kept_.copy(verb, sizeof verb);
    piece.copy(verb + kept, sizeof verb - kept);
    return base::iequals(std::string_view(verb, sizeof verb), "MAIL") ? limits_.mail_octets : limits_.octets;
}

void LineReader::keep(std::string_view piece) {
    // Not by doubling, which could take more memory than the limit.
    constexpr std::size_t usual = 256;
    if (const std::size_t needed = kept_.size() + piece.size(); needed > kept_.capacity())
        kept_.reserve(needed <= std::min(usual, limits_.octets) ? std::min(usual, limits_.octets) : limit_of(piece));
    kept_.append(piece);
}

std::optional<Line> LineReader::next(std::string_view& bytes) {
    if (delivered_) {
        kept_.clear();
        delivered_ = false;
    }
    const std::size_t end = end_of_line(bytes, after_cr_);
    const std::string_view piece = bytes.substr(0, end);
    bytes.remove_prefix(piece.size());
    if (!discarding_ && kept_.size() + piece.size() > limits_.octets && kept_.size() + piece.size() > limit_of(piece)) {
        discarding_ = true;
        kept_.clear();
    }
    if (end == std::string_view::npos) {
        if (!piece.empty()) after_cr_ = piece.back() == '\r';
        if (!discarding_) keep(piece);
        return std::nullopt;
    }
    after_cr_ = false;
    if (discarding_) {
        discarding_ = false;
        return Line{{}, LineFault::too_long};
    }
    std::string_view line = piece;
    if (!kept_.empty()) {
        keep(piece);
        line = kept_;
        delivered_ = true;
    }
    line.remove_suffix(2);
    return Line{line, fault_of(line)};
}

}  // namespace exota::smtp
